"""Log-probs of chosen tokens without holding the logits of all positions at once.

A vocabulary of 151,936 makes 600 kB of float32 logits per position. Positions are processed in chunks, and since the head is
frozen, the gradient of a log-prob with respect to its hidden state, (one-hot target - softmax) @ W / temperature, is known
in the forward pass: it is kept (one hidden vector per position) instead of the logits, so nothing is computed twice. The
entropy is a measurement and has no gradient.

Logits are float32 for every dtype of the model. In bfloat16 a logit of 20 is exact only to 0.06, which is noise in every
log-prob: a hundred times the clip band of GSPO.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

CHUNK_BYTES = 64 * 1024 * 1024  # float32 logits held at a time
CAST_BYTES = 4 * 1024 * 1024  # float32 copy of the head held at a time: fits into the cache
SUMMED = 16_384  # products that Apple's GPUs add at a time: from 32,767 on an M1 or M2 reads too far (pytorch#195163)


def target_logprobs(hidden: Tensor, weight: Tensor, targets: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """log softmax(hidden @ weight.T / temperature) at the targets, and the entropies (without gradient).

    hidden [t, h], weight [v, h] (frozen), targets [t] -> logp [t], entropy [t], both float32.
    """
    logp, entropy = _TargetLogprobs.apply(hidden, weight, targets, temperature)  # type: ignore[no-untyped-call]
    return logp, entropy


class _TargetLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        logp = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
        entropy = torch.empty_like(logp)
        slope = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None  # [t, h] d logp / d hidden

        def fill(part: slice) -> None:  # a function, so that no tensor of one chunk outlives it
            logits, target = _logits(hidden[part], weight).div_(temperature), targets[part, None]  # [c, v], [c, 1]
            log_softmax = logits.sub_(logits.logsumexp(-1, keepdim=True))
            logp[part] = log_softmax.gather(-1, target).squeeze(-1)
            probability = log_softmax.exp()
            entropy[part] = -torch.linalg.vecdot(probability, log_softmax)
            if slope is not None:
                # One-hot minus p sums to 0. For p near 1, 1 - p is the sum of the others, since p itself is rounded too much.
                push = probability.neg_().scatter_(-1, target, 0)
                push.scatter_(-1, target, -push.sum(-1, keepdim=True))
                slope[part] = _times(push.to(weight.dtype), weight, SUMMED if weight.device.type == "mps" else None) / temperature

        for part in _chunks(len(targets), weight.shape[0]):
            fill(part)
        ctx.slope = slope
        ctx.mark_non_differentiable(entropy)
        return logp, entropy

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, None, None, None]:
        slope: Tensor = ctx.slope
        return (gradients[0][:, None] * slope).to(slope.dtype), None, None, None


def _times(push: Tensor, weight: Tensor, most: int | None = None) -> Tensor:
    """push [c, v] @ weight [v, h]; with `most` in slices of so many rows of the head, added in float32."""
    if most is None:
        return push @ weight
    parts = [push[:, start : start + most] @ weight[start : start + most] for start in range(0, len(weight), most)]
    return torch.stack(parts).float().sum(0)


def _logits(hidden: Tensor, weight: Tensor) -> Tensor:
    """hidden @ weight.T in float32, [c, v]. GPU kernels sum exactly and only need rounding turned off; elsewhere the
    products of bfloat16 numbers, which float32 holds exactly, are summed in float32, a slice of the head at a time.
    """
    if weight.dtype.itemsize >= 4:
        return (hidden @ weight.T).float()
    if weight.is_cuda:
        return torch.mm(hidden, weight.T, out_dtype=torch.float32)
    logits = torch.empty(len(hidden), len(weight), dtype=torch.float32, device=weight.device)
    wide, rows = hidden.float(), max(1, CAST_BYTES // (4 * weight.shape[1]))
    cast = torch.empty(min(rows, len(weight)), weight.shape[1], dtype=torch.float32, device=weight.device)  # used again
    for start in range(0, len(weight), rows):
        part, columns = weight[start : start + rows], logits[:, start : start + rows]
        exact = cast[: len(part)].copy_(part).T
        if weight.device.type == "cpu":
            torch.mm(wide, exact, out=columns)
        else:  # Apple's GPUs write wrongly into columns of a larger result
            columns.copy_(wide @ exact)
    return logits


def _chunks(count: int, vocabulary: int) -> Iterator[slice]:
    size = max(1, CHUNK_BYTES // (4 * vocabulary))
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
