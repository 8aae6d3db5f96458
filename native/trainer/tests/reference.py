"""Every loss once more, in plain Python floats (float64), sequence by sequence and token by token, written from the papers
and knowing nothing of the code it judges: value, and gradient by the log-prob of each token, by the analytic formula.

A sequence is a dict of lists over all its positions (mask, logp, old, behaviour, reference, advantage), with the number of
its rollout and whether it was aborted: aborted ones and positions that are not trained take part in nothing. Where it has a
true `guide`, nothing was sampled in it, so its tokens have importance weight 1 whatever their behaviour says.
"""

import math
from typing import Any

from trainer.loss import Loss

Sequence = dict[str, Any]


def reference_objective(sequences: list[Sequence], loss: Loss) -> tuple[float, list[list[float]]]:
    """Value, and by sequence the gradient at each position (0 where not trained)."""
    value, gradients = 0.0, [[0.0] * len(s["mask"]) for s in sequences]
    lengths = [0 if s["aborted"] else sum(s["mask"]) for s in sequences]
    rollouts = {s["rollout"] for s, n in zip(sequences, lengths, strict=True) if n}
    for s, n, gradient in zip(sequences, lengths, gradients, strict=True):
        if not n:
            continue
        trained = [i for i, m in enumerate(s["mask"]) if m]
        denominator = {
            "tokens": sum(lengths),
            "sequence": n * sum(1 for m in lengths if m),
            "rollout": len(rollouts)
            * sum(m for m, other in zip(lengths, sequences, strict=True) if other["rollout"] == s["rollout"]),
            "constant": len(rollouts) * loss.constant,
        }[loss.normalize]
        whole = exp(sum(s["old"][i] - s["behaviour"][i] for i in trained))
        geometric = exp(sum(s["logp"][i] - s["old"][i] for i in trained) / n)
        for i in trained:
            of_token = exp(s["logp"][i] - s["old"][i])
            worth, slope = surrogate(loss, geometric if loss.kind == "gspo" else of_token, s["advantage"][i], s["logp"][i])
            gap = whole if loss.importance_mode.startswith("sequence") else exp(s["old"][i] - s["behaviour"][i])
            weight = 1.0 if s.get("guide") else importance(loss, gap)
            if loss.kind != "sft" and (weight == 0 or s["advantage"][i] == 0):
                worth, slope = 0.0, 0.0  # whatever the ratio: it may be infinite
            kl, kl_slope = divergence(s["logp"][i], s["reference"][i])
            value += (weight * worth + loss.kl_coef * kl) / denominator
            gradient[i] = (weight * slope + loss.kl_coef * kl_slope) / denominator
    return value, gradients


def exp(x: float) -> float:
    """math.exp, infinite where that raises."""
    return math.exp(x) if x < 709 else math.inf


def surrogate(loss: Loss, ratio: float, advantage: float, logp: float) -> tuple[float, float]:
    """The loss of a token and its slope by logp; d ratio / d logp is the ratio itself."""
    if loss.kind == "sft":
        return -logp, -1.0
    if loss.kind == "cispo":
        weight = min(max(ratio, 1 - loss.clip_low), 1 + loss.clip_high)
        return -weight * advantage * logp, -weight * advantage
    held = min(max(ratio, 1 - loss.clip_low), 1 + loss.clip_high)
    if ratio * advantage <= held * advantage:
        gain, slope = ratio * advantage, ratio * advantage
    else:
        gain, slope = held * advantage, 0.0
    if loss.kind == "dual_clip" and advantage < 0 and gain < loss.dual_clip * advantage:
        gain, slope = loss.dual_clip * advantage, 0.0
    return -gain, -slope


def importance(loss: Loss, ratio: float) -> float:
    if loss.importance_cap is None or loss.kind == "sft":
        return 1.0
    if loss.importance_mode.endswith("truncate"):
        return min(ratio, loss.importance_cap)
    return ratio if ratio <= loss.importance_cap else 0.0


def divergence(logp: float, reference: float) -> tuple[float, float]:
    gap = logp - reference
    return math.exp(-gap) + gap - 1, 1 - math.exp(-gap)
