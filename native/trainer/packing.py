"""Prefix sharing: many samples in one row, with every distinct prefix computed once. Pure, no torch.

A group's samples share their prompt, often whole turns. Sorted by their ids they form a depth-first walk of their
token trie, so each sample adds only what follows its longest common prefix with the previous sample. In the row a token
attends to its ancestors and itself; its position is its depth. TRL and verl compute a shared prompt once per sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Row:
    """One packed row of n nodes: a forest in depth-first order."""

    ids: list[int] = field(default_factory=list)  # [n]
    depths: list[int] = field(default_factory=list)  # [n] position of the node in its samples
    parents: list[int] = field(default_factory=list)  # [n] index of the node before it, -1 for a first token
    paths: dict[int, list[int]] = field(default_factory=dict)  # sample index -> its nodes in order

    def subtree_ends(self) -> list[int]:
        """[n] For each node the index after its last descendant: i attends to j exactly when j <= i < ends[j]."""
        ends = list(range(1, len(self.ids) + 1))
        for node in range(len(self.ids) - 1, -1, -1):
            parent = self.parents[node]
            if parent >= 0:
                ends[parent] = max(ends[parent], ends[node])
        return ends


def pack(samples: Sequence[Sequence[int]], budget: int) -> list[Row]:
    """Rows of at most `budget` nodes (a longer sample gets its own row); empty samples are left out."""
    rows: list[Row] = []
    previous: Sequence[int] = ()
    path: list[int] = []
    for index in sorted(range(len(samples)), key=lambda i: list(samples[i])):
        ids = samples[index]
        if not ids:
            continue
        shared = _common_prefix(previous, ids)
        if not rows or len(rows[-1].ids) + len(ids) - shared > budget:
            rows.append(Row())
            shared = 0
        row = rows[-1]
        path = path[:shared]
        for depth in range(shared, len(ids)):
            row.parents.append(path[-1] if path else -1)
            path.append(len(row.ids))
            row.ids.append(ids[depth])
            row.depths.append(depth)
        row.paths[index] = list(path)
        previous = ids
    return rows


def _common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    for position, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return position
    return min(len(a), len(b))
