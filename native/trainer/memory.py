"""Memory that an update needs, computed from shapes before it runs, and the memory that it may use.

Two ways to make a row fit: transformer blocks that keep only their input and are computed again in the backward pass
(`recomputed`, bit-equal), then shorter rows. Not here: the chunked head (logprob.py), the optimizer.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from torch.utils.checkpoint import checkpoint

from .batch import PackedRow
from .logprob import CHUNK_BYTES
from .machine import free_bytes, held_bytes, most_bytes
from .policy import Policy

SHARE_OF_FREE = 0.8  # the rest: the sampler's next batch, the page cache, anything unknown
KERNELS = 120_000_000  # bytes that oneDNN keeps on a processor for the shapes that it has multiplied: 110 to 200 MB measured
LEAST_ROW = 256  # tokens; shorter rows save nothing: the head's chunk is larger


@dataclass(frozen=True)
class Sizes:
    """The sizes that determine the activations of a model."""

    blocks: int
    hidden: int
    intermediate: int
    heads: int
    query: int  # heads x head size
    key_value: int  # key-value heads x head size
    norms: int  # per block, over the hidden size: 2, gemma3 4
    normed_heads: bool  # q and k are normalised (qwen3, gemma3)
    rank: int
    masks: int  # kinds of attention: 1, gemma3 2
    adapter: int  # trainable parameters
    item: int  # bytes of an activation: 4 or 2
    scores: int = 0  # heads whose n x n scores autograd keeps in every block: no fused attention to train with on Apple's GPUs


@dataclass(frozen=True)
class Plan:
    """How an update will run: longest row in tokens, recomputed blocks, and the estimated peak in bytes."""

    row_tokens: int
    recomputed: int
    predicted: int


@dataclass
class Room:
    """The memory of one learner. `resident`: bytes used after loading, and what the kernels will keep. `limit`: bytes it may
    use, None to ask the machine before each update. `row_tokens` is halved when memory runs out despite the plan, and stays
    so. `sharers`: processes that ask the same memory; on a card each has its own."""

    resident: int
    limit: int | None
    row_tokens: int
    sharers: int = 1


def room_of(policy: Policy, megabytes: float | None = None, processes: int = 1) -> Room:
    """The room of a newly loaded model; `megabytes`: the user's own limit."""
    kernels = KERNELS if policy.device.type == "cpu" else 0
    limit = None if megabytes is None else int(megabytes * 1e6)
    return Room(held_bytes(policy.device) + kernels, limit, policy.budget, 1 if policy.device.type == "cuda" else processes)


def sizes(policy: Policy) -> Sizes:
    """Sizes of a loaded model with its adapter."""
    config, adapter = policy.config, policy.adapter()
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return Sizes(
        blocks=config.num_hidden_layers,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        heads=config.num_attention_heads,
        query=config.num_attention_heads * head,
        key_value=config.num_key_value_heads * head,
        norms=4 if config.model_type == "gemma3_text" else 2,
        masks=2 if config.model_type == "gemma3_text" else 1,
        normed_heads=config.model_type in ("qwen3", "gemma3_text"),
        rank=policy.lora.rank,
        adapter=sum(p.numel() for p in adapter.values()),
        item=policy.dtype.itemsize,
        scores=config.num_attention_heads if policy.device.type == "mps" else 0,
    )


def block_bytes(s: Sizes) -> int:
    """What autograd keeps of one token in one block (float32 = 4 bytes; tests/test_memory.py counts it)."""
    norms = s.norms * (s.hidden + 1) * 4  # the input and its scale, in float32 whatever the dtype
    if s.normed_heads:
        norms += (s.query + s.key_value) * 4 + (s.query + s.key_value) * 4 * s.heads // max(1, s.query)
    attention = 4 * s.query * s.item + s.heads * 4  # q, k and v repeated to all heads, the output; log-sum-exp
    mlp = 3 * s.intermediate * s.item  # gate, its activation, up
    # what the adapters read: q, k and v one input, gate and up another, down a third; o the attention's output
    adapters = (2 * s.hidden + s.intermediate) * s.item + 7 * s.rank * 4
    return norms + attention + mlp + adapters


def row_bytes(s: Sizes, nodes: int, trained: int, recomputed: int) -> int:
    """Most memory that a forward and backward pass of one row adds, with the first `recomputed` blocks kept only as inputs."""
    inputs = recomputed * s.hidden * s.item
    kept = (s.blocks - recomputed) * block_bytes(s) + inputs
    passing = (3 * s.intermediate + 4 * s.hidden) * s.item  # gradients and results within one block
    scores = 4 * s.scores * (s.blocks - recomputed + 4)  # 4: of the block in work, there and back
    mask = nodes * nodes * (s.masks * s.item + scores)
    hidden = trained * s.hidden * (s.item + 4)  # the head's input and its gradient
    at_head = nodes * kept + 3 * CHUNK_BYTES
    in_last_block = nodes * (kept + passing)
    # one recomputed block exists at a time, when those behind it have been freed
    in_recomputed = nodes * (inputs + block_bytes(s) + passing) if recomputed else 0
    return mask + hidden + max(at_head, in_last_block, in_recomputed)


def predict(s: Sizes, rows: Sequence[PackedRow], recomputed: int) -> int:
    """Bytes above the resident ones at the peak of an update: its largest row, the gradients and AdamW's two moments."""
    return max((row_bytes(s, len(r.row.ids), len(r.nodes), recomputed) for r in rows), default=0) + 3 * 4 * s.adapter


def make_plan(policy: Policy, room: Room, limit: int, pack: Callable[[int], Sequence[PackedRow]]) -> Plan:
    """The fastest plan within `limit` bytes: as few blocks recomputed as possible; if all of them are not enough, rows of half
    the tokens, and so on to LEAST_ROW. Below that the limit may be exceeded. `pack(tokens)` gives the rows of an update."""
    shape, tokens = sizes(policy), room.row_tokens
    while True:
        rows = pack(tokens)
        for recomputed in range(shape.blocks + 1):
            needed = room.resident + predict(shape, rows, recomputed)
            if needed <= limit:
                return Plan(tokens, recomputed, needed)
        longest = max((len(path) for r in rows for path in r.row.paths.values()), default=0)
        if tokens <= max(LEAST_ROW, longest):
            return Plan(tokens, shape.blocks, needed)
        tokens = max(tokens // 2, LEAST_ROW)


@contextmanager
def recomputed(policy: Policy, blocks: int) -> Iterator[None]:
    """Inside, the first `blocks` transformer blocks keep only their input and are recomputed in the backward pass.

    transformers' own switch needs train mode and inputs with gradients; torch's non-reentrant checkpoint needs neither and
    works for single blocks. Nothing here is random, so no generator state is kept.
    """
    layers = policy.model.get_base_model().model.layers[:blocks]
    for layer in layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False, preserve_rng_state=False)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward  # back to the class's own


def limit_bytes(policy: Policy, room: Room) -> int:
    """Bytes that this process may use: the limit it was given, else its own use plus most of what is free now."""
    if room.limit is not None:
        return min(room.limit, most_bytes(policy.device))
    return held_bytes(policy.device) + int(SHARE_OF_FREE * free_bytes(policy.device) / room.sharers)
