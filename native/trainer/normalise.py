"""The weight of a token's loss in its mini-batch: the denominators. Pure numbers, no torch.

Shares are computed over the whole mini-batch before it is split into rows, so they do not depend on rows, devices or sample
order. A sample or rollout without a trained token is in no denominator (an aborted member is never sent).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .batch import Numbers, Sample


def _tokens(counts: Numbers, _: Numbers, __: float) -> Numbers:
    """Every token equally: 1 / trained tokens (DAPO's token mean; TRL's `dapo`, `bnpo`)."""
    return np.full(len(counts), 1 / counts.sum())


def _sequence(counts: Numbers, _: Numbers, __: float) -> Numbers:
    """Every sample equally, its tokens equally within it (GRPO as published; TRL's `grpo`)."""
    return 1 / (np.count_nonzero(counts) * counts)


def _rollout(counts: Numbers, rollouts: Numbers, _: float) -> Numbers:
    """Every rollout equally, however many samples its template split it into."""
    return 1 / (len(set(rollouts[counts > 0].tolist())) * np.bincount(rollouts, counts)[rollouts])


def _constant(counts: Numbers, rollouts: Numbers, constant: float) -> Numbers:
    """1 / (rollouts * constant), for any length (Dr. GRPO; TRL's `dr_grpo` with its max_completion_length)."""
    return np.full(len(counts), 1 / (len(set(rollouts[counts > 0].tolist())) * constant))


NORMALIZERS: Mapping[str, Callable[[Numbers, Numbers, float], Numbers]] = {
    "tokens": _tokens,
    "sequence": _sequence,
    "rollout": _rollout,
    "constant": _constant,
}


def token_shares(samples: Sequence[Sample], by: str, constant: float) -> Numbers:
    """[samples] float64: the factor of the loss of one trained token of each sample; 0 for a sample without any."""
    counts = np.asarray([np.count_nonzero(s.trained) for s in samples], dtype=np.float64)
    if not counts.any():
        return counts
    # A sample without a rollout number is its own rollout, numbered after the others.
    rollouts = np.asarray([s.rollout for s in samples])
    alone = rollouts < 0
    rollouts[alone] = rollouts.max(initial=-1) + 1 + np.arange(np.count_nonzero(alone))
    with np.errstate(divide="ignore"):
        return np.where(counts > 0, NORMALIZERS[by](counts, rollouts, constant), 0.0)
