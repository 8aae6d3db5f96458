"""Rest: the learner leaves a GPU's memory to the engine between two updates; `wake` brings back every bit.

Frozen weights never change: they are copied once into page-locked host memory, which a card reads at the full speed of its bus,
and later rests only drop them. Adapter and moments are small and move each time. Elsewhere the host's memory is the device's, and
nothing moves.
"""

import gc
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .machine import give_back_cached, held_bytes
from .policy import Policy

Kept = Literal["weights", "nothing"]
ALIGNED = 512  # bytes: where a tensor may start in the locked block


@dataclass
class Resting:
    """What of a learner rests: `kept` is None while it is awake. `host`: the frozen weights in host memory, by name."""

    kept: Kept | None = None
    host: dict[str, Tensor] | None = None


def rest(policy: Policy, optimizer: torch.optim.Optimizer, resting: Resting, keep: Kept) -> int:
    """Frees all that is not kept. Returns the bytes still held: on a GPU by torch's allocator, else by this process."""
    on_card = policy.device.type == "cuda"
    if on_card and keep == "nothing" and resting.kept != "nothing":
        weights = frozen(policy)
        resting.host = resting.host or _locked(weights)
        _move(policy, optimizer, torch.device("cpu"))
        for weight in weights.values():
            weight.data = torch.empty(0, dtype=weight.dtype, device=weight.device)
    resting.kept = keep
    gc.collect()
    give_back_cached(policy.device)
    return int(torch.cuda.memory_reserved(policy.device)) if on_card else held_bytes(policy.device)


def wake(policy: Policy, optimizer: torch.optim.Optimizer, resting: Resting) -> None:
    """Awake it does nothing. If it fails (no memory) the learner still rests."""
    if resting.kept == "nothing" and resting.host is not None:
        for name, weight in frozen(policy).items():
            weight.data = resting.host[name].to(policy.device, non_blocking=True)
        _move(policy, optimizer, policy.device)
        torch.cuda.synchronize(policy.device)
    resting.kept = None


def frozen(policy: Policy) -> dict[str, nn.Parameter]:
    """The weights that are not trained; tied ones once."""
    return {name: parameter for name, parameter in policy.model.named_parameters() if not parameter.requires_grad}


def _locked(weights: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copies in one block of page-locked memory: torch's own pinned allocations are rounded up to powers of two."""
    starts, size = dict[str, int](), 0
    for name, weight in weights.items():
        starts[name] = size
        size += -(-weight.nbytes // ALIGNED) * ALIGNED
    block = torch.empty(size, dtype=torch.uint8)
    if int(torch.cuda.cudart().cudaHostRegister(block.data_ptr(), size, 0)) != 0:  # type: ignore[no-untyped-call]
        # Some sandboxes refuse: copies are slower then, and as right. CUDA reports the refusal again with the next kernel.
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
