"""Inconsistent arrays are rejected with a sentence, never partly read."""

from typing import Any

import numpy as np
import pytest

from trainer.batch import digest, digests, pack_minibatch, read_minibatches, read_sequences
from trainer.fault import Fault
from trainer.protocol import Arrays


def arrays(**changed: Any) -> Arrays:
    good: dict[str, Any] = {
        "lengths": np.asarray([3, 2], np.int32),
        "ids": np.asarray([5, 6, 7, 8, 9], np.int32),
        "mask": np.asarray([0, 1, 1, 0, 1], np.uint8),
        "logprobs": np.asarray([0, -1, -2, 0, -3], np.float32),
        "advantages": np.asarray([0, 1, 1, 0, -1], np.float32),
        "rollouts": np.asarray([3, -1], np.int32),
        "guides": np.asarray([0, 1], np.uint8),
    }
    return {k: v for k, v in (good | changed).items() if v is not None}


def test_samples_are_cut_by_their_lengths_and_grouped_by_minibatch() -> None:
    [[first], [second]] = read_minibatches({"minibatches": [1, 1]}, arrays(), 100)
    assert (first.ids, second.ids) == ([5, 6, 7], [8, 9])
    assert first.trained.tolist() == [False, True, True]
    assert second.behaviour.tolist() == [0, -3]
    assert (first.rollout, second.rollout) == (3, -1)
    assert (first.guide, second.guide) == (False, True)
    assert read_minibatches({"minibatches": [0, 2]}, arrays(), 100)[0] == []


@pytest.mark.parametrize(
    ("head", "changed", "says"),
    [
        ({"minibatches": [1]}, {}, "do not add up to the 2 samples"),
        ({}, {}, "do not add up"),
        ({"minibatches": [3, -1]}, {}, "do not add up"),
        ({"minibatches": [2]}, {"lengths": np.asarray([3, 3], np.int32)}, "add up to 6, but there are 5 ids"),
        ({"minibatches": [2]}, {"lengths": np.asarray([7, -2], np.int32)}, "add up"),
        ({"minibatches": [2]}, {"mask": np.asarray([0, 1], np.uint8)}, "array mask of 5 numbers"),
        ({"minibatches": [2]}, {"advantages": None}, "array advantages of 5 numbers, got none"),
        ({"minibatches": [2]}, {"rollouts": np.asarray([1], np.int32)}, "array rollouts of 2 numbers"),
        ({"minibatches": [2]}, {"guides": None}, "array guides of 2 numbers, got none"),
        ({"minibatches": [2]}, {"mask": np.asarray([1, 1, 1, 0, 1], np.uint8)}, "sample 0 trains its first token"),
        ({"minibatches": [2]}, {"ids": np.asarray([5, 6, 7, 8, 100], np.int32)}, "must be in 0..99"),
        ({"minibatches": [2]}, {"ids": np.asarray([5, 6, 7, 8, -1], np.int32)}, "must be in 0..99"),
    ],
)
def test_refuses(head: dict[str, Any], changed: dict[str, Any], says: str) -> None:
    with pytest.raises(Fault, match=says):
        read_minibatches(head, arrays(**changed), 100)


def test_no_samples_are_no_sequences() -> None:
    assert read_sequences({"lengths": np.zeros(0, np.int32), "ids": np.zeros(0, np.int32)}, 10) == []


def test_digests_are_of_the_ids_that_the_rows_hold() -> None:
    sent: Arrays = {
        "lengths": np.array([3, 4, 2], np.int32),
        "ids": np.array([5, 6, 70000, 5, 6, 8, 9, 1, 2], np.int32),
        "mask": np.array([0, 0, 1, 0, 1, 1, 0, 0, 0], np.uint8),
        "logprobs": np.zeros(9, np.float32),
        "advantages": np.zeros(9, np.float32),
        "rollouts": np.full(3, -1, np.int32),
        "guides": np.zeros(3, np.uint8),
    }
    [samples] = read_minibatches({"minibatches": [3]}, sent, 100_000)
    # the shared prompt is computed once; what follows the last trained id, and a sample without one, is not computed
    wanted = [digest([5, 6, 70000]), digest([5, 6, 8]), digest([])]
    for budget in (1, 100):
        rows = pack_minibatch(samples, budget)
        assert digests(samples, rows) == wanted
    rows[0].row.ids[-1] += 1
    assert digests(samples, rows) != wanted
    assert digest([1, 65536]) == "f9d10b77126ab15bc3488ce712403813f59b1dc4781f4cf22bef2feacd0a2868"
