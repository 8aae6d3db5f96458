"""Correction of the gap between sampler and learner, and its metrics."""

import math

import pytest
import torch

from trainer.correction import gap_metrics, importance_weights

OLD = torch.tensor([0.0, 0.0, 0.0, 0.0])
GAP = torch.log(torch.tensor([1.0, 3.0, 0.5, 0.95]))
SEQUENCE = torch.tensor([0, 0, 1, 1])


def weights(mode: str, cap: float | None) -> list[float]:
    return importance_weights(OLD, OLD - GAP, SEQUENCE, mode, cap).tolist()


def test_weights_by_token_and_by_sequence_truncated_or_masked() -> None:
    assert weights("token_truncate", 2.0) == pytest.approx([1, 2, 0.5, 0.95])
    assert weights("token_mask", 2.0) == pytest.approx([1, 0, 0.5, 0.95])
    assert weights("sequence_truncate", 2.0) == pytest.approx([2, 2, 0.475, 0.475])
    assert weights("sequence_mask", 2.0) == pytest.approx([0, 0, 0.475, 0.475])


def test_without_a_cap_the_sampler_has_no_effect() -> None:
    assert weights("token_truncate", None) == [1, 1, 1, 1]


def test_nan_stays_nan() -> None:
    strange = torch.tensor([math.nan])
    for mode in ("token_truncate", "token_mask", "sequence_truncate", "sequence_mask"):
        assert importance_weights(torch.zeros(1), strange, torch.zeros(1, dtype=torch.long), mode, 2.0).isnan().all()


def test_the_metrics_are_those_of_their_formulas() -> None:
    metrics = gap_metrics(GAP, torch.tensor(weights("token_truncate", 2.0)))
    assert metrics == pytest.approx(
        {
            "sampling/sampling_logp_difference/mean": (math.log(3) + math.log(2) - math.log(0.95)) / 4,
            "sampling/sampling_logp_difference/max": math.log(3),
            "sampling/importance_sampling_ratio/mean": 4.45 / 4,
            "sampling/importance_sampling_ratio/std": math.sqrt((1 + 4 + 0.25 + 0.9025) / 4 - (4.45 / 4) ** 2),
            "sampling/importance_sampling_ratio/min": 0.5,
            "sampling/importance_sampling_ratio/max": 2.0,
            "sampling/effective_sample_size": 4.45**2 / (4 * 6.1525),
            "sampling/ratio_out_of_band": 0.5,
        }
    )


def test_where_all_is_masked_nothing_is_left() -> None:
    assert gap_metrics(GAP, torch.zeros(4))["sampling/effective_sample_size"] == 0
    assert gap_metrics(torch.zeros(4), torch.ones(4))["sampling/effective_sample_size"] == pytest.approx(1)
