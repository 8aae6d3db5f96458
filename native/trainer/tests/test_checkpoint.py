"""A save can be loaded by PEFT and by the gguf reader, and restoring it is exact bit for bit."""

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import peft
import pytest
import torch

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


# A process that trains 9 steps, saves, says so, and trains on until it is killed.
VICTIM = """
import os, sys
from pathlib import Path
from trainer import checkpoint
from trainer.serve import die_with_parent
from trainer.optimizer import adamw
from trainer.tests.test_checkpoint import train
from trainer.tests.test_update import OPTIONS
from trainer.tests.tiny import tiny_policy
die_with_parent(os.getppid())
policy = tiny_policy(seed=4)
optimizer = adamw(policy, OPTIONS)
metrics = train(policy, optimizer, range(9))
checkpoint.save(policy, optimizer, 9, Path(sys.argv[1]))
print(repr(metrics), flush=True)
train(policy, optimizer, range(9, 10_000))
"""


def state(policy: Policy, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Parameters and the optimizer's state of them, by name."""
    kept = {name: p.detach() for name, p in policy.adapter().items()}
    return kept | {f"{name} {key}": value for name, p in policy.adapter().items() for key, value in optimizer.state[p].items()}


def test_twenty_steps_with_a_kill_in_the_middle_are_those_without(tmp_path: Path) -> None:
    straight = tiny_policy(seed=4)
    straight_optimizer = adamw(straight, OPTIONS)
    expected = train(straight, straight_optimizer, range(20))

    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", VICTIM, str(tmp_path / "nine")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as victim:
        assert victim.stdout is not None
        measured = ast.literal_eval(victim.stdout.readline())
        victim.kill()
    torch.manual_seed(99)  # all of the state must come from the folder: another adapter, another state of the generator
    policy = tiny_policy(seed=4, random_b=0.3)
    optimizer = adamw(policy, OPTIONS)
    train(policy, optimizer, range(3))
    assert checkpoint.restore(policy, optimizer, tmp_path / "nine") == 9
    measured += train(policy, optimizer, range(9, 20))

    assert measured == expected
    mine, theirs = state(policy, optimizer), state(straight, straight_optimizer)
    assert mine.keys() == theirs.keys()
    assert len(mine) == 4 * 2 * 7 * 3
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())


def test_the_state_of_the_random_generator_comes_back(tmp_path: Path) -> None:
    policy = tiny_policy()
    optimizer = adamw(policy, OPTIONS)
    checkpoint.save(policy, optimizer, 0, tmp_path / "a")
    drawn = torch.rand(3)
    checkpoint.restore(policy, optimizer, tmp_path / "a")
    assert torch.equal(torch.rand(3), drawn)


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


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3_text"])
def test_the_gguf_holds_every_matrix_in_llama_cpps_order(tmp_path: Path, architecture: str) -> None:
    policy = tiny_policy(architecture)
    name, _ = checkpoint.save(policy, adamw(policy, OPTIONS), 0, tmp_path / "a")
    reader = gguf.GGUFReader(tmp_path / "a" / name)
    assert reader.fields["general.architecture"].contents() == architecture.removesuffix("_text")
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
    with pytest.raises(Fault, match="contains an older save"):
        checkpoint.save(policy, adamw(policy, OPTIONS), 1, tmp_path / "a")


def test_a_save_of_another_shape_or_one_that_is_not_there_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    policy = tiny_policy()
    optimizer = adamw(policy, OPTIONS)
    train(policy, optimizer, range(1))
    checkpoint.save(policy, optimizer, 1, tmp_path / "a")
    for lora in (Lora(8, 8.0, 0), Lora(4, 16.0, 0)):
        other = replace(tiny_policy(seed=1), lora=lora)
        before = weights(other)
        with pytest.raises(Fault, match=r"saved with (rank 4|alpha 8\.0), but the learner was opened with (8|16\.0)"):
            checkpoint.restore(other, adamw(other, OPTIONS), tmp_path / "a")
        assert all(torch.equal(p, before[name]) for name, p in other.adapter().items())
    same = replace(other, lora=policy.lora)
    with pytest.raises(Fault, match="cannot be restored"):
        checkpoint.restore(same, adamw(same, OPTIONS), tmp_path / "nowhere")
    assert all(torch.equal(p, before[name]) for name, p in other.adapter().items())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


def without(path: Path, key: str) -> None:
    path.write_text(json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name != key}))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: flip(folder / "optimizer.safetensors"), "optimizer.safetensors changed"),
        (lambda folder: flip(folder / "peft/adapter_model.safetensors"), "peft/adapter_model.safetensors changed"),
        (lambda folder: flip(next(folder.glob("*.gguf"))), "gguf changed"),
        (lambda folder: (folder / "peft/adapter_config.json").unlink(), "adapter_config.json changed or disappeared"),
        (lambda folder: (folder / "state.json").write_text("{"), "cannot be restored"),
        (lambda folder: without(folder / "state.json", "rng"), "cannot be restored: 'rng'"),
    ],
    ids=["moments", "adapter", "gguf", "missing", "state", "incomplete"],
)
def test_a_save_with_one_file_that_is_not_as_it_was_written_is_refused(
    tmp_path: Path, damage: Callable[[Path], object], says: str
) -> None:
    policy = tiny_policy()
    optimizer = adamw(policy, OPTIONS)
    train(policy, optimizer, range(1))
    checkpoint.save(policy, optimizer, 1, tmp_path / "a")
    damage(tmp_path / "a")
    train(policy, optimizer, range(1, 2))
    before = weights(policy)
    with pytest.raises(Fault, match=says):
        checkpoint.restore(policy, optimizer, tmp_path / "a")
    assert all(torch.equal(p, before[name]) for name, p in policy.adapter().items())


def test_files_that_a_user_has_put_beside_a_save_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tiny_policy()
    optimizer = adamw(policy, OPTIONS)
    train(policy, optimizer, range(1))
    checkpoint.save(policy, optimizer, 1, tmp_path / "a")
    saved = weights(policy)
    for name in (".DS_Store", "peft/README.md", "merged.gguf"):
        (tmp_path / "a" / name).write_text("mine")

    def sha256(path: Path) -> str:
        assert path.read_bytes() != b"mine", "who restores may not be allowed to read it"
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(checkpoint, "_sha256", sha256)
    train(policy, optimizer, range(1, 2))
    assert checkpoint.restore(policy, optimizer, tmp_path / "a") == 1
    assert all(torch.equal(p, saved[name]) for name, p in policy.adapter().items())


def test_a_model_file_may_have_another_name_when_its_adapter_is_restored(tmp_path: Path) -> None:
    policy = tiny_policy()
    checkpoint.save(policy, adamw(policy, OPTIONS), 7, tmp_path / "a")
    renamed = replace(policy, base="renamed")
    assert checkpoint.restore(renamed, adamw(renamed, OPTIONS), tmp_path / "a") == 7
