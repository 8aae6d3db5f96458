"""Every loss that TRL has, against the numbers of TRL 1.16's own code (recorded by scripts/record-trl-grpo.py)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainer.batch import Sample
from trainer.loss import Tokens
from trainer.normalise import token_shares
from trainer.objective import objective
from trainer.session import read_loss

CASES = json.loads((Path(__file__).parents[3] / "test/fixtures/trl-grpo.json").read_text())["cases"]


@pytest.mark.parametrize(("dtype", "relative"), [(torch.float64, 1e-6), (torch.float32, 1e-4)], ids=["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['name']}, {case['loss']['importanceMode']}")
def test_value_and_gradients_are_those_of_trl(case: dict[str, Any], dtype: torch.dtype, relative: float) -> None:
    loss = read_loss(case["loss"])
    t = {name: torch.tensor(case[name], dtype=dtype) for name in ("logp", "old", "behaviour", "reference", "advantage")}
    t["logp"].requires_grad_()
    nothing = np.zeros(0, np.float32)
    samples = [Sample([], np.ones(length, bool), nothing, nothing) for length in case["lengths"]]
    sequence = torch.tensor(np.repeat(np.arange(len(samples)), case["lengths"]))
    share = torch.tensor(token_shares(samples, loss.normalize, loss.constant), dtype=dtype)[sequence]
    tokens = Tokens(t["logp"], t["old"], t["advantage"], sequence)
    terms = objective(tokens, t["behaviour"], t["reference"] if loss.kl_coef else None, share, loss)
    terms.value.backward()  # type: ignore[no-untyped-call]
    assert terms.value.item() == pytest.approx(case["value"], rel=relative)
    assert t["logp"].grad is not None
    np.testing.assert_allclose(t["logp"].grad.numpy(), case["gradient"], rtol=relative, atol=relative * 1e-3)
    if terms.kl is not None:
        assert terms.kl.mean().item() == pytest.approx(case["metrics"]["kl"], rel=relative)
    if loss.kind not in ("cispo", "dual_clip", "gspo"):  # these count otherwise: by sequence, or what their own bound held
        for name, share_of in {"low": terms.low, "high": terms.high}.items():
            assert share_of.mean().item() == pytest.approx(case["metrics"][f"clip_ratio/{name}_mean"], abs=1e-6)


def test_every_loss_that_trl_has_was_recorded() -> None:
    assert {case["loss"]["kind"] for case in CASES} == {"grpo", "dr_grpo", "dapo", "gspo", "cispo", "dual_clip"}
    assert {case["loss"]["importanceMode"] for case in CASES} > {"token_mask", "sequence_mask"}
