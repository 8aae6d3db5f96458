"""A save is loadable by PEFT and by the gguf reader, and restoring it is exact to the bit."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import peft
import pytest
import torch
import transformers

from trainer import checkpoint
from trainer.export import interleave_halves
from trainer.fault import Fault
from trainer.optimizer import adamw
from trainer.policy import Lora, Policy, logprobs
from trainer.update import update

from .test_update import OPTIONS, weights
from .tiny import PLAIN, episodes, tiny_policy


def train(policy: Policy, optimizer: torch.optim.Optimizer, steps: range) -> list[dict[str, float]]:
    measured = []
    for step in steps:
        metrics = update(policy, optimizer, [episodes(3, 2, seed=step)], replace(PLAIN, kl_coef=0.01), clip=1.0).metrics
        measured.append({k: v for k, v in metrics.items() if not k.startswith("learner/")})
    return measured


def test_twenty_steps_with_a_restart_in_the_middle_are_those_without(tmp_path: Path) -> None:
    straight = tiny_policy(seed=4)
    expected = train(straight, adamw(straight, OPTIONS), range(20))

    first = tiny_policy(seed=4)
    optimizer = adamw(first, OPTIONS)
    measured = train(first, optimizer, range(9))
    checkpoint.save(first, optimizer, 9, tmp_path / "nine")
    second = tiny_policy(seed=4, random_b=0.3)  # another adapter on the same base: all of it must come from the folder
    optimizer = adamw(second, OPTIONS)
    assert checkpoint.restore(second, optimizer, tmp_path / "nine") == 9
    measured += train(second, optimizer, range(9, 20))

    assert measured == expected
    assert all(torch.equal(p, weights(straight)[name]) for name, p in second.adapter().items())


def test_files_are_complete_hashed_and_named_by_content(tmp_path: Path) -> None:
    policy = tiny_policy()
    name, files = checkpoint.save(policy, adamw(policy, OPTIONS), 0, tmp_path / "a")
    assert name == f"adapter-{files[name][:16]}.gguf"
    on_disk = {str(p.relative_to(tmp_path / "a")) for p in (tmp_path / "a").rglob("*") if p.is_file()}
    assert on_disk == set(files)
    for file, digest in files.items():
        assert hashlib.sha256((tmp_path / "a" / file).read_bytes()).hexdigest() == digest
    assert checkpoint.save(policy, adamw(policy, OPTIONS), 0, tmp_path / "b")[1][name] == files[name]
    assert str(tmp_path) not in (tmp_path / "a/peft/adapter_config.json").read_text()


def test_peft_loads_the_adapter_onto_the_plain_base_model(tmp_path: Path) -> None:
    policy = tiny_policy("qwen2")
    checkpoint.save(policy, adamw(policy, OPTIONS), 0, tmp_path / "a")
    ids = episodes(1, 3)[0].ids
    base = tiny_policy("qwen2").model.unload()
    loaded = peft.PeftModel.from_pretrained(base, tmp_path / "a/peft")
    with torch.no_grad():
        values = loaded(input_ids=torch.tensor([ids])).logits[0, :-1].log_softmax(-1).gather(-1, torch.tensor(ids[1:])[:, None])
    torch.testing.assert_close(values.squeeze(-1), torch.tensor(logprobs(policy, [ids], False, 1.0)[0][1:]), rtol=0, atol=5e-6)


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3"])
def test_the_gguf_holds_every_matrix_in_llama_cpps_order(tmp_path: Path, architecture: str) -> None:
    policy = tiny_policy(architecture)
    name, _ = checkpoint.save(policy, adamw(policy, OPTIONS), 0, tmp_path / "a")
    reader = gguf.GGUFReader(tmp_path / "a" / name)
    assert reader.fields["general.architecture"].contents() == architecture
    assert reader.fields["adapter.type"].contents() == "lora"
    assert reader.fields["adapter.lora.alpha"].contents() == 8.0
    tensors = {t.name: t.data for t in reader.tensors}
    assert len(tensors) == 3 * 7 * 2
    adapter = policy.adapter()
    queries = adapter["base_model.model.model.layers.1.self_attn.q_proj.lora_B.default.weight"].detach().numpy()
    down = adapter["base_model.model.model.layers.2.mlp.down_proj.lora_A.default.weight"].detach().numpy()
    np.testing.assert_array_equal(tensors["blk.2.ffn_down.weight.lora_a"], down)
    wanted = interleave_halves(queries, 4) if architecture == "llama" else queries
    np.testing.assert_array_equal(tensors["blk.1.attn_q.weight.lora_b"], wanted)


def test_interleaving_pairs_the_halves_of_each_head() -> None:
    rows = np.arange(8)[:, None]  # two heads of four rows
    assert interleave_halves(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_an_older_save_is_never_written_over(tmp_path: Path) -> None:
    policy = tiny_policy()
    checkpoint.save(policy, adamw(policy, OPTIONS), 0, tmp_path / "a")
    with pytest.raises(Fault, match="holds an older save"):
        checkpoint.save(policy, adamw(policy, OPTIONS), 1, tmp_path / "a")


def test_a_save_of_another_shape_or_a_damaged_one_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    policy = tiny_policy()
    optimizer = adamw(policy, OPTIONS)
    train(policy, optimizer, range(1))
    checkpoint.save(policy, optimizer, 1, tmp_path / "a")
    other = replace(tiny_policy(seed=1), lora=Lora(8, 8.0, 0))
    before = weights(other)
    with pytest.raises(Fault, match="saved with rank 4, the learner was opened with 8"):
        checkpoint.restore(other, adamw(other, OPTIONS), tmp_path / "a")
    cut = tmp_path / "a/optimizer.safetensors"
    cut.write_bytes(cut.read_bytes()[:-10])
    same = replace(other, lora=policy.lora)
    with pytest.raises(Fault, match="cannot be restored"):
        checkpoint.restore(same, adamw(same, OPTIONS), tmp_path / "a")
    with pytest.raises(Fault, match="cannot be restored"):
        checkpoint.restore(same, adamw(same, OPTIONS), tmp_path / "nowhere")
    assert all(torch.equal(p, before[name]) for name, p in other.adapter().items())


def test_the_state_says_what_it_was_made_for(tmp_path: Path) -> None:
    policy = tiny_policy()
    checkpoint.save(policy, adamw(policy, OPTIONS), 7, tmp_path / "a")
    state = json.loads((tmp_path / "a/state.json").read_text())
    assert state["updates"] == 7
    assert state["torch"] == torch.__version__
    assert math.isclose(state["made_for"]["alpha"], 8.0)
    assert transformers.__version__  # the base is rebuilt from the GGUF, never stored
