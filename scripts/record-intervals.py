"""Records intervals of scipy and numpy for test/statistics/interval.test.ts.

usage: python scripts/record-intervals.py > test/fixtures/intervals.json
Needs numpy and scipy. Wilson's interval is scipy's. The bootstrap is numpy's generator and quantile over 200,000 resamples:
other draws than ours, so the test allows for the noise of both.
"""

import json
import sys

import numpy as np
from scipy.stats import binomtest

SHARES = [(0, 1), (1, 1), (0, 40), (40, 40), (27, 40), (3, 7), (1, 100), (312, 400), (199, 200), (1, 10_000)]
RESAMPLES = 200_000


def wilson(right: int, of: int) -> dict[str, float]:
    interval = binomtest(right, of).proportion_ci(0.95, method="wilson")
    return {"right": right, "of": of, "low": interval.low, "high": interval.high}


def gain(name: str, strata: list[list[tuple[float, float]]], rng: np.random.Generator) -> dict[str, object]:
    total = np.zeros(RESAMPLES)
    exact = 0.0
    for pairs in strata:
        difference = np.array([after - before for before, after in pairs])
        drawn = rng.integers(0, len(difference), size=(RESAMPLES, len(difference)))  # [resample][item]
        total += difference[drawn].mean(axis=1) / len(strata)
        exact += float(difference.mean()) / len(strata)
    low, high = np.quantile(total, [0.025, 0.975])
    return {
        "name": name,
        "strata": [[{"before": before, "after": after} for before, after in pairs] for pairs in strata],
        "gain": exact,
        "low": float(low),
        "high": float(high),
        "deviation": float(total.std()),
    }


def binary(rng: np.random.Generator, count: int, before: float, better: float, worse: float) -> list[tuple[float, float]]:
    first = rng.random(count) < before
    change = rng.random(count)
    then = np.where(first, change >= worse, change < better)
    return [(float(a), float(b)) for a, b in zip(first, then, strict=True)]


def main() -> None:
    rng = np.random.default_rng(7)
    real = [(float(a), float(a + d)) for a, d in zip(rng.random(25), rng.normal(0.1, 0.3, 25), strict=True)]
    cases = [
        ("real values of one stratum", [real]),
        ("rows of 100, better", [binary(rng, 100, 0.6, 0.5, 0.1)]),
        ("rows of 100, the same", [binary(rng, 100, 0.6, 0.1, 0.1)]),
        (
            "three strata of different sizes",
            [binary(rng, 100, 0.7, 0.4, 0.1), binary(rng, 30, 0.6, 0.2, 0.3), binary(rng, 60, 0.9, 0.5, 0.02)],
        ),
    ]
    shares = [wilson(right, of) for right, of in SHARES]
    json.dump({"wilson": shares, "gains": [gain(name, strata, rng) for name, strata in cases]}, sys.stdout)
    sys.stdout.write("\n")


main()
