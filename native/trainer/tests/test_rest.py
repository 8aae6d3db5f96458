"""A policy at rest takes no memory that it can do without, and goes on as if it had not rested."""

import sys

import pytest
import torch

from trainer.machine import give_back_freed_memory, held_bytes
from trainer.optimizer import adamw
from trainer.policy import Policy, logprobs
from trainer.rest import Home, _move_in, _move_out, _moving, rest, wake
from trainer.update import update

from .test_update import OPTIONS, weights
from .tiny import PLAIN, episodes, tiny_policy


def home_of(policy: Policy) -> Home:
    """With the frozen weights of the seed that `tiny_policy` was made from."""
    return Home(policy, adamw(policy, OPTIONS), lambda: dict(tiny_policy().model.named_parameters()))


def train(home: Home, seed: int) -> None:
    update(home.policy, home.optimizer, [episodes(4, 2, seed=seed)], PLAIN, clip=1.0)


def test_scores_and_the_next_updates_are_those_of_a_policy_that_never_rested() -> None:
    rested, awake = home_of(tiny_policy()), home_of(tiny_policy())
    for seed in range(3):
        train(rested, seed)
        train(awake, seed)
        rest(rested)
        assert all(p.numel() == 0 for p in rested.policy.model.parameters() if not p.requires_grad)
        wake(rested)
        samples = [s.ids for s in episodes(3, 2)]
        for reference in (False, True):
            assert logprobs(rested.policy, samples, reference, 1.0) == logprobs(awake.policy, samples, reference, 1.0)
    assert all(torch.equal(p, weights(awake.policy)[name]) for name, p in rested.policy.adapter().items())


def test_to_rest_twice_is_to_rest_once_and_so_it_is_with_waking() -> None:
    home = home_of(tiny_policy())
    before = logprobs(home.policy, [[1, 2, 3]], False, 1.0)
    wake(home)
    assert rest(home) > 0
    rest(home)
    wake(home)
    wake(home)
    assert logprobs(home.policy, [[1, 2, 3]], False, 1.0) == before


def test_a_wake_that_fails_can_be_tried_again() -> None:
    home = home_of(tiny_policy())
    before, rebuild = logprobs(home.policy, [[1, 2, 3]], False, 1.0), home.rebuild

    def no_memory() -> dict[str, torch.Tensor]:
        raise MemoryError

    home.rebuild = no_memory
    rest(home)
    with pytest.raises(MemoryError):
        wake(home)
    assert home.resting
    home.rebuild = rebuild
    wake(home)
    assert logprobs(home.policy, [[1, 2, 3]], False, 1.0) == before


def test_a_policy_that_cannot_be_rebuilt_stays_where_it_is() -> None:
    policy = tiny_policy()
    home = Home(policy, adamw(policy, OPTIONS))
    rest(home)
    assert all(p.numel() > 0 for p in policy.model.parameters())
    wake(home)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process holds now")
def test_at_rest_a_cpu_is_free_of_the_frozen_weights_however_often() -> None:
    give_back_freed_memory()
    policy = tiny_policy()
    layer = policy.model.get_base_model().model.layers[0].mlp.up_proj.base_layer
    layer.weight.data = torch.ones(4096, 4096)  # 67 MB; it is not computed with
    name = next(n for n, p in policy.model.named_parameters() if p is layer.weight)
    frozen = dict(tiny_policy().model.named_parameters())
    home = Home(policy, adamw(policy, OPTIONS), lambda: frozen | {name: torch.ones(4096, 4096)})
    awake = held_bytes(policy.device)
    held = []
    for _ in range(20):
        held.append(rest(home))
        wake(home)
    assert awake - held[0] == pytest.approx(4096 * 4096 * 4, rel=0.1)
    assert abs(held[-1] - held[0]) < 4e6


def test_what_moves_is_every_weight_with_its_moments_each_to_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU's way, with ordinary memory in the place of locked one: bit for bit, and frozen weights are copied once."""
    monkeypatch.setattr("trainer.rest._locked", lambda size: torch.empty(size, dtype=torch.uint8))
    monkeypatch.setattr("torch.cuda.synchronize", lambda _: None)
    home = home_of(tiny_policy(dtype=torch.bfloat16))
    _move_out(home)  # before there are moments
    _move_in(home)
    train(home, 0)
    expected = [tensor.detach().clone() for tensor, _ in _moving(home)]
    _move_out(home)
    assert home.host is not None
    first, size = home.host.data_ptr(), len(home.host)
    moved = [tensor for tensor, _ in _moving(home)]
    assert len(moved) == len(list(home.policy.model.parameters())) + 2 * len(home.policy.adapter())
    starts = [tensor.data_ptr() for tensor in moved]
    assert min(starts) == first
    assert sorted(starts) == starts
    assert starts[-1] + moved[-1].nbytes <= first + size
    assert all(start + t.nbytes <= after for start, t, after in zip(starts, moved, starts[1:], strict=False))
    assert all(torch.equal(tensor, was) for tensor, was in zip(moved, expected, strict=True))
    frozen = next(tensor for tensor, is_frozen in _moving(home) if is_frozen)
    frozen.data = frozen.data.clone().add_(1)  # as if it had changed in the meantime
    _move_out(home)
    assert torch.equal(next(tensor for tensor, _ in _moving(home)), expected[0])
