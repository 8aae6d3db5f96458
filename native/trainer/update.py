"""One update: old log-probs, then one optimizer step a mini-batch, each over packed rows with accumulated gradients.

A mini-batch that cannot teach anything (all advantages zero) or that went wrong (a loss or gradient that is not finite)
changes no weight, no moment and no counter, bit for bit; it is counted as skipped.
"""

import math
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .batch import Numbers, PackedRow, Sample, digests, pack_minibatch
from .loss import GrpoLoss, grpo, sft
from .policy import Policy, adapter_off, forward


@dataclass
class Tally:
    """Values by trained token (means are over all tokens of the update) and by mini-batch (means over those)."""

    by_token: dict[str, list[Tensor]] = field(default_factory=dict)
    by_minibatch: dict[str, list[float]] = field(default_factory=dict)
    skipped: int = 0

    def token(self, name: str, values: Tensor) -> None:
        self.by_token.setdefault(name, []).append(values.detach().float().cpu())

    def minibatch(self, name: str, value: float) -> None:
        self.by_minibatch.setdefault(name, []).append(value)


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
    loss: GrpoLoss | None,
    clip: float,
) -> Update:
    """Trains on the mini-batches in order; `loss` None is supervised. `clip`: largest gradient norm.

    The optimizer's learning rate is the caller's to set. Old log-probs are taken before the first step; where there is
    one mini-batch only, its own forward pass gives them (ratio 1) and none is repeated.
    """
    started = time.perf_counter()
    packed = [pack_minibatch(samples, policy.budget) for samples in minibatches]
    old: list[list[Tensor | None]] = [[None] * len(rows) for rows in packed]
    if len(packed) > 1 and loss is not None:
        old = [[_without_gradient(policy, row, loss.temperature) for row in rows] for rows in packed]
    logprobs: list[Numbers] = [np.zeros(len(s.ids), dtype=np.float32) for samples in minibatches for s in samples]
    tally, first = Tally(), 0
    for samples, rows, olds in zip(minibatches, packed, old, strict=True):
        for row, values in zip(rows, _step(policy, optimizer, rows, olds, loss, clip, tally), strict=True):
            for sample, position, value in zip(row.sample, row.position, values.tolist(), strict=True):
                logprobs[first + sample][position] = value
        first += len(samples)
    metrics = summary(tally, loss is not None)
    trained = [s for samples in minibatches for s in samples if s.trained.any()]
    metrics["learner/packed_tokens"] = sum(len(row.row.ids) for rows in packed for row in rows)
    metrics["learner/unpacked_tokens"] = sum(int(s.trained.nonzero()[0][-1]) + 1 for s in trained)
    metrics["learner/seconds_forward_backward"] = time.perf_counter() - started
    metrics["learner/peak_mb"] = peak_megabytes(policy.device)
    return Update(
        metrics, logprobs, [d for samples, rows in zip(minibatches, packed, strict=True) for d in digests(samples, rows)]
    )


def _step(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    rows: Sequence[PackedRow],
    olds: Sequence[Tensor | None],
    loss: GrpoLoss | None,
    clip: float,
    tally: Tally,
) -> list[Tensor]:
    """One mini-batch; returns the old log-probs [t] of each row."""
    total = sum(len(row.pick) for row in rows)
    teaches = total > 0 and (loss is None or any(row.advantage.any() for row in rows))
    value, result = 0.0, []
    for row, old in zip(rows, olds, strict=True):
        # A row whose advantages are all zero has no gradient unless it is held to the reference: no backward pass.
        learns = teaches and (loss is None or loss.kl_coef > 0 or bool(row.advantage.any()))
        with torch.set_grad_enabled(learns):
            row_loss, before = _row_loss(policy, row, old, loss, tally)
            if learns:
                (row_loss / total).backward()  # type: ignore[no-untyped-call]
        value += row_loss.item() / total
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


def _row_loss(policy: Policy, row: PackedRow, old: Tensor | None, loss: GrpoLoss | None, tally: Tally) -> tuple[Tensor, Tensor]:
    """Summed loss of a row's trained tokens and their old log-probs [t]."""
    pick = torch.as_tensor(row.pick, device=policy.device)
    values, entropy = forward(policy, row.row, row.nodes, 1.0 if loss is None else loss.temperature)
    logp = values[pick]
    tally.token("entropy", entropy[pick])
    before = logp.detach() if old is None else old
    if loss is None:
        return sft(logp), before
    reference = None
    if loss.kl_coef > 0:
        with torch.no_grad(), adapter_off(policy):
            reference = forward(policy, row.row, row.nodes, loss.temperature)[0][pick]
    behaviour = torch.as_tensor(row.behaviour, device=policy.device)
    terms = grpo(logp, before, behaviour, reference, torch.as_tensor(row.advantage, device=policy.device), loss)
    tally.token("low", terms.low)
    tally.token("high", terms.high)
    tally.token("weight", terms.weight)
    tally.token("gap", before - behaviour)
    if terms.kl is not None:
        tally.token("kl", terms.kl)
    return terms.loss_sum, before


def _without_gradient(policy: Policy, row: PackedRow, temperature: float) -> Tensor:
    with torch.no_grad():
        pick = torch.as_tensor(row.pick, device=policy.device)
        return forward(policy, row.row, row.nodes, temperature)[0][pick]


def summary(tally: Tally, grpo_metrics: bool) -> dict[str, float]:
    """Metrics of one update; an average over no token is left out."""
    metrics: dict[str, float] = {name: float(np.mean(values)) for name, values in tally.by_minibatch.items()}
    token = {name: torch.cat(values) for name, values in tally.by_token.items()}
    metrics["num_tokens"] = float(len(token["entropy"])) if token else 0.0
    metrics["skipped_steps"] = float(tally.skipped)
    if not token:
        return metrics
    metrics["entropy"] = float(token["entropy"].mean())
    if not grpo_metrics:
        return metrics
    if "kl" in token:
        metrics["kl"] = float(token["kl"].mean())
    gap, weight = token["gap"].abs(), token["weight"]
    ratio = token["gap"].exp()
    return metrics | {
        "clip_ratio/low_mean": float(token["low"].mean()),
        "clip_ratio/high_mean": float(token["high"].mean()),
        "clip_ratio/region_mean": float((token["low"] + token["high"]).mean()),
        "sampling/sampling_logp_difference/mean": float(gap.mean()),
        "sampling/sampling_logp_difference/max": float(gap.max()),
        "sampling/importance_sampling_ratio/mean": float(weight.mean()),
        "sampling/importance_sampling_ratio/min": float(weight.min()),
        "sampling/importance_sampling_ratio/max": float(weight.max()),
        "sampling/ratio_out_of_band": float(((ratio < 0.9) | (ratio > 1.1)).float().mean()),
    }


def peak_megabytes(device: torch.device) -> float:
    """Largest memory so far: of the GPU allocator on CUDA, else of the process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated()) / 1e6
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
