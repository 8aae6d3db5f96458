"""One update: old log-probs, then one optimizer step a mini-batch, each over packed rows with accumulated gradients.

A mini-batch that cannot teach anything (all advantages zero) or that went wrong (a loss or gradient that is not finite)
changes no weight, no moment and no counter, bit for bit; it is counted as skipped. Memory is planned before the update
(memory.py); where it ends all the same, the mini-batch is done again, once, in rows of half the length. Under torchrun the
rows are shared out and the gradients summed (ranks.py).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from .attempt import Attempt, over_rows
from .batch import Numbers, PackedRow, Sample, pack_minibatch
from .loss import GrpoLoss, grpo, sft
from .machine import peak_bytes, restart_peak
from .memory import Plan, Room, limit_bytes, make_plan, room_of
from .policy import Policy, adapter_off, forward
from .ranks import ALONE, Ranks


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

    def add(self, other: "Tally") -> None:
        for name, values in other.by_token.items():
            self.by_token.setdefault(name, []).extend(values)
        for name, numbers in other.by_minibatch.items():
            self.by_minibatch.setdefault(name, []).extend(numbers)
        self.skipped += other.skipped


@dataclass(frozen=True)
class Update:
    """Result of `update`: metrics by TRL's names where it has one, and old log-probs by sample (0 where not trained)."""

    metrics: dict[str, float]
    logprobs: list[Numbers]


def update(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    minibatches: Sequence[Sequence[Sample]],
    loss: GrpoLoss | None,
    clip: float,
    room: Room | None = None,
    ranks: Ranks = ALONE,
) -> Update:
    """Trains on the mini-batches in order; `loss` None is supervised. `clip`: largest gradient norm.

    The optimizer's learning rate is the caller's to set. Old log-probs are taken before the first step; where there is
    one mini-batch only, its own forward pass gives them (ratio 1) and none is repeated. Raises Fault("memory").
    """
    started = time.perf_counter()
    room = room or room_of(policy)
    limit = min(ranks.gather(limit_bytes(policy, room)))  # every rank must cut the same rows
    plan = make_plan(policy, room, limit, lambda tokens: [r for s in minibatches for r in _rows(s, tokens, ranks)])
    attempt, predicted = Attempt(policy, room, plan), plan.predicted
    restart_peak(policy.device)
    old: list[list[Numbers]] | None = None
    if len(minibatches) > 1 and loss is not None:
        old = [attempt.run(partial(_old_logprobs, policy, samples, loss.temperature, ranks)) for samples in minibatches]
    tally, logprobs, packed = Tally(), list[Numbers](), 0
    for number, samples in enumerate(minibatches):
        before = None if old is None else old[number]
        part, tokens, values = attempt.run(partial(_step, policy, optimizer, samples, before, loss, clip, ranks))
        tally.add(part)
        logprobs += values
        packed += tokens
    metrics = summary(tally, loss is not None)
    trained = [s for samples in minibatches for s in samples if s.trained.any()]
    metrics["learner/packed_tokens"] = packed
    metrics["learner/unpacked_tokens"] = sum(int(s.trained.nonzero()[0][-1]) + 1 for s in trained)
    metrics["learner/seconds_forward_backward"] = time.perf_counter() - started
    metrics["learner/row_tokens"] = attempt.plan.row_tokens
    metrics["learner/recomputed_blocks"] = attempt.plan.recomputed
    metrics["learner/memory_retries"] = attempt.retries
    metrics["learner/predicted_mb"] = predicted / 1e6
    metrics["learner/peak_mb"] = max(ranks.gather(peak_bytes(policy.device))) / 1e6
    return Update(metrics, logprobs)


def _rows(samples: Sequence[Sample], tokens: int, ranks: Ranks) -> list[PackedRow]:
    """Rows of at most `tokens`, and for several ranks at least about one for each."""
    rows = pack_minibatch(samples, tokens)
    if ranks.size == 1 or not rows:
        return rows
    total = sum(len(row.row.ids) for row in rows)
    return pack_minibatch(samples, min(tokens, math.ceil(total / ranks.size)))


def _by_sample(samples: Sequence[Sample], rows: Sequence[PackedRow], values: Sequence[Tensor]) -> list[Numbers]:
    """Values [t] of the rows' trained tokens, laid out by sample and position; 0 elsewhere."""
    result: list[Numbers] = [np.zeros(len(sample.ids), dtype=np.float32) for sample in samples]
    for row, row_values in zip(rows, values, strict=True):
        for sample, position, value in zip(row.sample, row.position, row_values.tolist(), strict=True):
            result[sample][position] = value
    return result


def _old_logprobs(policy: Policy, samples: Sequence[Sample], temperature: float, ranks: Ranks, plan: Plan) -> list[Numbers]:
    """Log-probs of the trained tokens before the update, by sample."""
    rows = _rows(samples, plan.row_tokens, ranks)

    def work(index: int) -> Tensor:
        row = rows[index]
        return forward(policy, row.row, row.nodes, temperature)[0][torch.as_tensor(row.pick, device=policy.device)]

    with torch.no_grad():
        return _by_sample(samples, rows, over_rows(ranks, rows, work))


def _step(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    samples: Sequence[Sample],
    old: Sequence[Numbers] | None,
    loss: GrpoLoss | None,
    clip: float,
    ranks: Ranks,
    plan: Plan,
) -> tuple[Tally, int, list[Numbers]]:
    """One mini-batch. Returns its metrics, the tokens of its rows and the old log-probs by sample."""
    rows, tally, values = _rows(samples, plan.row_tokens, ranks), Tally(), list[float]()
    total = sum(len(row.pick) for row in rows)
    teaches = total > 0 and (loss is None or any(row.advantage.any() for row in rows))

    def work(index: int) -> Tensor:
        row = rows[index]
        # A row whose advantages are all zero has no gradient unless it is held to the reference: no backward pass.
        learns = teaches and (loss is None or loss.kl_coef > 0 or bool(row.advantage.any()))
        known = None if old is None else np.asarray([old[s][p] for s, p in zip(row.sample, row.position, strict=True)])
        with torch.set_grad_enabled(learns):
            before = None if known is None else torch.as_tensor(known, device=policy.device)
            row_loss, before = _row_loss(policy, row, before, loss, tally)
            if learns:
                (row_loss / total).backward()  # type: ignore[no-untyped-call]
        values.append(row_loss.item() / total)
        return before

    befores = over_rows(ranks, rows, work)
    value = sum(sum(part) for part in ranks.gather(values))
    parameters = list(policy.adapter().values())
    norm = _summed_norm(parameters, ranks) if teaches else 0.0
    if ranks.size > 1:
        tally.by_token = _joined(ranks.gather(tally.by_token))
    if total:
        tally.minibatch("loss", value)
        tally.minibatch("grad_norm", norm)
    if teaches and math.isfinite(value) and math.isfinite(norm):
        torch.nn.utils.clip_grads_with_norm_(parameters, clip, torch.tensor(norm))
        optimizer.step()
    else:
        tally.skipped += 1
    optimizer.zero_grad(set_to_none=True)
    return tally, sum(len(row.row.ids) for row in rows), _by_sample(samples, rows, befores)


def _summed_norm(parameters: Sequence[torch.nn.Parameter], ranks: Ranks) -> float:
    """Norm of the gradients, after they were summed over the ranks."""
    if ranks.size > 1:
        for parameter in parameters:  # a rank without a row of its own has none yet
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    gradients = [p.grad for p in parameters if p.grad is not None]
    ranks.add_up(gradients)
    return float(torch.nn.utils.get_total_norm(gradients))


def _joined(parts: Sequence[dict[str, list[Tensor]]]) -> dict[str, list[Tensor]]:
    return {name: [t for part in parts for t in part.get(name, [])] for name in {n: None for part in parts for n in part}}


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
