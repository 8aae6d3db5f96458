"""Does the learner leave the card to the engine, come back bit for bit, and how long does each way take?"""

import time
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from trainer.loss import Loss
from trainer.machine import held_bytes
from trainer.policy import logprobs
from trainer.rest import Home, rest, wake
from trainer.update import update

from .bench import Bench, frozen_weights, group, random_policy
from .finding import Finding, below, holds, shown

MOST = 0.064  # GB of tensors at rest: the rotary tables, cuBLAS's workspace
NAME = "rest and wake"


def rest_and_wake(bench: Bench) -> list[Finding]:
    """Two rests: the first locks host memory and copies the frozen weights. Then an update with and without a rest before it."""
    policy = random_policy(bench, torch.bfloat16)
    optimizer = torch.optim.AdamW(policy.adapter().values(), lr=1e-4)
    home = Home(policy, optimizer, lambda: frozen_weights(random_policy(bench, torch.bfloat16)))
    samples = group(bench, 4 * bench.shape.sample, 8)

    def train() -> None:
        update(policy, optimizer, [samples], Loss("grpo"), 1.0)

    train()  # the moments exist
    before = _state(home)
    awake, scores = held_bytes(bench.device), logprobs(policy, [samples[0].ids], False, 1.0)
    away, at_rest, back = [], 0, []
    for _ in range(2):
        away.append(_seconds(bench, lambda: rest(home)))
        at_rest = held_bytes(bench.device)
        back.append(_seconds(bench, lambda: wake(home)))
    same = _equal(before, _state(home))
    same_scores = scores == logprobs(policy, [samples[0].ids], False, 1.0)

    ends = []
    for rested in (False, False, True):
        _restore(home, before)
        if rested:
            rest(home)
            wake(home)
        train()
        ends.append(_state(home))
    repeatable, undisturbed = (_equal(a, b) for a, b in pairwise(ends))
    moved = sum(tensor.nbytes for tensor in before) + sum(tensor.nbytes for tensor in frozen_weights(policy).values())
    return [
        shown(NAME, "awake", awake / 1e9, "GB"),
        below(NAME, "at rest", at_rest / 1e9, MOST, "GB", judged=bench.on_card),
        shown(NAME, "first rest, then each further one", away[0], "s", f"{away[1]:.2f} s"),
        shown(NAME, "wake", back[1], "s", f"{moved / 1e9 / max(back[1], 1e-9):.1f} GB/s"),
        holds(NAME, "adapter and moments are equal to the bit", same),
        holds(NAME, "scores are equal to the bit", same_scores),
        holds(NAME, "an update is equal to itself, done again", repeatable),
        holds(NAME, "an update after a rest is equal to one without", undisturbed),
    ]


def _state(home: Home) -> list[Tensor]:
    """Copies of the adapter and of its moments and step counters."""
    state = home.optimizer.state
    parameters = list(home.policy.adapter().values())
    return [t.detach().clone() for p in parameters for t in (p.data, *(state[p][key] for key in sorted(state[p])))]


def _restore(home: Home, saved: list[Tensor]) -> None:
    left = iter(saved)
    for parameter in home.policy.adapter().values():
        parameter.data.copy_(next(left))
        for key in sorted(home.optimizer.state[parameter]):
            home.optimizer.state[parameter][key].copy_(next(left))


def _equal(a: list[Tensor], b: list[Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def _seconds(bench: Bench, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    if bench.on_card:
        torch.cuda.synchronize()
    return time.perf_counter() - started
