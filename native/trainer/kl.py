"""Estimates of KL(policy || reference) by token, from the log-probs of the sampled token alone. The reference is the
same model with the adapter off. Names and formulas: J. Schulman, "Approximating KL Divergence", 2020; `abs` as in verl.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor


def k1(logp: Tensor, reference: Tensor) -> Tensor:
    """logp - reference. Unbiased, may be negative. As a loss its gradient is 0 in expectation: a metric, hardly a leash."""
    return logp - reference


def k2(logp: Tensor, reference: Tensor) -> Tensor:
    """(logp - reference)^2 / 2. Its gradient is an unbiased one of the KL."""
    return (logp - reference).square() / 2


def k3(logp: Tensor, reference: Tensor) -> Tensor:
    """exp(reference - logp) - (reference - logp) - 1. Unbiased, never negative; GRPO's and TRL's."""
    gap = reference - logp
    return torch.exp(gap) - gap - 1


def absolute(logp: Tensor, reference: Tensor) -> Tensor:
    """|logp - reference|."""
    return (logp - reference).abs()


ESTIMATORS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"k1": k1, "k2": k2, "k3": k3, "abs": absolute}
