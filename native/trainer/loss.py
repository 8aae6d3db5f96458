"""The losses by token, one pure function each, in one table. No model, no optimizer, no I/O, no normalisation.

All tensors are of shape [t], t = the trained tokens of one packed row, in any order; a sequence is whole in its row.
What is minimised is the sum of a loss's values times their shares (normalise.py), plus the KL (kl.py): objective.py.
Every loss is linear in the advantage while its sign stays the same, so the importance weight (correction.py) multiplies the
advantage, and a token with weight 0 is one without an advantage. No exponential is taken of its ratio, nor of a clipped one:
these add 0 and the bound, whatever the ratio. A ratio that counts and overflows gives a non-finite loss, whose step is
skipped (update.py): nothing is clamped silently, so the numbers are TRL's.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """A loss as data; the loop's config has the defaults, those here mean "off"."""

    kind: str  # a name of LOSSES
    clip_low: float = 0.2
    clip_high: float = 0.2
    dual_clip: float = 3.0  # c: largest ratio where the advantage is negative (dual_clip alone)
    kl_coef: float = 0.0
    normalize: str = "tokens"  # a name of normalise.NORMALIZERS
    constant: float = 1.0  # tokens per rollout, for normalize "constant"
    importance_mode: str = "token_truncate"  # a name of correction.MODES
    importance_cap: float | None = None  # None: no correction
    temperature: float = 1.0

    @property
    def supervised(self) -> bool:
        """No advantages, no old log-probs: increases the probability of every trained token."""
        return self.kind == "sft"


@dataclass(frozen=True)
class Tokens:
    """Inputs of a loss."""

    logp: Tensor  # [t] of the current policy; carries the gradient
    old: Tensor  # [t] of the policy before the first optimizer step of the update
    advantage: Tensor  # [t]
    sequence: Tensor  # [t] int64: index of the token's sequence in the mini-batch
    weight: Tensor | float = 1.0  # [t] importance weight, set by objective.py


@dataclass(frozen=True)
class Terms:
    """Outputs of a loss."""

    value: Tensor  # [t] to minimise, weighted
    low: Tensor  # [t] 1 where the ratio was clipped from below, also where the weight is 0 (as TRL counts)
    high: Tensor  # [t] 1 where it was clipped from above


def grpo(tokens: Tokens, loss: Loss) -> Terms:
    """Clipped surrogate of GRPO (arXiv 2402.03300, eq. 3; PPO, arXiv 1707.06347, eq. 7) by token:

    ratio = exp(logp - old);  loss = -min(ratio * A, clip(ratio, 1 - low, 1 + high) * A)

    The paper averages over the tokens of a sequence, then over sequences (normalize "sequence"); its KL is k3.
    """
    return _clipped(tokens.logp - tokens.old, tokens, loss)


def dr_grpo(tokens: Tokens, loss: Loss) -> Terms:
    """Dr. GRPO (arXiv 2503.20783, section 3.2): GRPO's surrogate, summed over tokens and divided by a constant (normalize
    "constant"), so that the length of a wrong answer does not reduce its loss. The paper also omits the division by the
    group's standard deviation, which is part of the advantage (advantage.normalizeStd of the loop).
    """
    return grpo(tokens, loss)


def dapo(tokens: Tokens, loss: Loss) -> Terms:
    """DAPO (arXiv 2503.14476, eq. 8): GRPO's surrogate with clip-higher (low 0.2, high 0.28), every token of the
    mini-batch equally (normalize "tokens"), no KL. Its reward shaping of overlong answers and its dynamic sampling of
    groups are not implemented here.
    """
    return grpo(tokens, loss)


def dual_clip(tokens: Tokens, loss: Loss) -> Terms:
    """Dual-clip PPO (arXiv 1912.09729, eq. 5): where A < 0 the loss is bounded at -c * A, so that a very large ratio has a
    bounded effect. With c > 1 + high it is TRL's `delta`. c = 3 as published.
    """
    return _clipped(tokens.logp - tokens.old, tokens, loss, ceiling=loss.dual_clip)


def gspo(tokens: Tokens, loss: Loss) -> Terms:
    """GSPO (arXiv 2507.18071, eq. 5 to 7), in the form with an advantage per token (GSPO-token, eq. 13 and 14):

    s = exp(mean over the sequence of (logp - old));  ratio = sg(s) * exp(logp - sg(logp)), clipped as in GRPO

    If a sequence has one advantage and one weight, value and gradient equal the plain form. The paper averages over
    sequences (normalize "sequence") and clips at 3e-4 and 4e-4.
    """
    with torch.no_grad():
        gap = sequence_sums(tokens.logp - tokens.old, tokens.sequence)
        length = sequence_sums(torch.ones_like(gap), tokens.sequence)
        mean = gap / length
    return _clipped(mean + (tokens.logp - tokens.logp.detach()), tokens, loss)


def cispo(tokens: Tokens, loss: Loss) -> Terms:
    """CISPO (MiniMax-M1, arXiv 2506.13585, eq. 4 and 5): a policy gradient weighted by the clipped ratio, so that every
    token keeps its gradient: -sg(clip(ratio, 1 - low, 1 + high)) * A * logp. The paper sets no lower bound (low 1);
    1 + high is TRL's `epsilon_high` for this loss (5 in ScaleRL, arXiv 2510.13786).
    """
    with torch.no_grad():
        ratio = torch.exp(tokens.logp - tokens.old)
        held = ratio.clamp(1 - loss.clip_low, 1 + loss.clip_high)
        low, high = ((ratio < 1 - loss.clip_low).to(ratio.dtype), (ratio > 1 + loss.clip_high).to(ratio.dtype))
    return Terms(-held * tokens.weight * tokens.advantage * tokens.logp, low, high)


def sft(tokens: Tokens, _: Loss) -> Terms:
    """Negative log-likelihood. Ignores old log-probs and advantages."""
    never = torch.zeros_like(tokens.logp)
    return Terms(-tokens.logp, never, never)


LOSSES: Mapping[str, Callable[[Tokens, Loss], Terms]] = {
    "grpo": grpo,
    "dr_grpo": dr_grpo,
    "dapo": dapo,
    "dual_clip": dual_clip,
    "gspo": gspo,
    "cispo": cispo,
    "sft": sft,
}


def sequence_sums(values: Tensor, sequence: Tensor) -> Tensor:
    """[t] For each token the sum of `values` [t] over its sequence."""
    sums = torch.zeros(int(sequence.max()) + 1, dtype=values.dtype, device=values.device)
    return sums.index_add(0, sequence, values)[sequence]


def _clipped(log_ratio: Tensor, tokens: Tokens, loss: Loss, ceiling: float = math.inf) -> Terms:
    """-min(ratio * A, clip(ratio) * A) is -A times the ratio bounded on one side: at most 1 + high where A > 0; where A < 0 at
    least 1 - low, and at most `ceiling`. The bound is applied to the logarithm, before the exponential.
    """
    positive, negative = tokens.advantage > 0, tokens.advantage < 0
    floor = math.log1p(-loss.clip_low) if loss.clip_low < 1 else -math.inf
    least = torch.full_like(log_ratio, -math.inf).masked_fill(negative, floor)
    most = torch.full_like(log_ratio, math.inf).masked_fill(negative, math.log(ceiling))
    most = most.masked_fill(positive, math.log1p(loss.clip_high))
    pull = tokens.weight * tokens.advantage
    counting = torch.where(pull == 0, 0, log_ratio)
    value = -pull * torch.exp(counting.clamp(least, most))
    return Terms(value, (log_ratio < least).to(value.dtype), (log_ratio > most).to(value.dtype))
