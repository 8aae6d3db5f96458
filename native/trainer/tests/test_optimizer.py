"""The builds of AdamW: what each does, and what is said where one is missing."""

import sys
from pathlib import Path

import pytest
import torch

from trainer import checkpoint
from trainer.fault import Fault
from trainer.optimizer import adamw
from trainer.update import update

from .test_update import OPTIONS, weights
from .tiny import PLAIN, episodes, tiny_policy


def test_the_first_step_is_that_of_the_paper() -> None:
    """AdamW (arXiv 1711.05101, algorithm 2): decay by lr * wd, then lr * g / (|g| + eps), since the moments start at 0."""
    policy = tiny_policy()
    before = weights(policy)
    optimizer = adamw(policy, OPTIONS | {"weightDecay": 0.5})
    gradients = {name: torch.randn_like(p) for name, p in policy.adapter().items()}
    for name, p in policy.adapter().items():
        p.grad = gradients[name]
    optimizer.step()
    for name, p in policy.adapter().items():
        wanted = before[name] * (1 - 1e-2 * 0.5) - 1e-2 * gradients[name] / (gradients[name].abs() + 1e-8)
        torch.testing.assert_close(p.detach(), wanted, rtol=1e-5, atol=1e-7)


def test_the_fused_build_takes_the_same_steps_and_comes_back_from_a_save(tmp_path: Path) -> None:
    plain, fused = tiny_policy(), tiny_policy()
    steps = (adamw(plain, OPTIONS), adamw(fused, OPTIONS | {"optim": "adamw_torch_fused"}))
    assert steps[1].param_groups[0]["fused"]
    for policy, optimizer in zip((plain, fused), steps, strict=True):
        update(policy, optimizer, [episodes(3, 2)], PLAIN, clip=1.0)
    for name, p in fused.adapter().items():
        torch.testing.assert_close(p, plain.adapter()[name], rtol=1e-4, atol=1e-6)
    checkpoint.save(fused, steps[1], 1, tmp_path / "a")
    again = tiny_policy()
    optimizer = adamw(again, OPTIONS | {"optim": "adamw_torch_fused"})
    checkpoint.restore(again, optimizer, tmp_path / "a")
    for policy, using in ((fused, steps[1]), (again, optimizer)):
        update(policy, using, [episodes(3, 2, seed=1)], PLAIN, clip=1.0)
    assert all(torch.equal(p, weights(fused)[name]) for name, p in again.adapter().items())


def test_an_unknown_build_is_refused() -> None:
    with pytest.raises(Fault, match="one of adamw_torch, adamw_torch_fused, adamw_8bit; sgd came"):
        adamw(tiny_policy(), OPTIONS | {"optim": "sgd"})


def test_eight_bits_without_their_package_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes.optim", None)  # None: importing it fails as if it were not installed
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(Fault, match="needs the Python package bitsandbytes, which is not installed"):
        adamw(tiny_policy(), OPTIONS | {"optim": "adamw_8bit"})


@pytest.mark.bitsandbytes
def test_eight_bits_train_and_come_back_from_a_save_to_the_bit(tmp_path: Path) -> None:
    options = OPTIONS | {"optim": "adamw_8bit"}
    policy = tiny_policy()
    optimizer = adamw(policy, options)
    update(policy, optimizer, [episodes(3, 2)], PLAIN, clip=1.0)
    checkpoint.save(policy, optimizer, 1, tmp_path / "a")
    again = tiny_policy()
    other = adamw(again, options)
    checkpoint.restore(again, other, tmp_path / "a")
    for one, using in ((policy, optimizer), (again, other)):
        update(one, using, [episodes(3, 2, seed=1)], PLAIN, clip=1.0)
    assert all(torch.equal(p, weights(policy)[name]) for name, p in again.adapter().items())
