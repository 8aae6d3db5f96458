"""Records results of TRUSTEE's formulas (arXiv 2604.17739), reimplemented with exact fractions, for test/trustee.test.ts.

usage: python scripts/record-trustee.py > test/fixtures/trustee.json     (standard library only)
Nothing here is shared with src/: difficulty aspects of every level, level updates, the five TGRPO modes, returns by step,
by token and sparse, the temperature controller. Returns are laid out as in the published code: over the positions of a
response, of which a mask says which ones the policy sampled. `python scripts/record-trustee.py --check` compares with the file.
"""

import json
import random
import statistics
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

LEVELS = range(1, 101)
# percent of the level, as in the published run script
PERCENT = {
    "numTools": 10,
    "expectedToolCalls": 3,
    "userPersona": 2,
    "queryAmbiguity": 2,
    "expectedTurns": 2,
    "numCriteria": 4,
    "systemPrompt": 3,
    "maxUserTurns": 3,
    "maxAssistantTurns": 6,
    "maxToolTurns": 3,
}


def aspects(level: int, min_turns: int) -> dict[str, int]:
    share = {name: Fraction(percent, 100) * level // 1 for name, percent in PERCENT.items()}
    return {
        "numTools": max(1, share["numTools"]),
        "expectedToolCalls": max(1, share["expectedToolCalls"]),
        "userPersona": min(2, share["userPersona"]),
        "queryAmbiguity": min(2, share["queryAmbiguity"]),
        "expectedTurns": min(2, share["expectedTurns"]),
        "numCriteria": min(5, 1 + share["numCriteria"]),
        "systemPrompt": min(3, share["systemPrompt"]),
        "maxUserTurns": max(min_turns, share["maxUserTurns"]),
        "maxAssistantTurns": max(2 * min_turns, share["maxAssistantTurns"]),
        "maxToolTurns": max(min_turns, share["maxToolTurns"]),
    }


def next_level(level: int, mean: float) -> int:
    if mean >= 0.5:
        return min(100, level + 3)
    return max(1, level - 3) if mean <= 0 else level


def tgrpo(group: list[dict[str, Any]], mode: str, std: bool) -> list[list[float]]:
    alive = [one["reward"] for one in group if not one["aborted"]]
    mean, scale = 0.0, 1.0  # a lone survivor keeps its raw reward
    if len(alive) > 1:
        mean = statistics.fmean(alive)
        scale = statistics.stdev(alive) + 1e-6 if std else 1.0
    rows = []
    for one in group:
        row = []
        for r in one["turns"]:
            a = (one["reward"] - mean) / scale
            product = a * r
            row.append(
                0.0
                if one["aborted"]
                else {
                    "uniform": a,
                    "sign": a if product > 0 else 0.0,
                    "sign-linear": a * ((1 + r) / 2 if a > 0 else (1 - r) / 2),
                    "relu": product if product > 0 else 0.0,
                    "linear": product,
                }[mode]
            )
        rows.append(row)
    return rows


def positions(one: dict[str, Any]) -> tuple[list[int], list[float]]:
    """Mask and reward of every position: foreign tokens are between turns, a turn's reward is on all of its tokens."""
    mask: list[int] = []
    rewards: list[float] = []
    for number, (turn, count) in enumerate(zip(one["turns"], one["tokens"])):
        foreign = number + 1 if number else 0
        mask += [0] * foreign + [1] * count
        rewards += [0.0] * foreign + [turn] * count
    return mask, rewards


def runs(mask: list[int]) -> list[list[int]]:
    """The turns: stretches of sampled positions."""
    found: list[list[int]] = []
    for place, sampled in enumerate(mask):
        if sampled and (place == 0 or not mask[place - 1]):
            found.append([])
        if sampled:
            found[-1].append(place)
    return found


def returns(one: dict[str, Any], kind: str, gamma: float) -> list[list[float]]:
    """By turn, of each sampled position. Sums by the definition: each later reward times gamma to the power of its distance."""
    mask, rewards = positions(one)
    turns = runs(mask)
    if kind == "token":
        sampled = [place for turn in turns for place in turn]
        rewards[sampled[-1]] += one["reward"]
        score = {
            place: sum(rewards[later] * gamma**distance for distance, later in enumerate(sampled[order:]))
            for order, place in enumerate(sampled)
        }
        return [[score[place] for place in turn] for turn in turns]
    means = [statistics.fmean(rewards[place] for place in turn) for turn in turns]
    means[-1] += one["reward"]
    if kind == "sparse":
        return [[mean if place == turn[-1] else 0.0 for place in turn] for turn, mean in zip(turns, means)]
    score_of_turn = [sum(mean * gamma**distance for distance, mean in enumerate(means[n:])) for n in range(len(means))]
    return [[value for _ in turn] for turn, value in zip(turns, score_of_turn)]


def compared(group: list[dict[str, Any]], kind: str, gamma: float, std: bool) -> list[list[list[float]]]:
    """Our advantages, not published: by step over the group's turns, by token over its tokens. Sparse ones are summed over
    the response and compared as outcomes are, as verl's GRPO does with scores."""
    if kind == "sparse":
        summed = [one | {"reward": sum(v for turn in returns(one, kind, gamma) for v in turn)} for one in group]
        return [[[value] for value in row] for row in tgrpo(summed, "uniform", std)]
    own = [None if one["aborted"] else returns(one, kind, gamma) for one in group]
    if kind == "step":
        own = [None if rows is None else [row[:1] for row in rows] for rows in own]
    pool = [value for rows in own if rows for row in rows for value in row]
    mean, scale = 0.0, 1.0
    if sum(rows is not None for rows in own) > 1:
        mean = statistics.fmean(pool)
        scale = statistics.stdev(pool) + 1e-6 if std else 1.0
    return [
        [[0.0] for _ in one["turns"]] if rows is None else [[(value - mean) / scale for value in row] for row in rows]
        for one, rows in zip(group, own)
    ]


def groups() -> list[list[dict[str, Any]]]:
    """Groups of 8 as in the published run, and edge cases: aborted members, a lone survivor, no survivor, no spread."""
    draw = random.Random(20260417)

    def one(aborted: bool = False, reward: float | None = None) -> dict[str, Any]:
        turns = [draw.choice([-1, -0.5, 0, 0.5, 1]) for _ in range(draw.randint(1, 4))]
        given = draw.choice([-1, -0.25, 0, 0.5, 1]) if reward is None else reward
        return {"reward": given, "turns": turns, "tokens": [draw.randint(1, 5) for _ in turns], "aborted": aborted}

    return [
        [one() for _ in range(8)],
        [one(aborted=index in (1, 6)) for index in range(8)],
        [one(aborted=index != 2) for index in range(4)],
        [one(aborted=True) for _ in range(3)],
        [one(reward=0.5) for _ in range(8)],
        [one() for _ in range(2)],
    ]


def temperatures() -> list[dict[str, Any]]:
    """Entropies below 0.1 for 30 steps, then above it for 30: the first 20 steps change nothing; between 0.1 and 1."""
    traces = []
    for start in (1.0, 0.5, 0.12):
        temperature, rows = start, []
        for step in range(1, 61):
            entropy = 0.05 if step <= 30 else 0.4
            if step > 20:
                temperature = min(1.0, max(0.1, temperature + (0.01 if entropy < 0.1 else -0.01)))
            rows.append({"step": step, "entropy": entropy, "after": temperature})
        traces.append({"start": start, "rows": rows})
    return traces


def record() -> dict[str, Any]:
    modes = ("uniform", "sign", "sign-linear", "relu", "linear")
    kinds = ("step", "token", "sparse")
    means = (-1, -0.01, 0, 0.01, 0.49, 0.5, 0.51, 1)
    return {
        "about": "written by scripts/record-trustee.py",
        "difficulty": {str(turns): [aspects(level, turns) for level in LEVELS] for turns in (1, 2, 4)},
        "levels": [[level, mean, next_level(level, mean)] for level in LEVELS for mean in means],
        "groups": [
            {
                "group": group,
                "tgrpo": {mode: {"std": tgrpo(group, mode, True), "centred": tgrpo(group, mode, False)} for mode in modes},
                "returns": {
                    kind: {
                        "published": [returns(one, kind, 0.99) for one in group],
                        "std": compared(group, kind, 0.99, True),
                        "centred": compared(group, kind, 0.99, False),
                        "half": compared(group, kind, 0.5, True),
                    }
                    for kind in kinds
                },
            }
            for group in groups()
        ],
        "temperatures": temperatures(),
    }


text = json.dumps(record(), default=int)
if sys.argv[1:] == ["--check"]:
    kept = Path(__file__).parent.parent / "test" / "fixtures" / "trustee.json"
    sys.exit(0 if json.loads(kept.read_text()) == json.loads(text) else "test/fixtures/trustee.json is out of date")
print(text)
