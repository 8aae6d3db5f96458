"""The GRPO loss against an independent float64 model in NumPy, a table worked by hand, and TRL's own numbers."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.batch import Numbers
from trainer.logprob import target_logprobs
from trainer.loss import GrpoLoss, grpo, importance_weight, sft

from .tiny import PLAIN

TRL = Path(__file__).parents[3] / "test/fixtures/trl-grpo.json"


def numpy_grpo(arrays: dict[str, Numbers], s: GrpoLoss) -> tuple[float, Numbers]:
    """Loss sum and its gradient by log-prob, from the equations, token by token in plain floats."""
    value, slope = 0.0, []
    for logp, old, behaviour, reference, advantage in zip(
        *(arrays[k].tolist() for k in ("logp", "old", "behaviour", "reference", "advantage")), strict=True
    ):
        ratio = math.exp(logp - old)
        weight = 1.0 if s.importance_cap is None else min(math.exp(old - behaviour), s.importance_cap)
        held = min(max(ratio, 1 - s.clip_low), 1 + s.clip_high)
        if ratio * advantage <= held * advantage:
            surrogate, d_surrogate = ratio * advantage, ratio * advantage
        else:
            surrogate, d_surrogate = held * advantage, 0.0
        value += -surrogate * weight + s.kl_coef * (math.exp(reference - logp) - (reference - logp) - 1)
        slope.append(-d_surrogate * weight + s.kl_coef * (1 - math.exp(reference - logp)))
    return value, np.asarray(slope)


@pytest.mark.parametrize("cap", [None, 2.0, 0.9])
@pytest.mark.parametrize("kl_coef", [0.0, 0.04])
def test_loss_and_gradient_are_those_of_the_equations(cap: float | None, kl_coef: float) -> None:
    random = np.random.default_rng(3)
    base = random.normal(-2, 1, 400)
    arrays = {name: base + random.normal(0, 0.3, 400) for name in ("logp", "old", "behaviour", "reference")}
    arrays["advantage"] = random.normal(0, 1, 400)
    settings = replace(PLAIN, importance_cap=cap, kl_coef=kl_coef)
    t = {name: torch.tensor(a) for name, a in arrays.items()}
    t["logp"].requires_grad_()
    terms = grpo(t["logp"], t["old"], t["behaviour"], t["reference"] if kl_coef else None, t["advantage"], settings)
    terms.loss_sum.backward()  # type: ignore[no-untyped-call]
    value, slope = numpy_grpo(arrays, settings)
    assert terms.loss_sum.item() == pytest.approx(value, rel=1e-12)
    assert t["logp"].grad is not None
    np.testing.assert_allclose(t["logp"].grad.numpy(), slope, rtol=1e-10, atol=1e-13)


def test_a_table_worked_by_hand() -> None:
    # ratio:      1      2 (clipped high)  0.5 (clipped low)   2 (not clipped: A < 0)   1, weight 3 cut to 2
    ratio, advantage = torch.tensor([1.0, 2.0, 0.5, 2.0, 1.0]), torch.tensor([1.0, 1.0, -1.0, -1.0, 1.0])
    gap = torch.log(torch.tensor([1.0, 1.0, 1.0, 1.0, 3.0]))
    terms = grpo(ratio.log(), torch.zeros(5), -gap, None, advantage, PLAIN)
    assert terms.loss_sum.item() == pytest.approx(-1 - 1.28 + 0.8 + 2 - 2, abs=1e-6)
    assert terms.low.tolist() == [0, 0, 1, 0, 0]
    assert terms.high.tolist() == [0, 1, 0, 0, 0]
    assert terms.weight.tolist() == pytest.approx([1, 1, 1, 1, 2])
    assert sft(torch.tensor([-1.0, -2.5])).item() == 3.5


def test_without_a_cap_the_sampler_plays_no_part() -> None:
    assert importance_weight(torch.tensor([0.0]), torch.tensor([-9.0]), None).item() == 1


def test_the_loss_is_that_of_trl() -> None:
    """Recorded by scripts/record-trl-grpo.py: TRL's own _compute_loss, loss type dapo, token_truncate correction."""
    for case in json.loads(TRL.read_text())["cases"]:
        t = {
            name: torch.tensor(case[name], dtype=torch.float64) for name in ("logp", "old", "behaviour", "reference", "advantage")
        }
        t["logp"].requires_grad_()
        settings = GrpoLoss(case["clipLow"], case["clipHigh"], case["klCoef"], case["importanceCap"], 1.0)
        terms = grpo(t["logp"], t["old"], t["behaviour"], t["reference"] if case["klCoef"] else None, t["advantage"], settings)
        loss = terms.loss_sum / len(case["logp"])
        loss.backward()  # type: ignore[no-untyped-call]
        assert loss.item() == pytest.approx(case["loss"], rel=1e-6)
        assert t["logp"].grad is not None
        np.testing.assert_allclose(t["logp"].grad.numpy(), case["gradient"], rtol=1e-6, atol=1e-9)
        for name, mine in {"low_mean": terms.low, "high_mean": terms.high, "region_mean": terms.low + terms.high}.items():
            assert mine.mean().item() == pytest.approx(case["metrics"][f"clip_ratio/{name}"], abs=1e-6)
        if terms.kl is not None:
            assert terms.kl.mean().item() == pytest.approx(case["metrics"]["kl"], rel=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_chunked_logprobs_and_entropies_are_those_of_log_softmax(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.logprob.CHUNK_BYTES", 4 * 50 * 3)  # chunks of three positions
    hidden = torch.randn(11, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    weight = torch.randn(50, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    targets, pull = torch.arange(11) * 4, torch.linspace(-1, 1, 11, dtype=torch.float64)
    mine, theirs = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    logp, entropy = target_logprobs(mine, weight, targets, temperature)
    (logp * pull).sum().backward()  # type: ignore[no-untyped-call]
    full = (theirs @ weight.T / temperature).log_softmax(-1)
    (full.gather(-1, targets[:, None]).squeeze(-1) * pull).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(logp.double(), full.gather(-1, targets[:, None]).squeeze(-1).detach(), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(entropy.double(), -(full.exp() * full).sum(-1).detach(), rtol=1e-6, atol=1e-6)
    assert mine.grad is not None
    assert theirs.grad is not None
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-5, atol=1e-6)
