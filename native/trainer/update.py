"""One update: old log-probs, then one optimizer step per mini-batch, each over packed rows with accumulated gradients.

A mini-batch without a gradient (all advantages zero and no KL term), or with a loss or gradient that is not finite, changes
no weight, no moment and no counter, bit for bit; it is counted as skipped. Memory is planned before the update (memory.py);
if it still runs out, the mini-batch is repeated once in rows of half the length. Under torchrun the rows are distributed and
the gradients summed (ranks.py).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from .attempt import Attempt, over_rows
from .batch import Numbers, PackedRow, Sample, digests, pack_minibatch
from .loss import Loss, Tokens
from .machine import give_back_cached, peak_bytes, restart_peak
from .memory import Plan, Room, limit_bytes, make_plan, room_of
from .normalise import token_shares
from .objective import objective
from .policy import Policy, adapter_off, forward
from .ranks import ALONE, Ranks
from .tally import Tally, summary

HOLES = 1.6  # room for free memory between what is used, as a multiple of the prediction; up to 1.45 was measured


@dataclass(frozen=True)
class Update:
    """Result of `update`: metrics by TRL's names where it has one, and old log-probs by sample (0 if not trained)."""

    metrics: dict[str, float]
    logprobs: list[Numbers]
    digests: list[str]  # by sample: digest of the computed ids


def update(
    policy: Policy,
    optimizer: torch.optim.Optimizer,
    minibatches: Sequence[Sequence[Sample]],
    loss: Loss,
    clip: float,
    room: Room | None = None,
    ranks: Ranks = ALONE,
) -> Update:
    """Trains on the mini-batches in order. `clip`: largest gradient norm.

    The caller sets the optimizer's learning rate. Old log-probs are computed before the first step; those of the first
    mini-batch are given by its own forward pass (ratio 1), without a second one. Raises Fault("memory").
    """
    started = time.perf_counter()
    room = room or room_of(policy)
    # every rank must make the same rows: planned for the fullest of them, and for the one that may use the least
    limits, residents = zip(*ranks.gather((limit_bytes(policy, room), room.resident)), strict=True)
    limit, fullest = min(limits), replace(room, resident=max(residents))
    plan = make_plan(policy, fullest, limit, lambda tokens: [r for s in minibatches for r in _rows(s, tokens, ranks)])
    predicted = plan.predicted
    attempt = Attempt(policy, room, plan, keep_freed=policy.device.type == "cpu" and predicted * HOLES <= limit)
    restart_peak(policy.device)
    before: list[list[Numbers] | None] = [None] * len(minibatches)
    if not loss.supervised:
        before[1:] = [
            attempt.run(partial(_old_logprobs, policy, samples, loss.temperature, ranks)) for samples in minibatches[1:]
        ]
    tally, logprobs, computed, packed = Tally(), list[Numbers](), list[str](), 0
    for samples, old in zip(minibatches, before, strict=True):
        done = attempt.run(partial(_step, policy, optimizer, samples, old, loss, clip, ranks))
        tally.add(done.tally)
        logprobs += done.logprobs
        computed += done.digests
        packed += done.tokens
    metrics = summary(tally)
    trained = [s for samples in minibatches for s in samples if s.trained.any()]
    metrics["learner/packed_tokens"] = packed
    metrics["learner/unpacked_tokens"] = sum(int(s.trained.nonzero()[0][-1]) + 1 for s in trained)
    metrics["learner/seconds_forward_backward"] = time.perf_counter() - started
    metrics["learner/row_tokens"] = attempt.plan.row_tokens
    metrics["learner/recomputed_blocks"] = attempt.plan.recomputed
    metrics["learner/memory_retries"] = attempt.retries
    metrics["learner/predicted_mb"] = predicted / 1e6
    metrics["learner/peak_mb"] = max(ranks.gather(peak_bytes(policy.device))) / 1e6
    give_back_cached(policy.device)
    return Update(metrics, logprobs, computed)


@dataclass(frozen=True)
class Step:
    """Results of one mini-batch: metrics, tokens of its rows, old log-probs and digests by sample."""

    tally: Tally
    tokens: int
    logprobs: list[Numbers]
    digests: list[str]


def _rows(samples: Sequence[Sample], tokens: int, ranks: Ranks) -> list[PackedRow]:
    """Rows of at most `tokens`, and with several ranks at least about one for each."""
    rows = pack_minibatch(samples, tokens)
    if ranks.size == 1 or not rows:
        return rows
    total = sum(len(row.row.ids) for row in rows)
    return pack_minibatch(samples, min(tokens, math.ceil(total / ranks.size)))


def _by_sample(samples: Sequence[Sample], rows: Sequence[PackedRow], values: Sequence[Tensor]) -> list[Numbers]:
    """Values [t] of the rows' trained tokens, arranged by sample and position; 0 elsewhere."""
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
    loss: Loss,
    clip: float,
    ranks: Ranks,
    plan: Plan,
) -> Step:
    """One mini-batch."""
    optimizer.zero_grad(set_to_none=True)  # an update that was given up left gradients of its rows
    rows, tally, values = _rows(samples, plan.row_tokens, ranks), Tally(), list[float]()
    total = sum(len(row.pick) for row in rows)
    shares = token_shares(samples, loss.normalize, loss.constant)
    held = loss.supervised or loss.kl_coef > 0
    teaches = total > 0 and (held or any(row.advantage.any() for row in rows))

    def work(index: int) -> Tensor:
        row = rows[index]
        # A row whose advantages are all zero has no gradient unless another term adds one: no backward pass.
        learns = teaches and (held or bool(row.advantage.any()))
        known = None if old is None else np.asarray([old[s][p] for s, p in zip(row.sample, row.position, strict=True)])
        with torch.set_grad_enabled(learns):
            before = None if known is None else torch.as_tensor(known, device=policy.device)
            row_loss, before = _row_loss(policy, row, before, shares[row.sample], loss, tally)
            if learns:
                row_loss.backward()  # type: ignore[no-untyped-call]
        values.append(row_loss.item())
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
    if math.isfinite(value) and 0 < norm < math.inf:
        torch.nn.utils.clip_grads_with_norm_(parameters, clip, torch.tensor(norm))
        optimizer.step()
    else:
        tally.skipped += 1
    optimizer.zero_grad(set_to_none=True)
    tokens = sum(len(row.row.ids) for row in rows)
    return Step(tally, tokens, _by_sample(samples, rows, befores), digests(samples, rows))


def _summed_norm(parameters: Sequence[torch.nn.Parameter], ranks: Ranks) -> float:
    """Norm of the gradients, after the sum over the ranks."""
    if ranks.size > 1:
        for parameter in parameters:  # a rank without a row has none yet
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    gradients = [p.grad for p in parameters if p.grad is not None]
    ranks.add_up(gradients)
    return float(torch.nn.utils.get_total_norm(gradients))


def _joined(parts: Sequence[dict[str, list[Tensor]]]) -> dict[str, list[Tensor]]:
    return {name: [t for part in parts for t in part.get(name, [])] for name in {n: None for part in parts for n in part}}


def _row_loss(
    policy: Policy, row: PackedRow, old: Tensor | None, share: Numbers, loss: Loss, tally: Tally
) -> tuple[Tensor, Tensor]:
    """What a row adds to the loss of its mini-batch, and their old log-probs [t]."""
    on = policy.device
    pick = torch.as_tensor(row.pick, device=on)
    values, entropies = forward(policy, row.row, row.nodes, loss.temperature)
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
    guide = torch.as_tensor(row.guide, device=on) if row.guide.any() and not loss.supervised else None
    terms = objective(tokens, behaviour, reference, torch.as_tensor(share, dtype=logp.dtype, device=on), loss, guide)
    sampled = slice(None) if guide is None else ~guide  # what a guide's tokens are says nothing about the policy's own
    tally.token("entropy", entropy[sampled])
    if terms.kl is not None:
        tally.token("kl", terms.kl[sampled])
    if not loss.supervised:
        for name, by_token in {"low": terms.low, "high": terms.high, "weight": terms.weight, "gap": before - behaviour}.items():
            tally.token(name, by_token[sampled])
    if guide is not None:
        tally.token("guide", before[guide].exp())
    return terms.value, before
