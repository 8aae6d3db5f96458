"""The denominators, computed by hand."""

import numpy as np
import pytest

from trainer.batch import Sample
from trainer.normalise import NORMALIZERS, token_shares


def sample(trained: int, rollout: int = -1) -> Sample:
    mask = np.arange(9) < trained
    return Sample([0] * 9, mask, mask.astype(np.float32), mask.astype(np.float32), rollout)


# rollout 4 is split into two samples; the third sample is its own rollout; the last was not trained
SAMPLES = [sample(3, 4), sample(1, 4), sample(6), sample(0)]


@pytest.mark.parametrize(
    ("by", "shares"),
    [
        ("tokens", [1 / 10, 1 / 10, 1 / 10, 0]),
        ("sequence", [1 / 9, 1 / 3, 1 / 18, 0]),
        ("rollout", [1 / 8, 1 / 8, 1 / 12, 0]),
        ("constant", [1 / 64, 1 / 64, 1 / 64, 0]),
    ],
)
def test_shares_by_token_sequence_rollout_and_constant(by: str, shares: list[float]) -> None:
    assert token_shares(SAMPLES, by, 32).tolist() == pytest.approx(shares, rel=1e-15)


def test_without_trained_tokens_shares_are_zero() -> None:
    for by in NORMALIZERS:
        assert token_shares([sample(0), sample(0, 2)], by, 32).tolist() == [0, 0]
        assert token_shares([], by, 32).tolist() == []
