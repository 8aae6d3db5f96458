"""A learner that rested goes on bit for bit; what it cannot load again it does not train on."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trainer.fault import Fault
from trainer.optimizer import adamw
from trainer.policy import Policy, Source, logprobs, stamp
from trainer.rest import Resting, frozen, rest, wake

from .test_checkpoint import state, train
from .test_update import OPTIONS
from .tiny import episodes, tiny_policy


def from_file(architecture: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> Policy:
    """A tiny model that is as if it had been loaded from `file`."""
    file.write_text("weights")
    monkeypatch.setattr("trainer.policy.load_base", lambda *_: tiny_policy(architecture).model.unload())
    return replace(tiny_policy(architecture), source=Source(file, stamp(file)))


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "gemma3_text"])
def test_updates_with_rests_between_them_are_those_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, architecture: str
) -> None:
    straight = tiny_policy(architecture)
    straight_optimizer = adamw(straight, OPTIONS)
    expected = train(straight, straight_optimizer, range(4))

    policy = from_file(architecture, tmp_path / "model.gguf", monkeypatch)
    optimizer, resting, measured = adamw(policy, OPTIONS), Resting(), list[dict[str, float]]()
    generator = torch.get_rng_state()
    for step in range(4):
        measured += train(policy, optimizer, range(step, step + 1))
        if step % 2:
            assert rest(policy, optimizer, resting, "weights") > 0
        rest(policy, optimizer, resting, "nothing")
        assert all(weight.numel() == 0 for weight in frozen(policy).values())
        wake(policy, optimizer, resting)
        wake(policy, optimizer, resting)
    assert torch.equal(torch.get_rng_state(), generator)
    assert measured == expected
    mine, theirs = state(policy, optimizer), state(straight, straight_optimizer)
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())
    samples = [episodes(1, 2)[0].ids]
    assert logprobs(policy, samples, True, 1.0) == logprobs(straight, samples, True, 1.0)


def test_keeping_the_weights_frees_none_of_them_and_never_brings_freed_ones_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = from_file("llama", tmp_path / "model.gguf", monkeypatch)
    optimizer, resting = adamw(policy, OPTIONS), Resting()
    rest(policy, optimizer, resting, "weights")
    assert resting == Resting("weights")
    assert all(weight.numel() > 0 for weight in frozen(policy).values())
    rest(policy, optimizer, resting, "nothing")
    rest(policy, optimizer, resting, "weights")
    assert resting == Resting("nothing")


def test_a_file_that_changed_meanwhile_is_refused_and_the_learner_still_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = from_file("llama", tmp_path / "model.gguf", monkeypatch)
    optimizer, resting = adamw(policy, OPTIONS), Resting()
    rest(policy, optimizer, resting, "nothing")
    (tmp_path / "model.gguf").write_text("other weights")
    with pytest.raises(Fault, match=r"model\.gguf changed or disappeared while the learner rested"):
        wake(policy, optimizer, resting)
    assert resting.kept == "nothing"


def test_a_wake_that_failed_half_way_can_be_put_to_rest_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = from_file("llama", tmp_path / "model.gguf", monkeypatch)
    optimizer, resting = adamw(policy, OPTIONS), Resting()
    whole = {name: weight.data.clone() for name, weight in frozen(policy).items()}
    rest(policy, optimizer, resting, "nothing")
    monkeypatch.setattr("trainer.rest.reload", lambda _: dict(list(whole.items())[:3]))
    with pytest.raises(KeyError):
        wake(policy, optimizer, resting)
    assert any(weight.numel() > 0 for weight in frozen(policy).values())
    rest(policy, optimizer, resting, "nothing")
    assert all(weight.numel() == 0 for weight in frozen(policy).values())
    monkeypatch.setattr("trainer.rest.reload", lambda _: dict(whole))
    wake(policy, optimizer, resting)
    assert all(torch.equal(weight, whole[name]) for name, weight in frozen(policy).items())
