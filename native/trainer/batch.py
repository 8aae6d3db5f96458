"""From the arrays of a request to packed rows with their trained tokens. Rejects inconsistent arrays."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .fault import Fault
from .packing import Row, pack
from .protocol import Arrays

Numbers = np.ndarray[tuple[int, ...], np.dtype[Any]]


@dataclass(frozen=True)
class Sample:
    """One sequence; all arrays have its length."""

    ids: list[int]
    trained: Numbers  # bool: the token was sampled by the policy and takes part in the loss
    behaviour: Numbers  # float32 log-probs at sampling
    advantage: Numbers  # float32
    rollout: int = -1  # samples with one number belong to one rollout; -1: a rollout alone
    guide: bool = False  # its tokens were written by rule, not sampled: behaviour means nothing


@dataclass(frozen=True)
class PackedRow:
    """A row and its t trained tokens. Tokens of several samples may share one node, which is computed once."""

    row: Row
    nodes: list[int]  # [u] distinct nodes whose log-prob is needed
    pick: Numbers  # [t] index into nodes
    sample: Numbers  # [t] index of the sample in its mini-batch
    position: Numbers  # [t] index of the token in its sample
    behaviour: Numbers  # [t] float32
    advantage: Numbers  # [t] float32
    guide: Numbers  # [t] bool: the token belongs to a guide


def read_sequences(arrays: Arrays, vocabulary: int) -> list[list[int]]:
    """The samples of a request: `ids` [sum of lengths], split by `lengths` [samples]."""
    lengths, ids = _array(arrays, "lengths"), _array(arrays, "ids")
    if (lengths < 0).any() or int(lengths.sum()) != len(ids):
        raise Fault("bad_request", f"the lengths add up to {int(lengths.sum())}, but there are {len(ids)} ids")
    if len(ids) and (ids.min() < 0 or ids.max() >= vocabulary):
        raise Fault("bad_request", f"token ids must be in 0..{vocabulary - 1}, got {ids.min()}..{ids.max()}: from another model?")
    return [part.tolist() for part in _cut(ids, lengths)]


def read_minibatches(head: Any, arrays: Arrays, vocabulary: int) -> list[list[Sample]]:
    """Mini-batches of samples; `minibatches` in the head is the number of samples of each."""
    sequences = read_sequences(arrays, vocabulary)
    lengths = _array(arrays, "lengths")
    columns = [_cut(_array(arrays, name, int(lengths.sum())), lengths) for name in ("mask", "logprobs", "advantages")]
    rollouts = _array(arrays, "rollouts", len(sequences)).tolist()
    guides = _array(arrays, "guides", len(sequences)).astype(bool).tolist()
    samples = [
        Sample(ids, mask.astype(bool), behaviour.astype(np.float32), advantage.astype(np.float32), rollout, guide)
        for ids, mask, behaviour, advantage, rollout, guide in zip(sequences, *columns, rollouts, guides, strict=True)
    ]
    for number, sample in enumerate(samples):
        if len(sample.ids) and sample.trained[0]:
            raise Fault("bad_request", f"sample {number} trains its first token, which has no prediction: mask it")
    counts = head.get("minibatches")
    if not isinstance(counts, list) or sum(counts) != len(samples) or min(counts, default=0) < 0:
        raise Fault("bad_request", f"the mini-batches {counts} do not add up to the {len(samples)} samples")
    starts = np.cumsum([0, *counts])
    return [samples[start : start + count] for start, count in zip(starts, counts, strict=False)]


def digest(ids: Sequence[int]) -> str:
    """SHA-256 (hex) of token ids as u32 little-endian; twin of src/rules/token-digest.ts."""
    return hashlib.sha256(np.asarray(ids, dtype="<u4").tobytes()).hexdigest()


def digests(samples: Sequence[Sample], rows: Sequence[PackedRow]) -> list[str]:
    """By sample: the digest of its ids as computed in the rows; of no ids if nothing is trained."""
    held = {index: [packed.row.ids[node] for node in path] for packed in rows for index, path in packed.row.paths.items()}
    return [digest(held.get(index, [])) for index in range(len(samples))]


def pack_minibatch(samples: Sequence[Sample], budget: int) -> list[PackedRow]:
    """Rows of a mini-batch. Samples without a trained token, and tokens after a sample's last one, are not computed."""
    trimmed = [s.ids[: int(s.trained.nonzero()[0][-1]) + 1] if s.trained.any() else [] for s in samples]
    return [_with_tokens(row, samples) for row in pack(trimmed, budget)]


def _with_tokens(row: Row, samples: Sequence[Sample]) -> PackedRow:
    owners = sorted(row.paths)
    positions = [samples[i].trained.nonzero()[0] for i in owners]
    nodes, pick = np.unique(
        np.concatenate([np.asarray(row.paths[i])[p] for i, p in zip(owners, positions, strict=True)]), return_inverse=True
    )
    return PackedRow(
        row,
        nodes.tolist(),
        pick,
        np.repeat(owners, [len(p) for p in positions]),
        np.concatenate(positions),
        np.concatenate([samples[i].behaviour[p] for i, p in zip(owners, positions, strict=True)]),
        np.concatenate([samples[i].advantage[p] for i, p in zip(owners, positions, strict=True)]),
        np.repeat([samples[i].guide for i in owners], [len(p) for p in positions]),
    )


def _array(arrays: Arrays, name: str, length: int | None = None) -> Numbers:
    array = arrays.get(name)
    if array is None or array.ndim != 1 or (length is not None and len(array) != length):
        came = "none" if array is None else f"shape {array.shape}"
        raise Fault("bad_request", f"expected an array {name} of {'any' if length is None else length} numbers, got {came}")
    return array


def _cut(array: Numbers, lengths: Numbers) -> list[Numbers]:
    return np.split(array, np.cumsum(lengths)[:-1]) if len(lengths) else []
