"""Rest: between its turns the learner gives the device's memory back; `wake` brings back every bit of it.

Frozen weights never change. On a GPU they are copied once into pinned host memory, and later rests only drop them; elsewhere
the host's memory is the device's, so they are dropped and loaded from the GGUF again. Adapter and moments are small: they move
to the host on a GPU and stay elsewhere. With the weights kept, only what the allocator holds without need is given back.
"""

import gc
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .machine import give_back_cached, give_back_free_pages, held_bytes
from .policy import Policy, reload

Kept = Literal["weights", "nothing"]
ALIGNED = 512  # bytes: where a tensor may start in the pinned block


@dataclass
class Resting:
    """What of a learner rests: `kept` is None while it is awake. `host`: the frozen weights in pinned memory, by name."""

    kept: Kept | None = None
    host: dict[str, Tensor] | None = None


def rest(policy: Policy, optimizer: torch.optim.Optimizer, resting: Resting, keep: Kept) -> int:
    """Frees all that is not kept; resting deeper or again is fine. Returns the bytes still held: on a GPU by torch there,
    else by this process."""
    if keep == "nothing":  # again too: a wake that failed half-way has brought some weights back
        weights = frozen(policy)
        if policy.device.type == "cuda":
            resting.host = resting.host or pinned(weights)
            _move(policy, optimizer, torch.device("cpu"))
        for weight in weights.values():
            weight.data = torch.empty(0, dtype=weight.dtype, device=weight.device)
        resting.kept = "nothing"
    resting.kept = resting.kept or keep
    gc.collect()
    give_back_cached(policy.device)
    if policy.device.type == "cuda":
        return int(torch.cuda.memory_reserved(policy.device))
    give_back_free_pages()
    return held_bytes(policy.device)


def wake(policy: Policy, optimizer: torch.optim.Optimizer, resting: Resting) -> None:
    """Awake it does nothing. Raises Fault("model") if the file is not the one that was opened; the learner then still rests."""
    if resting.kept == "nothing":
        pinned_copies = policy.device.type == "cuda"  # only these copies may still be under way when the host goes on
        weights = resting.host or reload(policy)
        for name, weight in frozen(policy).items():
            source = weights[name] if resting.host else weights.pop(name)
            weight.data = source.to(policy.device, non_blocking=pinned_copies)
        if policy.device.type == "cuda":
            _move(policy, optimizer, policy.device)
            torch.cuda.synchronize()
    resting.kept = None


def frozen(policy: Policy) -> dict[str, nn.Parameter]:
    """The weights that are not trained, by their names in the base model; tied ones once."""
    return {
        name.removeprefix("base_model.model.").replace(".base_layer.", "."): parameter
        for name, parameter in policy.model.named_parameters()
        if not parameter.requires_grad
    }


def pinned(weights: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copies in one block of pinned host memory: torch's own pinned allocations are rounded up to powers of two."""
    starts, size = dict[str, int](), 0
    for name, weight in weights.items():
        starts[name] = size
        size += -(-weight.nbytes // ALIGNED) * ALIGNED
    block = torch.empty(size, dtype=torch.uint8)
    if int(torch.cuda.cudart().cudaHostRegister(block.data_ptr(), size, 0)) != 0:  # type: ignore[no-untyped-call]
        # Some containers refuse: copies are slower then, and as right. CUDA reports the refusal again with the next kernel.
        with suppress(RuntimeError):
            torch.zeros(1, device="cuda")
    copies = dict[str, Tensor]()
    for name, weight in weights.items():
        part = block[starts[name] : starts[name] + weight.nbytes]
        copies[name] = part.view(weight.dtype).view(weight.shape).copy_(weight.data, non_blocking=True)
    torch.cuda.synchronize()
    return copies


def _move(policy: Policy, optimizer: torch.optim.Optimizer, device: torch.device) -> None:
    """Moves the adapter and AdamW's moments; its step counts are on the host anyway."""
    for parameter in policy.adapter().values():
        parameter.data = parameter.data.to(device)
    for state in optimizer.state.values():
        for key in ("exp_avg", "exp_avg_sq"):
            state[key] = state[key].to(device)
