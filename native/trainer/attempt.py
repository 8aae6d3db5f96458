"""Passes over packed rows that may run out of memory: shared out over the ranks, done again once in shorter rows.

A pass changes no weight, so doing it again is safe; the optimizer's step is never inside one.
"""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from .batch import PackedRow
from .fault import Fault, ran_out_of_memory
from .machine import peak_bytes
from .memory import Plan, Room, recomputed
from .policy import Policy
from .ranks import Ranks

T = TypeVar("T")


class MemoryEnded(Exception):
    """A forward or backward pass ran out of memory, on this rank or another. The others have stopped too."""


@dataclass
class Attempt:
    """The plan of one update, and whether memory has ended in it already."""

    policy: Policy
    room: Room
    plan: Plan
    retries: int = 0

    def run(self, work: Callable[[Plan], T]) -> T:
        """`work` under the plan. When memory ends: once more in rows of half the tokens with every block recomputed (which
        stay that short for the rest of the learner's life), then Fault("memory")."""
        try:
            with recomputed(self.policy, self.plan.recomputed):
                return work(self.plan)
        except MemoryEnded:
            if self.retries:
                raise self._too_large() from None
        self.retries = 1
        self.room.row_tokens = max(1, self.plan.row_tokens // 2)
        self.plan = Plan(self.room.row_tokens, self.policy.config.num_hidden_layers, self.plan.predicted)
        self.policy.model.zero_grad(set_to_none=True)
        gc.collect()  # the exception held the frames, and the frames the activations
        if self.policy.device.type == "cuda":
            torch.cuda.empty_cache()
        return self.run(work)

    def _too_large(self) -> Fault:
        return Fault(
            "memory",
            f"memory ended twice in one update, at last in rows of {self.plan.row_tokens} tokens with every block computed "
            f"twice (expected: {self.plan.predicted / 1e6:.0f} MB, reached: {peak_bytes(self.policy.device) / 1e6:.0f} MB): "
            "free memory, shorten the episodes (rollout.responseTokens) or take a smaller model",
        )


def over_rows(ranks: Ranks, rows: Sequence[PackedRow], work: Callable[[int], Tensor]) -> list[Tensor]:
    """`work` of every row, each by one rank; the results of all on all, in order. MemoryEnded where it ran out on any."""
    mine: dict[int, Tensor] = {}
    error: Exception | None = None
    try:
        for index in ranks.mine([len(row.row.ids) for row in rows]):
            mine[index] = work(index).cpu()
    except Exception as raised:
        if not ran_out_of_memory(raised):
            raise
        error = raised
    if any(ranks.gather(error is not None)):  # nobody may wait for gradients that will not come
        raise MemoryEnded from error
    done = {index: value for part in ranks.gather(mine) for index, value in part.items()}
    return [done[index] for index in range(len(rows))]
