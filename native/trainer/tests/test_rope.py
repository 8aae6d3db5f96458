"""Positions as a file asks for them: divisors read from the header, and what is refused."""

import json
from pathlib import Path

import pytest
import torch

from trainer.fault import Fault
from trainer.policy import Lora, load
from trainer.rope import angle_divisors

from .families import FAMILIES, llama3_divisors, write_family


def divisors_of(folder: Path, name: str, scaled: bool = True, kind: str = "linear") -> torch.Tensor | None:
    path = folder / f"{name}-{scaled}-{kind}.gguf"
    write_family(name, path, scaled, kind)
    return angle_divisors(str(path))


def test_a_file_without_scaling_has_plain_angles(tmp_path: Path) -> None:
    for name in FAMILIES:
        assert divisors_of(tmp_path, name, scaled=False) is None


def test_linear_scaling_divides_all_angles_and_rope_freqs_each_pair(tmp_path: Path) -> None:
    linear, own = divisors_of(tmp_path, "llama-linear"), divisors_of(tmp_path, "llama-3.1")
    assert linear is not None
    assert own is not None
    torch.testing.assert_close(linear, torch.tensor([4.0]))
    torch.testing.assert_close(own, torch.from_numpy(llama3_divisors(16)))
    assert own.min() == 1
    assert own.max() == 8


def test_scaling_that_is_named_none_changes_nothing(tmp_path: Path) -> None:
    assert divisors_of(tmp_path, "llama-linear", kind="none") is None


@pytest.mark.parametrize("kind", ["yarn", "longrope"])
def test_another_kind_is_refused_before_the_model_is_loaded(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "other.gguf"
    write_family("llama-linear", path, kind=kind)
    with pytest.raises(Fault, match=f"rope scaling of the kind {kind}; the learner computes linear and Llama 3's"):
        load(str(path), Lora(4, 8.0, 0), "cpu", "float32", None)


def test_a_model_is_loaded_from_its_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "merged.gguf"
    write_family("llama-linear", path)
    config = {"peft_type": "LORA", "base_model_name_or_path": str(tmp_path / "elsewhere")}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    assert load(str(path), Lora(4, 8.0, 0), "cpu", "float32", None).config.model_type == "llama"


def test_the_loaded_model_turns_by_the_divided_angles(tmp_path: Path) -> None:
    angles = {}
    for scaled in (False, True):
        path = tmp_path / f"{scaled}.gguf"
        write_family("llama-3.1", path, scaled)
        policy = load(str(path), Lora(4, 8.0, 0), "cpu", "float32", None)
        angles[scaled] = policy.model.get_base_model().model.rotary_emb.inv_freq
    torch.testing.assert_close(angles[True] * torch.from_numpy(llama3_divisors(16)), angles[False])
