"""Log-probs of chosen tokens without ever holding the logits of all positions.

A vocabulary of 151,936 makes 600 kB of float32 logits a position. Positions are taken in chunks, and since the head is
frozen, the gradient of a log-prob with respect to its hidden state, (W[target] - softmax @ W) / temperature, is known
in the forward pass: it is kept (one hidden vector a position) instead of the logits, so nothing is computed twice. That of
the entropy, -(p * (log p + H)) @ W / temperature, is kept beside it where an entropy term asks for it.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

CHUNK_BYTES = 64 * 1024 * 1024  # float32 logits held at a time


def target_logprobs(
    hidden: Tensor, weight: Tensor, targets: Tensor, temperature: float, entropy_gradient: bool = False
) -> tuple[Tensor, Tensor]:
    """log softmax(hidden @ weight.T / temperature) at the targets, and the entropies (by default without gradient).

    hidden [t, h], weight [v, h] (frozen), targets [t] -> logp [t], entropy [t], both float32.
    """
    logp, entropy = _TargetLogprobs.apply(hidden, weight, targets, temperature, entropy_gradient)  # type: ignore[no-untyped-call]
    return logp, entropy


class _TargetLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, temperature: float, entropy_gradient: bool
    ) -> tuple[Tensor, Tensor]:
        logp = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
        entropy = torch.empty_like(logp)
        slope = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None  # [t, h] d logp / d hidden
        entropy_slope = torch.empty_like(hidden) if slope is not None and entropy_gradient else None
        for part in _chunks(len(targets), weight.shape[0]):
            logits = (hidden[part] @ weight.T).float().div_(temperature)  # [c, v]
            log_softmax = logits.sub_(logits.logsumexp(-1, keepdim=True))
            logp[part] = log_softmax.gather(-1, targets[part, None]).squeeze(-1)
            probability = log_softmax.exp()
            entropy[part] = -torch.linalg.vecdot(probability, log_softmax)
            if slope is not None:
                expected = probability.to(weight.dtype) @ weight  # [c, h]
                slope[part] = (weight[targets[part]] - expected) / temperature
            if entropy_slope is not None:
                pull = probability * (log_softmax + entropy[part, None])
                entropy_slope[part] = -(pull.to(weight.dtype) @ weight) / temperature
        ctx.slope, ctx.entropy_slope = slope, entropy_slope
        if not entropy_gradient:
            ctx.mark_non_differentiable(entropy)
        return logp, entropy

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, None, None, None, None]:
        slope: Tensor = ctx.slope
        pulled = gradients[0][:, None] * slope
        if ctx.entropy_slope is not None:
            pulled = pulled + gradients[1][:, None] * ctx.entropy_slope
        return pulled.to(slope.dtype), None, None, None, None


def _chunks(count: int, vocabulary: int) -> Iterator[slice]:
    size = max(1, CHUNK_BYTES // (4 * vocabulary))
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
