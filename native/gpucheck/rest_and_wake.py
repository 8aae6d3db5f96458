"""Does the learner leave the card to the engine, come back bit for bit, and how long does each way take?

On a CPU nothing moves here: a random model has no file to be loaded from again. That way has tests of its own.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from trainer.loss import Loss
from trainer.machine import held_bytes
from trainer.policy import Policy, logprobs
from trainer.rest import Kept, Resting, frozen, rest, wake
from trainer.update import update

from .bench import Bench, group, random_policy
from .finding import Finding, below, holds, shown

MOST = 0.2  # GB that torch's allocator may hold at rest: rotary tables and cuBLAS's workspaces
NAME = "rest and wake"


def rest_and_wake(bench: Bench) -> list[Finding]:
    """Two rests: the first locks host memory and copies the frozen weights. Then an update with and without a rest before it."""
    policy = random_policy(bench, torch.bfloat16)
    optimizer = torch.optim.AdamW(policy.adapter().values(), lr=1e-4)
    resting = Resting()
    keep: Kept = "nothing" if bench.on_card else "weights"
    samples = group(bench, 4 * bench.shape.sample, 8)

    def train() -> list[Tensor]:
        update(policy, optimizer, [samples], Loss("grpo"), 1.0)
        return _state(policy, optimizer)

    before = train()  # the moments exist
    awake, scores = held_bytes(bench.device), logprobs(policy, [samples[0].ids], False, 1.0)
    away, back, at_rest = list[float](), list[float](), 0
    for _ in range(2):
        started = time.perf_counter()
        at_rest = rest(policy, optimizer, resting, keep)
        away.append(time.perf_counter() - started)
        started = time.perf_counter()
        wake(policy, optimizer, resting)
        back.append(time.perf_counter() - started)
    same = _equal(before, _state(policy, optimizer))
    same_scores = scores == logprobs(policy, [samples[0].ids], False, 1.0)

    with _in_order():
        once = train()
        _restore(policy, optimizer, before)
        again = train()
        _restore(policy, optimizer, before)
        rest(policy, optimizer, resting, keep)
        wake(policy, optimizer, resting)
        rested = train()
    moved = sum(p.nbytes for p in frozen(policy).values())
    return [
        shown(NAME, "awake", awake / 1e9, "GB"),
        below(NAME, "at rest", at_rest / 1e9, MOST, "GB", judged=bench.on_card),
        shown(NAME, "first rest, then each further one", away[0], "s", f"{away[1]:.2f} s"),
        shown(NAME, "wake", back[1], "s", f"{moved / 1e9 / max(back[1], 1e-9):.1f} GB/s"),
        holds(NAME, "adapter and moments are equal to the bit", same),
        holds(NAME, "scores are equal to the bit", same_scores),
        holds(NAME, "an update is equal to itself, done again", _equal(once, again)),
        holds(NAME, "an update after a rest is equal to one without", _equal(once, rested)),
    ]


@contextmanager
def _in_order() -> Iterator[None]:
    """Inside, a GPU adds up in the same order each time, where it has a kernel that does (attention's gradient has one)."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def _state(policy: Policy, optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """Copies of the adapter and of its moments and step counters."""
    return [tensor.detach().clone() for tensor in _tensors(policy, optimizer)]


def _restore(policy: Policy, optimizer: torch.optim.Optimizer, saved: list[Tensor]) -> None:
    for tensor, was in zip(_tensors(policy, optimizer), saved, strict=True):
        tensor.copy_(was)


def _tensors(policy: Policy, optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
    for parameter in policy.adapter().values():
        yield parameter.data
        state = optimizer.state[parameter]
        yield from (state[key] for key in sorted(state))


def _equal(a: list[Tensor], b: list[Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
