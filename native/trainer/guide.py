"""Shaped importance for tokens that no policy sampled: the right episode of a task, which joins a group that failed.

LUFFY's policy shaping (arXiv 2504.14945): with p the token's probability under the current policy, its loss is -A * f(p), with
f(p) = p / (p + gamma). The slope of f by log p is f (1 - f): largest at p = gamma, so that unlikely tokens are learnt, and near
0 for tokens that the policy writes anyway. The behaviour policy counts as 1 for every token, and nothing is clipped, as there.
"""

import math

from torch import Tensor


def shaped(logp: Tensor, advantage: Tensor, gamma: float) -> Tensor:
    """[t] -A * p / (p + gamma), where logp [t] carries the gradient. p / (p + gamma) is the logistic of log p - log gamma."""
    return -advantage * (logp - math.log(gamma)).sigmoid()
