"""One update: old log-probs, then one optimizer step a mini-batch, each over packed rows with accumulated gradients.

A mini-batch that cannot teach anything (all advantages zero) or that went wrong (a loss or gradient that is not finite)
changes no weight, no moment and no counter, bit for bit; it is counted as skipped.
"""

import math
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .batch import Numbers, PackedRow, Sample, digests, pack_minibatch
from .loss import Loss, Tokens
from .normalise import token_shares
from .objective import objective
from .policy import Policy, adapter_off, forward
from .tally import Tally, summary


@dataclass(frozen=True)
class Update:
    """Result of `update`: metrics by TRL's names where it has one, and old log-probs by sample (0 where not trained)."""

    metrics: dict[str, float]
    logprobs: list[Numbers]
    digests: list[str]  # by sample: of the ids that were computed


def update(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    minibatches: Sequence[Sequence[Sample]],
    loss: Loss,
    clip: float,
) -> Update:
    """Trains on the mini-batches in order. `clip`: largest gradient norm.

    The optimizer's learning rate is the caller's to set. Old log-probs are taken before the first step; where there is
    one mini-batch only, its own forward pass gives them (ratio 1) and none is repeated.
    """
    started = time.perf_counter()
    packed = [pack_minibatch(samples, policy.budget) for samples in minibatches]
    old: list[list[Tensor | None]] = [[None] * len(rows) for rows in packed]
    if len(packed) > 1 and not loss.supervised:
        old = [[_without_gradient(policy, row, loss.temperature) for row in rows] for rows in packed]
    logprobs: list[Numbers] = [np.zeros(len(s.ids), dtype=np.float32) for samples in minibatches for s in samples]
    tally, first = Tally(), 0
    for samples, rows, olds in zip(minibatches, packed, old, strict=True):
        for row, values in zip(rows, _step(policy, optimizer, samples, rows, olds, loss, clip, tally), strict=True):
            for sample, position, value in zip(row.sample, row.position, values.tolist(), strict=True):
                logprobs[first + sample][position] = value
        first += len(samples)
    metrics = summary(tally)
    trained = [s for samples in minibatches for s in samples if s.trained.any()]
    metrics["learner/packed_tokens"] = sum(len(row.row.ids) for rows in packed for row in rows)
    metrics["learner/unpacked_tokens"] = sum(int(s.trained.nonzero()[0][-1]) + 1 for s in trained)
    metrics["learner/seconds_forward_backward"] = time.perf_counter() - started
    metrics["learner/peak_mb"] = peak_megabytes(policy.device)
    return Update(metrics, logprobs, [d for samples, rows in zip(minibatches, packed, strict=True) for d in digests(samples, rows)])


def _step(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    samples: Sequence[Sample],
    rows: Sequence[PackedRow],
    olds: Sequence[Tensor | None],
    loss: Loss,
    clip: float,
    tally: Tally,
) -> list[Tensor]:
    """One mini-batch; returns the old log-probs [t] of each row."""
    total = sum(len(row.pick) for row in rows)
    shares = token_shares(samples, loss.normalize, loss.constant)
    teaches = total > 0 and (loss.supervised or any(row.advantage.any() for row in rows))
    held = loss.supervised or loss.kl_coef > 0 or loss.entropy_coef != 0
    value, result = 0.0, []
    for row, old in zip(rows, olds, strict=True):
        # A row whose advantages are all zero has no gradient unless another term gives it one: no backward pass.
        learns = teaches and (held or bool(row.advantage.any()))
        with torch.set_grad_enabled(learns):
            row_loss, before = _row_loss(policy, row, old, shares[row.sample], total, loss, tally)
            if learns:
                row_loss.backward()  # type: ignore[no-untyped-call]
        value += row_loss.item()
        result.append(before)
    parameters = list(policy.adapter().values())
    norm = float(torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])) if teaches else 0.0
    if total:
        tally.minibatch("loss", value)
        tally.minibatch("grad_norm", norm)
    if teaches and math.isfinite(value) and math.isfinite(norm):
        torch.nn.utils.clip_grads_with_norm_(parameters, clip, torch.tensor(norm))
        optimizer.step()
    else:
        tally.skipped += 1
    optimizer.zero_grad(set_to_none=True)
    return result


def _row_loss(
    policy: Policy, row: PackedRow, old: Tensor | None, share: Numbers, total: int, loss: Loss, tally: Tally
) -> tuple[Tensor, Tensor]:
    """What a row adds to the loss of its mini-batch of `total` trained tokens, and their old log-probs [t]."""
    on = policy.device
    pick = torch.as_tensor(row.pick, device=on)
    values, entropies = forward(policy, row.row, row.nodes, loss.temperature, loss.entropy_coef != 0)
    logp, entropy = values[pick], entropies[pick]
    before = logp.detach() if old is None else old
    reference = None
    if loss.kl_coef > 0:
        with torch.no_grad(), adapter_off(policy):
            reference = forward(policy, row.row, row.nodes, loss.temperature)[0][pick]
    tokens = Tokens(
        logp, before, torch.as_tensor(row.advantage, device=on), torch.as_tensor(row.sample, dtype=torch.long, device=on)
    )
    behaviour = torch.as_tensor(row.behaviour, device=on)
    terms = objective(tokens, behaviour, reference, entropy, torch.as_tensor(share, dtype=logp.dtype, device=on), total, loss)
    tally.token("entropy", entropy)
    if terms.kl is not None:
        tally.token("kl", terms.kl)
    if not loss.supervised:
        for name, by_token in {"low": terms.low, "high": terms.high, "weight": terms.weight, "gap": before - behaviour}.items():
            tally.token(name, by_token)
    return terms.value, before


def _without_gradient(policy: Policy, row: PackedRow, temperature: float) -> Tensor:
    with torch.no_grad():
        pick = torch.as_tensor(row.pick, device=policy.device)
        return forward(policy, row.row, row.nodes, temperature)[0][pick]


def peak_megabytes(device: torch.device) -> float:
    """Largest memory so far: of the GPU allocator on CUDA, else of the process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated()) / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
