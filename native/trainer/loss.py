"""The losses, as functions of per-token tensors. Pure: no model, no optimizer, no I/O.

All tensors are float32 of shape [t], t = the trained tokens of one packed row, in any order. Sums are returned, never
means: the caller divides by the trained tokens of the whole mini-batch (token mean, DAPO, arXiv 2503.14476, eq. 8), so
that splitting a mini-batch into rows does not change the result.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class GrpoLoss:
    """Settings of the loss `grpo`; defaults live in the loop's config."""

    clip_low: float
    clip_high: float
    kl_coef: float
    importance_cap: float | None
    temperature: float


@dataclass(frozen=True)
class GrpoTerms:
    """Result of `grpo`: the sum to differentiate and detached values by token for the metrics."""

    loss_sum: Tensor  # []
    kl: Tensor | None  # [t] k3 estimate, None without a reference
    low: Tensor  # [t] 1 where the ratio was clipped from below
    high: Tensor  # [t] 1 where it was clipped from above
    weight: Tensor  # [t] truncated importance weight


def grpo(
    logp: Tensor, old: Tensor, behaviour: Tensor, reference: Tensor | None, advantage: Tensor, settings: GrpoLoss
) -> GrpoTerms:
    """Clipped surrogate of GRPO (arXiv 2402.03300, eq. 3) by token:

        ratio = exp(logp - old)
        loss  = -min(ratio * A, clip(ratio, 1 - low, 1 + high) * A) * min(exp(old - behaviour), cap) + klCoef * k3
        k3    = exp(reference - logp) - (reference - logp) - 1

    The weight repairs the gap between the sampler (quantised, llama.cpp) and this model (truncated importance
    sampling, Yao et al. 2025; TRL's `token_truncate`); it carries no gradient. `low` and `high` differ where clip-higher
    (DAPO) is wanted. Departures from the paper: token mean over the mini-batch instead of a mean by sample, and the
    weight.
    """
    ratio = torch.exp(logp - old)
    clipped = torch.clamp(ratio, 1 - settings.clip_low, 1 + settings.clip_high)
    with torch.no_grad():
        weight = importance_weight(old, behaviour, settings.importance_cap)
        low = ((ratio < 1 - settings.clip_low) & (advantage < 0)).float()
        high = ((ratio > 1 + settings.clip_high) & (advantage > 0)).float()
    per_token = -torch.minimum(ratio * advantage, clipped * advantage) * weight
    if reference is None:
        return GrpoTerms(per_token.sum(), None, low, high, weight)
    gap = reference - logp
    kl = torch.exp(gap) - gap - 1
    return GrpoTerms((per_token + settings.kl_coef * kl).sum(), kl.detach(), low, high, weight)


def importance_weight(old: Tensor, behaviour: Tensor, cap: float | None) -> Tensor:
    """min(exp(old - behaviour), cap) by token; ones where the cap is None (correction off)."""
    if cap is None:
        return torch.ones_like(old)
    return torch.exp(old - behaviour).clamp(max=cap)


def sft(logp: Tensor) -> Tensor:
    """Negative log-likelihood of the trained tokens, summed."""
    return -logp.sum()
