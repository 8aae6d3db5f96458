"""Rest: the learner leaves the device to the engine between two updates. Wake: it is back, bit for bit.

A GPU's memory is left for page-locked host memory, which the card reads and writes at the full speed of its bus. A CPU has no
second memory: there nothing is written, and only what can be made again is freed, the frozen weights. Adapter and moments stay.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from .machine import give_back_cached, held_bytes
from .policy import Policy

ALIGNMENT = 64  # bytes between two tensors in host memory


@dataclass
class Home:
    """What rests, and where. `rebuild` makes the frozen weights again, by parameter name; None: a CPU frees nothing.

    The host memory stays between rests: locking pages takes longer than the copy, and frozen weights are copied once.
    """

    policy: Policy
    optimizer: torch.optim.Optimizer
    rebuild: Callable[[], Mapping[str, Tensor]] | None = None
    host: Tensor | None = None  # uint8, all tensors one after the other
    resting: bool = False


def rest(home: Home) -> int:
    """Leaves the device. Returns the bytes that are still used there (by tensors on a GPU, else by the process). Gradients are
    dropped: there are none between two updates. Does nothing if it rests already."""
    device = home.policy.device
    if not home.resting:
        home.resting = True
        home.policy.model.zero_grad(set_to_none=True)
        if device.type == "cuda":
            _move_out(home)
        elif home.rebuild is not None:
            for parameter in _frozen(home.policy).values():
                parameter.data = parameter.data.new_empty(0)
    gc.collect()
    give_back_cached(device)
    return held_bytes(device)


def wake(home: Home) -> None:
    """Is back. Does nothing if it is awake. If it fails (no memory) it still rests, and can be called again."""
    if not home.resting:
        return
    if home.policy.device.type == "cuda":
        _move_in(home)
    elif home.rebuild is not None:
        weights = home.rebuild()
        for name, parameter in _frozen(home.policy).items():
            parameter.data = weights[name].data
    home.resting = False


def _frozen(policy: Policy) -> dict[str, Tensor]:
    return {name: p for name, p in policy.model.named_parameters() if not p.requires_grad}


def _moving(home: Home) -> Iterator[tuple[Tensor, bool]]:
    """Every tensor of the device, and whether it is frozen; in a fixed order. AdamW's step counters are on the CPU anyway."""
    for tensor in _frozen(home.policy).values():
        yield tensor, True
    for parameter in home.policy.adapter().values():
        yield parameter, False
        state = home.optimizer.state.get(parameter, {})
        for key in sorted(state):
            if isinstance(state[key], Tensor) and state[key].dim() > 0:
                yield state[key], False


def _places(home: Home, tensors: list[Tensor]) -> list[Tensor]:
    """A view of the host memory for each tensor. There is room for the moments even before they exist: it is locked once."""
    if home.host is None:
        adapter = list(home.policy.adapter().values())
        home.host = _locked(sum(map(_aligned, [*_frozen(home.policy).values(), *adapter, *adapter, *adapter])))
    places, start = [], 0
    for tensor in tensors:
        places.append(home.host[start : start + tensor.nbytes].view(tensor.dtype).view(tensor.shape))
        start += _aligned(tensor)
    return places


def _aligned(tensor: Tensor) -> int:
    return -(-tensor.nbytes // ALIGNMENT) * ALIGNMENT


def _locked(size: int) -> Tensor:
    """Page-locked host memory. torch's own pinned allocator rounds up to a power of two: 18 GB would take 34."""
    host = torch.empty(size, dtype=torch.uint8)
    if int(torch.cuda.cudart().cudaHostRegister(host.data_ptr(), size, 0)) != 0:  # type: ignore[no-untyped-call]
        # some sandboxes refuse: then the copies take some times as long, and are as right
        with suppress(RuntimeError):  # CUDA reports the refusal again with the next kernel, whatever that is
            torch.zeros(1, device="cuda")
    return host


def _move_out(home: Home) -> None:
    copied_before = home.host is not None
    moving = list(_moving(home))
    places = _places(home, [tensor for tensor, _ in moving])
    for (tensor, frozen), place in zip(moving, places, strict=True):
        if not (frozen and copied_before):
            place.copy_(tensor.data, non_blocking=True)
    torch.cuda.synchronize(home.policy.device)
    for (tensor, _), place in zip(moving, places, strict=True):
        tensor.data = place


def _move_in(home: Home) -> None:
    moving = [tensor for tensor, _ in _moving(home)]
    back = [tensor.data.to(home.policy.device, non_blocking=True) for tensor in moving]
    torch.cuda.synchronize(home.policy.device)
    for tensor, here in zip(moving, back, strict=True):
        tensor.data = here
