"""What one row adds to the objective of its mini-batch: the loss by token, weighed, with KL and entropy. Pure."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .correction import importance_weights
from .kl import ESTIMATORS
from .loss import LOSSES, Loss, Tokens


@dataclass(frozen=True)
class Objective:
    """The sum to differentiate, and detached values by token for the metrics."""

    value: Tensor  # []
    kl: Tensor | None  # [t] estimate, None without a reference
    low: Tensor  # [t] 1 where the ratio was clipped from below
    high: Tensor  # [t] 1 where it was clipped from above
    weight: Tensor  # [t] importance weight


def objective(
    tokens: Tokens, behaviour: Tensor, reference: Tensor | None, entropy: Tensor, share: Tensor, tokens_in_all: int, loss: Loss
) -> Objective:
    """sum of share * (weight * loss + klCoef * kl)  -  entropyCoef * sum of entropy / trained tokens of the mini-batch

    behaviour, reference, entropy, share [t]; share is normalise.py's. The KL is normalised as the loss is, the entropy is
    always a mean over tokens: both as in TRL (`beta`, `entropy_coef`). `reference` None: no KL term. The entropy carries a
    gradient only where it was asked for (logprob.py).
    """
    with torch.no_grad():
        cap = None if loss.supervised else loss.importance_cap
        weight = importance_weights(tokens.old, behaviour, tokens.sequence, loss.importance_mode, cap)
    terms = LOSSES[loss.kind](replace(tokens, weight=weight), loss)
    by_token, kl = terms.value, None
    if reference is not None:
        kl = ESTIMATORS[loss.kl_estimator](tokens.logp, reference)
        by_token = by_token + loss.kl_coef * kl
        kl = kl.detach()
    value = (by_token * share).sum()
    if loss.entropy_coef != 0:
        value = value - loss.entropy_coef * entropy.sum() / tokens_in_all
    return Objective(value, kl, terms.low, terms.high, weight)
