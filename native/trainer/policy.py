"""The trained model: the engine's GGUF, dequantised, with a LoRA on all linear layers; and its log-probs.

No tokenizer is ever loaded: ids come in, log-probs go out. The reference model is the same one with the adapter off.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import peft
import torch
import transformers
from torch import Tensor, nn

from .fault import Fault
from .gguf_load import further_shards, quick_gguf
from .logprob import target_logprobs
from .lora import fuse
from .machine import give_back_freed_memory
from .packing import Row, pack
from .rope import angle_divisors, stretch

LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma3_text")  # packing and export are tested for these


@dataclass(frozen=True)
class Lora:
    """Shape of the adapter, and the seed of its A matrices (B starts at 0: a fresh adapter is the base model)."""

    rank: int
    alpha: float
    seed: int


@dataclass(frozen=True)
class Source:
    """The file that the frozen weights were loaded from, as it was: changed in nanoseconds, bytes."""

    path: Path
    stamp: tuple[int, int]


@dataclass(frozen=True)
class Policy:
    """A loaded model with its adapter. `budget`: most nodes of one packed row, which bounds activation memory."""

    model: Any  # peft.PeftModel
    base: str  # plain name of the base model, for adapter_config.json and restore
    lora: Lora
    device: torch.device
    dtype: torch.dtype
    budget: int
    source: Source | None = None  # None: made in memory

    @property
    def config(self) -> Any:
        return self.model.config

    @property
    def vocabulary(self) -> int:
        return int(self.model.get_base_model().lm_head.weight.shape[0])

    def adapter(self) -> dict[str, nn.Parameter]:
        """The trainable parameters by name, in a fixed order."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}


def load(path: str, lora: Lora, device: str, dtype: str, threads: int | None) -> Policy:
    """Loads a GGUF. Raises Fault("model") if the file or its architecture cannot be trained."""
    if threads is not None:
        torch.set_num_threads(threads)
    file = Path(path)
    if not file.is_file():
        raise Fault("model", f"expected a GGUF file at {path}, found none")
    give_back_freed_memory()
    where = pick_device(device)
    kind = pick_dtype(dtype, where)
    source = Source(file, stamp(file))
    base = load_base(file, kind)
    return replace(with_adapter(base.to(where), file.stem, lora), source=source)


def stamp(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_size


def load_base(file: Path, dtype: torch.dtype) -> Any:
    """The transformers model in the host's memory. Raises Fault("model") if the file or its architecture cannot be trained."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        with quick_gguf(), alone(file) as folder:
            divisors = angle_divisors(str(Path(folder) / file.name))
            base = transformers.AutoModelForCausalLM.from_pretrained(
                folder, gguf_file=file.name, dtype=dtype, attn_implementation="sdpa"
            )
    except (ValueError, OSError) as error:
        raise Fault("model", f"{file.name} cannot be read as a GGUF model: {error}") from error
    check_architecture(base.config.model_type, file.name)
    stretch(base, divisors)
    return base


@contextmanager
def alone(file: Path) -> Iterator[str]:
    """A folder of links to a GGUF alone: in its own transformers would follow an adapter_config.json to the base model."""
    with TemporaryDirectory(prefix="playact-") as folder:
        for shard in [file, *further_shards(file)]:
            (Path(folder) / shard.name).symlink_to(shard.resolve())
        yield folder


def reload(policy: Policy) -> dict[str, Tensor]:
    """The frozen weights of an open policy by name, read again. Raises Fault("model") if they are not those any more."""
    if policy.source is None:
        raise Fault("model", f"{policy.base} has no file to load its weights from again")
    file = policy.source.path
    if not file.is_file() or stamp(file) != policy.source.stamp:
        raise Fault("model", f"{file} changed or disappeared while the learner rested: restore the file, then resume the run")
    with torch.random.fork_rng(devices=[]):
        return {name: weight.data for name, weight in load_base(file, policy.dtype).named_parameters()}


def check_architecture(architecture: str, name: str) -> None:
    """Rejects architectures that the learner was not tested with."""
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise Fault("model", f"{name} has the architecture {architecture}; the learner supports {known}: choose one of these")


def with_adapter(base: Any, name: str, lora: Lora) -> Policy:
    """Adds a new float32 adapter to a transformers model (from its own seed: nothing else is drawn from it)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(lora.seed)
        config = peft.LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,  # PEFT declares int, but any number works
            target_modules=list(LINEAR_LAYERS),
            lora_dropout=0.0,
            task_type="CAUSAL_LM",
        )
        model = peft.get_peft_model(base, config)
    for module in model.modules():
        if isinstance(module, peft.tuners.lora.Linear):
            fuse(module)
    model.eval()  # no difference between training and evaluation; dropout is 0
    weight = base.lm_head.weight
    budget = 2048 if weight.device.type == "cpu" else 8192
    return Policy(model, name, lora, weight.device, weight.dtype, budget)


def pick_device(wanted: str) -> str:
    """auto: CUDA, then Metal, then CPU. Raises Fault for a missing device."""
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if present[name])
    if not present.get(wanted, False):
        raise Fault("bad_request", f"torch finds no device {wanted} on this machine: set learner.device to auto or cpu")
    return wanted


def pick_dtype(wanted: str, device: str) -> torch.dtype:
    """auto: bfloat16 if the device multiplies it in hardware, else float32 (AVX2 emulates it, several times slower)."""
    if wanted != "auto":
        return torch.bfloat16 if wanted == "bfloat16" else torch.float32
    if device == "cpu":
        able = torch.cpu.get_capabilities()
        fast = able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16")
    else:
        fast = device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if fast else torch.float32


def forward(policy: Policy, row: Row, nodes: Sequence[int], temperature: float) -> tuple[Tensor, Tensor]:
    """Log-probs and entropies of some nodes given their ancestors, each float32 [len(nodes)].

    The transformer runs once over the row's distinct tokens, the head only at positions that predict a chosen node.
    """
    device = policy.device
    body = policy.model.get_base_model().model
    hidden = body(
        input_ids=torch.tensor([row.ids], device=device),
        position_ids=torch.tensor([row.depths], device=device),
        attention_mask=attention_masks(policy, row),
        use_cache=False,
    ).last_hidden_state[0]  # [n, h]
    predictors = torch.tensor([row.parents[node] for node in nodes], device=device)
    targets = torch.tensor([row.ids[node] for node in nodes], device=device)
    head = policy.model.get_base_model().lm_head.weight
    # bit for bit again each time: nodes that share a predictor add their gradients in order. On a CPU only index_select does so
    # (the threads of an indexed float32 tensor add as they come), on a card only the index
    chosen = hidden.index_select(0, predictors) if device.type == "cpu" else hidden[predictors]
    return target_logprobs(chosen, head, targets, temperature)


def attention_masks(policy: Policy, row: Row) -> Any:
    """transformers' argument: one mask, or one for each kind of layer (gemma3: most layers attend to a window only)."""
    full = ancestor_mask(row, policy.dtype, policy.device)
    if policy.config.model_type != "gemma3_text":
        return full
    window = ancestor_mask(row, policy.dtype, policy.device, policy.config.sliding_window)
    return {"full_attention": full, "sliding_attention": window}


def ancestor_mask(row: Row, dtype: torch.dtype, device: torch.device, window: int | None = None) -> Tensor:
    """[1, 1, n, n] additive mask: 0 where the column is the row itself or its ancestor, the dtype's minimum elsewhere.

    `window`: only this many of the nearest nodes are visible, the node itself included. Distance is by depth, not by index.
    """
    node = torch.arange(len(row.ids), device=device)
    ends = torch.tensor(row.subtree_ends(), device=device)
    seen = (node[None, :] <= node[:, None]) & (node[:, None] < ends[None, :])
    if window is not None:
        depth = torch.tensor(row.depths, device=device)
        seen &= depth[:, None] - depth[None, :] < window
    # CUDA's attention copies a mask whose rows do not start at multiples of 8 elements, once for each block
    columns = -(-len(row.ids) // 8) * 8 if device.type == "cuda" else len(row.ids)
    mask = torch.full((len(row.ids), columns), torch.finfo(dtype).min, dtype=dtype, device=device)[:, : len(row.ids)]
    return mask.masked_fill_(seen, 0)[None, None]


def logprobs(policy: Policy, samples: Sequence[Sequence[int]], reference: bool, temperature: float) -> list[list[float]]:
    """Log-prob of every id given its prefix, sample by sample in their order; the first is 0."""
    result: list[list[float]] = [[0.0] * len(ids) for ids in samples]
    with torch.no_grad(), adapter_off(policy) if reference else nullcontext():
        for row in pack(samples, policy.budget):
            nodes = [node for node, parent in enumerate(row.parents) if parent >= 0]
            if not nodes:
                continue
            values = dict(zip(nodes, forward(policy, row, nodes, temperature)[0].tolist(), strict=True))
            for index, path in row.paths.items():
                result[index] = [values.get(node, 0.0) for node in path]
    return result


def adapter_off(policy: Policy) -> Any:
    """Context with the adapter off: the model is the reference."""
    return policy.model.disable_adapter()
