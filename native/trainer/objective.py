"""What one row adds to the objective of its mini-batch: the weighted loss by token, with the KL. Pure.

Tokens of guides have no behaviour log-probs, so nothing corrects them: their importance weight is 1, and for the rest they have
the loss of sampled tokens. LUFFY's shaped importance p / (p + gamma) (arXiv 2504.14945) is not used: its slope by log p is at
most 1/4 and 0.08 at p = 0.9, so that six sampled failures, each with slope 1, outweighed their guide (docs/results.md).
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .correction import importance_weights
from .kl import k3
from .loss import LOSSES, Loss, Tokens


@dataclass(frozen=True)
class Objective:
    """The sum to differentiate, and detached values by token for the metrics."""

    value: Tensor  # []
    kl: Tensor | None  # [t] estimate, None without a reference
    low: Tensor  # [t] 1 where the ratio was clipped from below
    high: Tensor  # [t] 1 where it was clipped from above
    weight: Tensor  # [t] importance weight; 1 for tokens of guides


def objective(
    tokens: Tokens, behaviour: Tensor, reference: Tensor | None, share: Tensor, loss: Loss, guide: Tensor | None = None
) -> Objective:
    """sum of share * (weight * loss + klCoef * kl)

    behaviour, reference, share [t]; share is normalise.py's. The KL is normalised like the loss, as in TRL (`beta`).
    `reference` None: no KL term. guide [t] bool: tokens of guides, which are whole sequences; None: there are none.
    """
    with torch.no_grad():
        cap = None if loss.supervised else loss.importance_cap
        weight = importance_weights(tokens.old, behaviour, tokens.sequence, loss.importance_mode, cap)
        if guide is not None:
            weight = weight.masked_fill(guide, 1)
    terms = LOSSES[loss.kind](replace(tokens, weight=weight), loss)
    by_token, kl = terms.value, None
    if reference is not None:
        kl = k3(tokens.logp, reference)
        by_token = by_token + loss.kl_coef * kl
        kl = kl.detach()
    return Objective((by_token * share).sum(), kl, terms.low, terms.high, weight)
