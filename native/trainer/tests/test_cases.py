"""Inputs from public reports that the learner must take for what they are; the other kinds are test/cases.test.ts's."""

import json
import math
from pathlib import Path

import pytest
import torch

from trainer.loss import Loss, Tokens
from trainer.objective import objective

CASES = Path(__file__).parents[3] / "test" / "fixtures" / "cases"


@pytest.mark.parametrize("name", ["overflow-masked-token", "overflow-zero-advantage"])
def test_a_token_without_weight_or_advantage_adds_nothing_whatever_its_ratio(name: str) -> None:
    case = json.loads((CASES / f"{name}.json").read_text())
    logp, old, behaviour, advantage = (
        torch.tensor(case[column], dtype=torch.float32) for column in ("logp", "old", "behaviour", "advantage")
    )
    logp.requires_grad_()
    loss = Loss(case["loss"], importance_mode=case["importance_mode"], importance_cap=case["importance_cap"])
    count = len(logp)
    made = objective(
        Tokens(logp, old, advantage, torch.arange(count)),
        behaviour,
        None,
        torch.full((count,), 1 / count),
        loss,
    )
    (gradient,) = torch.autograd.grad(made.value, logp)
    assert math.isfinite(made.value.item())
    # the first token is the one that does not count; of the others the ratio is 1: minus advantage over three
    assert gradient.tolist() == pytest.approx([0.0, *(-advantage[1:] / count).tolist()])
    assert case["expected"].get("weight", made.weight.tolist()) == made.weight.tolist()
