"""What one row adds to the objective of its mini-batch: the weighted loss by token, with the KL. Pure."""

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
    weight: Tensor  # [t] importance weight


def objective(tokens: Tokens, behaviour: Tensor, reference: Tensor | None, share: Tensor, loss: Loss) -> Objective:
    """sum of share * (weight * loss + klCoef * kl)

    behaviour, reference, share [t]; share is normalise.py's. The KL is normalised like the loss, as in TRL (`beta`).
    `reference` None: no KL term.
    """
    with torch.no_grad():
        cap = None if loss.supervised else loss.importance_cap
        weight = importance_weights(tokens.old, behaviour, tokens.sequence, loss.importance_mode, cap)
    terms = LOSSES[loss.kind](replace(tokens, weight=weight), loss)
    by_token, kl = terms.value, None
    if reference is not None:
        kl = k3(tokens.logp, reference)
        by_token = by_token + loss.kl_coef * kl
        kl = kl.detach()
    return Objective((by_token * share).sum(), kl, terms.low, terms.high, weight)
