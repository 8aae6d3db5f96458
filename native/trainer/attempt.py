"""Passes over packed rows that may run out of memory: distributed over the ranks, repeated once in shorter rows.

A pass changes no weight, so repeating it is safe; the optimizer step is never inside one.
"""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

from .batch import PackedRow
from .fault import Fault, ran_out_of_memory
from .machine import freed_memory_kept, give_back_cached, peak_bytes
from .memory import Plan, Room, recomputed
from .policy import Policy
from .ranks import Ranks

T = TypeVar("T")


class MemoryEnded(Exception):
    """A forward or backward pass ran out of memory, on this rank or another. The other ranks have stopped too."""


@dataclass
class Attempt:
    """The plan of one update, and whether it has run out of memory already."""

    policy: Policy
    room: Room
    plan: Plan
    keep_freed: bool = False  # freed memory stays with the process during a pass: faster, and takes more of it
    retries: int = 0

    def run(self, work: Callable[[Plan], T]) -> T:
        """`work` under the plan. Out of memory: once more in rows of half the tokens with every block recomputed (rows
        stay that short until the learner ends), then Fault("memory")."""
        try:
            with recomputed(self.policy, self.plan.recomputed), freed_memory_kept(self.keep_freed):
                return work(self.plan)
        except MemoryEnded:
            if self.retries:
                raise self._too_large() from None
        self.retries, self.keep_freed = 1, False
        self.room.row_tokens = max(1, self.plan.row_tokens // 2)
        self.plan = Plan(self.room.row_tokens, self.policy.config.num_hidden_layers, self.plan.predicted)
        self.policy.model.zero_grad(set_to_none=True)
        gc.collect()  # the exception held the frames, and the frames the activations
        give_back_cached(self.policy.device)
        return self.run(work)

    def _too_large(self) -> Fault:
        return Fault(
            "memory",
            f"one update ran out of memory twice, the second time with rows of {self.plan.row_tokens} tokens and all "
            f"blocks recomputed (expected: {self.plan.predicted / 1e6:.0f} MB, "
            f"reached: {peak_bytes(self.policy.device) / 1e6:.0f} MB): "
            "free memory, shorten the episodes (rollout.responseTokens) or use a smaller model",
        )


def over_rows(ranks: Ranks, rows: Sequence[PackedRow], work: Callable[[int], Tensor]) -> list[Tensor]:
    """`work` of every row, each on one rank; the results of all rows on all ranks, in order. MemoryEnded if any rank ran out."""
    mine: dict[int, Tensor] = {}
    error: Exception | None = None
    try:
        for index in ranks.mine([len(row.row.ids) for row in rows]):
            mine[index] = work(index).cpu()
    except Exception as raised:
        if not ran_out_of_memory(raised):
            raise
        error = raised
    if any(ranks.gather(error is not None)):  # no rank may wait for gradients that never come
        raise MemoryEnded from error
    done = {index: value for part in ranks.gather(mine) for index, value in part.items()}
    return [done[index] for index in range(len(rows))]
