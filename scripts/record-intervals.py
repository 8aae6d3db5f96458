"""Records intervals of scipy and numpy for test/statistics/interval.test.ts.

usage: python scripts/record-intervals.py > test/fixtures/intervals.json
Needs numpy and scipy. Wilson's interval is scipy's. The score interval of a paired difference has no closed form here: the
likelihood of a table is maximised under each difference, and the test that it gives is inverted, both by scipy. The bootstrap is
numpy's generator and quantile over 200,000 resamples: other draws than ours, so the test allows for the noise of both.
"""

import json
import math
import sys

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binomtest, norm

SHARES = [(0, 1), (1, 1), (0, 40), (40, 40), (27, 40), (3, 7), (1, 100), (312, 400), (199, 200), (1, 10_000)]
TABLES = [(6, 3, 0), (2, 2, 0), (2, 0, 2), (1, 0, 0), (21, 1, 7), (100, 12, 12), (100, 0, 0), (156, 31, 9), (400, 1, 0)]
STRATA = [[(60, 19, 7), (96, 12, 3)], [(100, 3, 12), (100, 6, 6), (100, 30, 1)], [(5, 0, 0), (5, 5, 0)]]
RESAMPLES = 200_000


def wilson(right: int, of: int) -> dict[str, float]:
    interval = binomtest(right, of).proportion_ci(0.95, method="wilson")
    return {"right": right, "of": of, "low": interval.low, "high": interval.high}


def deviations(pairs: int, won: int, lost: int, difference: float) -> float:
    """How far the observed difference lies from this one, in standard deviations under it."""

    def cost(losses: float) -> float:
        shares = [(won, losses + difference), (lost, losses), (pairs - won - lost, 1 - 2 * losses - difference)]
        return -sum(count * math.log(max(share, 1e-300)) for count, share in shares if count > 0)

    low, high = max(0.0, -difference), (1 - difference) / 2
    losses = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
    losses = min([low, high, losses], key=cost)  # the search does not reach its ends
    variance = (2 * losses + difference - difference**2) / pairs
    return ((won - lost) / pairs - difference) / math.sqrt(max(variance, 1e-300))


def change(pairs: int, won: int, lost: int) -> dict[str, float]:
    z = float(norm.ppf(0.975))
    found = (won - lost) / pairs
    low = -1.0 if found == -1 else brentq(lambda d: deviations(pairs, won, lost, d) - z, -1 + 1e-9, found, xtol=1e-12)
    high = 1.0 if found == 1 else brentq(lambda d: deviations(pairs, won, lost, d) + z, found, 1 - 1e-9, xtol=1e-12)
    return {"pairs": pairs, "won": won, "lost": lost, "gain": found, "low": low, "high": high}


def changes(tables: list[tuple[int, int, int]]) -> dict[str, object]:
    """The mean of several tables: the squares of the distances of their bounds add up (Zou and Donner 2008)."""
    parts = [change(*table) for table in tables]
    middle = sum(part["gain"] for part in parts) / len(parts)
    below = math.sqrt(sum((part["gain"] - part["low"]) ** 2 for part in parts)) / len(parts)
    above = math.sqrt(sum((part["high"] - part["gain"]) ** 2 for part in parts)) / len(parts)
    return {"tables": parts, "gain": middle, "low": middle - below, "high": middle + above}


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


def quarters(rng: np.random.Generator, count: int, better: float) -> list[tuple[float, float]]:
    """Rewards in quarters, of which a share is better afterwards."""
    first = rng.integers(0, 3, count)
    then = first + (rng.random(count) < better) - (rng.random(count) < 0.2) * (first > 0)
    return [(float(a) / 4, float(b) / 4) for a, b in zip(first, then, strict=True)]


def main() -> None:
    rng = np.random.default_rng(7)
    real = [(float(a), float(a + d)) for a, d in zip(rng.random(25), rng.normal(0.1, 0.3, 25), strict=True)]
    cases = [
        ("real values of one stratum", [real]),
        ("100 rewards, better", [quarters(rng, 100, 0.5)]),
        ("100 rewards, the same", [quarters(rng, 100, 0.13)]),
        ("three strata of different sizes", [quarters(rng, 100, 0.4), quarters(rng, 30, 0.1), quarters(rng, 60, 0.5)]),
    ]
    shares = [wilson(right, of) for right, of in SHARES]
    recorded = {
        "wilson": shares,
        "changes": [changes([table]) for table in TABLES] + [changes(tables) for tables in STRATA],
        "gains": [gain(name, strata, rng) for name, strata in cases],
    }
    json.dump(recorded, sys.stdout)
    sys.stdout.write("\n")


main()
