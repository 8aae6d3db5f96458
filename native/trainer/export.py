"""The adapter as a GGUF file that llama.cpp loads beside the base model (general.type adapter, adapter.type lora).

Only the tensors of the adapter: no base weights, no tokenizer, no template. llama.cpp keeps the q and k rows of the
llama architecture in another order than transformers (rotary pairs side by side instead of in halves), so the rows of
lora_b are permuted there, exactly as convert_hf_to_gguf.py permutes the base weights; the others keep theirs.
"""

from pathlib import Path
from typing import Any

import gguf
import numpy as np

from .batch import Numbers
from .policy import Policy

_ARCHITECTURES = {  # transformers' name -> llama.cpp's
    "llama": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
}


def write_gguf(policy: Policy, path: Path) -> None:
    """Writes the adapter to `path`, float32. The bytes depend on the adapter alone: equal adapters give equal files."""
    architecture = _ARCHITECTURES[policy.config.model_type]
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(policy.lora.alpha))
    names = gguf.get_tensor_name_map(architecture, policy.config.num_hidden_layers)
    for parameter, value in policy.adapter().items():
        module, side = parameter.removeprefix("base_model.model.").split(".lora_")
        tensor: Numbers = value.detach().float().cpu().numpy()
        half = side[0].lower()  # "A.default.weight" -> a, [rank, in]; b is [out, rank]
        if architecture == gguf.MODEL_ARCH.LLAMA and half == "b" and module.endswith(("q_proj", "k_proj")):
            tensor = interleave_halves(tensor, _heads(policy.config, module))
        writer.add_tensor(f"{names.get_name(module)}.weight.lora_{half}", np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def interleave_halves(rows: Numbers, heads: int) -> Numbers:
    """Within each head, row i of the first half goes to 2i and row i of the second half to 2i + 1. [out, rank]"""
    size = rows.shape[0] // heads
    order = np.arange(size).reshape(2, size // 2).T.ravel()
    taken: Numbers = rows[np.concatenate([head * size + order for head in range(heads)])]
    return taken


def _heads(config: Any, module: str) -> int:
    return int(config.num_attention_heads if module.endswith("q_proj") else config.num_key_value_heads)
