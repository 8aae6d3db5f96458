"""KL(policy || reference) by token, estimated from the log-prob of the sampled token alone. The reference is the same model
with the adapter off. The estimator is k3 of J. Schulman, "Approximating KL Divergence", 2020: GRPO's and TRL's.
"""

import torch
from torch import Tensor


def k3(logp: Tensor, reference: Tensor) -> Tensor:
    """exp(reference - logp) - (reference - logp) - 1. Unbiased, never negative."""
    gap = reference - logp
    return torch.exp(gap) - gap - 1
