"""Correction of the gap between the sampler (quantised, llama.cpp) and this model: importance weights exp(old - behaviour).

Truncated importance sampling (Yao et al. 2025) and its masked and sequence-level variants, as TRL's `token_truncate`,
`token_mask`, `sequence_truncate`, `sequence_mask`. The weights carry no gradient and change no denominator.
"""

import torch
from torch import Tensor

from .loss import sequence_sums

MODES = ("token_truncate", "token_mask", "sequence_truncate", "sequence_mask")
BAND = (0.9, 1.1)  # a ratio in this range counts as no correction


def importance_weights(old: Tensor, behaviour: Tensor, sequence: Tensor, mode: str, cap: float | None) -> Tensor:
    """[t] min(ratio, cap), or 0 for a ratio above the cap; ones if the cap is None (correction off).

    The ratio of a token is its own, or the product over its sequence. old, behaviour [t]; sequence [t] int64.
    """
    if cap is None:
        return torch.ones_like(old)
    level, action = mode.split("_")
    gap = old - behaviour
    ratio = torch.exp(sequence_sums(gap, sequence) if level == "sequence" else gap)
    return ratio.clamp(max=cap) if action == "truncate" else ratio.masked_fill(ratio > cap, 0)


def gap_metrics(gap: Tensor, weight: Tensor) -> dict[str, float]:
    """For the tokens of an update: gap = old - behaviour [t] in nats, weight [t] as used. TRL's names where it has one.

    The effective sample size is Kish's, as a share of the tokens: (sum w)^2 / (t * sum w^2); 0 if all are masked.
    """
    ratio = gap.exp()
    square = float(weight.square().sum()) * len(weight)
    return {
        "sampling/sampling_logp_difference/mean": float(gap.abs().mean()),
        "sampling/sampling_logp_difference/max": float(gap.abs().max()),
        "sampling/importance_sampling_ratio/mean": float(weight.mean()),
        "sampling/importance_sampling_ratio/std": float(weight.std(correction=0)),
        "sampling/importance_sampling_ratio/min": float(weight.min()),
        "sampling/importance_sampling_ratio/max": float(weight.max()),
        "sampling/effective_sample_size": float(weight.sum()) ** 2 / square if square != 0 else 0.0,
        "sampling/ratio_out_of_band": float(((ratio < BAND[0]) | (ratio > BAND[1])).to(gap.dtype).mean()),
    }
