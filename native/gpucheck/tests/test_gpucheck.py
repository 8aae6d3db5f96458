"""Every check at tiny shape on the CPU: what it says of a sound learner, and that it notices a broken one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gpucheck.__main__ import NAMES, main, run
from gpucheck.bench import QWEN3_8B, TINY, Bench, layers_for, random_policy
from gpucheck.finding import Finding, below, failed, holds, near, shown, table
from gpucheck.float32_logits import float32_logits
from gpucheck.memory_formula import memory_formula
from gpucheck.packed_rows import packed_rows
from gpucheck.rest_and_wake import rest_and_wake
from trainer.policy import Policy
from trainer.rest import frozen

BENCH = Bench(TINY, torch.device("cpu"), TINY.layers)


def judged(findings: Sequence[Finding]) -> list[bool]:
    return [finding.ok for finding in findings if finding.ok is not None]


def test_the_command_runs_every_check_and_writes_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    assert main(["--tiny", "--json", str(file)]) == 0
    record = json.loads(file.read_text())
    assert record["passed"] is True
    assert list(record["seconds"]) == list(NAMES)
    assert (record["device"], record["shape"]["name"], record["layers"]) == ("cpu", "tiny", 3)
    lines = capsys.readouterr().out
    for finding in record["findings"]:
        assert finding["check"] in lines
        assert finding["what"] in lines


def test_without_a_gpu_it_is_an_environment_error_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    assert main([]) == 4
    assert "finds no NVIDIA GPU" in capsys.readouterr().err


def test_a_figure_out_of_bounds_or_no_number_is_a_failure_and_a_shown_one_never() -> None:
    assert not failed([below("a", "b", 0.1, 0.2), near("a", "b", 0.95, 0.1), holds("a", "b", ok=True), shown("a", "b", 9e9)])
    for bad in (below("a", "b", 0.2, 0.2), below("a", "b", float("nan"), 1), near("a", "b", 1.2, 0.1), holds("a", "b", ok=False)):
        assert failed([shown("a", "b", 1), bad])
        assert table([bad]).startswith("!!")
    assert not failed([below("a", "b", 5, 0.2, judged=False)])


def test_a_check_that_ends_with_an_error_has_failed_and_the_others_go_on() -> None:
    def broken(_: Bench) -> list[Finding]:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")

    [finding] = run("memory-formula", broken, BENCH)
    assert (finding.ok, finding.note) == (False, "OutOfMemoryError: CUDA out of memory.")


def test_logits_rounded_to_bfloat16_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = float32_logits(BENCH)
    assert judged(sound) == [True]
    rounded = next(f.value for f in sound if "rounded" in f.what)
    assert rounded is not None
    assert rounded > 0.005

    def round_first(hidden: Tensor, weight: Tensor) -> Tensor:
        return (hidden @ weight.T).float()

    monkeypatch.setattr("trainer.logprob._logits", round_first)
    assert judged(float32_logits(BENCH)) == [False]


def test_a_formula_that_is_off_is_noticed_where_bytes_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(memory_formula(BENCH)) == []  # a process is more than its tensors
    monkeypatch.setattr(Bench, "on_card", True)
    monkeypatch.setattr("trainer.update.peak_bytes", lambda _: 1e12)
    assert set(judged(memory_formula(BENCH))) == {False}


def test_a_token_that_sees_its_neighbours_branch_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(packed_rows(BENCH)) == [True, True]
    monkeypatch.setattr("trainer.packing.Row.subtree_ends", lambda row: [len(row.ids)] * len(row.ids))
    assert judged(packed_rows(BENCH)) == [False, False]


@pytest.mark.parametrize("lost", ["adapter", "weights"])
def test_a_wake_that_brings_back_other_numbers_is_noticed(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(rest_and_wake(BENCH)) == [True] * 4

    def wrong(policy: Policy, *_: Any) -> None:
        own = policy.adapter() if lost == "adapter" else frozen(policy)
        next(iter(own.values())).data.mul_(1.5)

    monkeypatch.setattr("gpucheck.rest_and_wake.wake", wrong)
    assert judged(rest_and_wake(BENCH)).count(False) == (4 if lost == "adapter" else 2)


def test_a_card_takes_as_many_layers_as_leave_it_room() -> None:
    layers = [layers_for(QWEN3_8B, gigabytes * 10**9) for gigabytes in (1, 12, 16, 24, 48, 80)]
    assert layers == [1, 5, 10, 18, 36, 36]
    policy = random_policy(BENCH, torch.bfloat16)
    linears = [p for name, p in policy.model.named_parameters() if not p.requires_grad and p.dim() > 1]
    assert sum(p.nbytes for p in linears) == TINY.weight_bytes(TINY.layers, 2)
