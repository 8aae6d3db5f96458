"""Two processes that share the rows make the same update as one; and they start and end together."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainer import rank
from trainer.fault import Fault
from trainer.memory import Room, room_of
from trainer.optimizer import adamw
from trainer.protocol import REQUEST, VERSION, Frame, encode
from trainer.ranks import ALONE, Ranks
from trainer.update import update

from .test_memory import out_of_memory_above
from .test_serve import HELLO_BYTES, NATIVE, alive, started
from .test_update import OPTIONS, weights
from .tiny import PLAIN, episodes, tiny_policy

# One rank: the same updates as below on its own model; rank 0 writes the results, and whether all ranks have the same.
RANK = """
import json, os, sys
from trainer.ranks import join
from trainer.serve import die_with_parent
from trainer.tests.test_ranks import trained
die_with_parent(os.getppid())
ranks = join()
result = trained(ranks)
everyone = ranks.gather(result["weights"])
if ranks.rank == 0:
    open(sys.argv[1], "w").write(json.dumps(result | {"same": all(weights == everyone[0] for weights in everyone)}))
os._exit(0)
"""

# The same for a rank whose process holds more than may be used, while the other's holds nothing.
FULLER = RANK.replace("trained", "trained_beside_a_fuller_rank")

BATCH = [[s for seed in range(3) for s in episodes(6, 2, seed=seed + 10 * number)] for number in range(2)]


def trained(ranks: Ranks) -> dict[str, Any]:
    """Updates of the tiny model, out of memory in the last of them on one rank: measurements and final state."""
    policy = tiny_policy()
    optimizer, gradients = adamw(policy, OPTIONS), list[Any]()
    optimizer.register_step_pre_hook(lambda *_: gradients.append([p.grad.tolist() for p in policy.adapter().values()]))  # type: ignore[union-attr]
    settings = replace(PLAIN, kl_coef=0.05)
    results = [update(policy, optimizer, BATCH, settings, clip=1e9, ranks=ranks) for _ in range(2)]
    silent = [replace(s, advantage=s.advantage * 0) for s in BATCH[0]]
    results.append(update(policy, optimizer, [silent], PLAIN, clip=1.0, ranks=ranks))
    if ranks.rank == ranks.size - 1:
        out_of_memory_above(policy, 60)
    results.append(
        update(policy, optimizer, [silent], PLAIN, clip=1.0, room=replace(room_of(policy), row_tokens=100), ranks=ranks)
    )
    return {
        "metrics": [result.metrics for result in results],
        "logprobs": [values.tolist() for values in results[1].logprobs],
        "gradients": gradients[0],
        "weights": {name: value.tolist() for name, value in weights(policy).items()},
    }


def trained_beside_a_fuller_rank(ranks: Ranks) -> dict[str, Any]:
    policy = tiny_policy()
    room = Room(resident=10**12 * ranks.rank, limit=10**11, row_tokens=1024)
    batch = [[s for seed in range(20) for s in episodes(8, 3, seed=seed)]]
    result = update(policy, adamw(policy, OPTIONS), batch, PLAIN, clip=1.0, room=room, ranks=ranks)
    return {"metrics": result.metrics, "weights": {name: value.tolist() for name, value in weights(policy).items()}}


def torchrun(tmp_path: Path, script: str, processes: int = 2) -> dict[str, Any]:
    file, out = tmp_path / "script.py", tmp_path / "out.json"
    file.write_text(script)
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
    subprocess.run(
        [*run, "--nproc-per-node", str(processes), str(file), str(out)],
        env=os.environ | {"PYTHONPATH": NATIVE, "GLOO_SOCKET_IFNAME": "lo" if sys.platform == "linux" else "lo0"},
        check=True,
        timeout=300,
        stdout=subprocess.DEVNULL,
    )
    result: dict[str, Any] = json.loads(out.read_text())
    return result


def test_two_processes_have_the_gradients_of_one_and_make_its_updates(tmp_path: Path) -> None:
    alone, together = trained(ALONE), torchrun(tmp_path, RANK)
    assert together["same"]
    for mine, theirs in zip(alone["gradients"], together["gradients"], strict=True):
        a, b = torch.tensor(mine), torch.tensor(theirs)
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5 * a.abs().max().item())
    assert together["metrics"][-1]["learner/memory_retries"] == 1  # one of them ran out, both repeated the rows
    for mine, theirs in zip(alone["metrics"], together["metrics"], strict=True):
        assert mine["num_tokens"] == theirs["num_tokens"]
        assert mine["skipped_steps"] == theirs["skipped_steps"]
        for name in ("loss", "grad_norm", "kl", "entropy", "sampling/importance_sampling_ratio/mean", "clip_ratio/region_mean"):
            assert mine.get(name, 0) == pytest.approx(theirs.get(name, 0), rel=1e-4, abs=1e-7), name
    for mine, theirs in zip(alone["logprobs"], together["logprobs"], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_rows_are_planned_for_the_fullest_process_in_all_of_them(tmp_path: Path) -> None:
    alone, together = trained_beside_a_fuller_rank(ALONE), torchrun(tmp_path, FULLER)
    assert (alone["metrics"]["learner/row_tokens"], together["metrics"]["learner/row_tokens"]) == (1024, 256)
    assert together["metrics"]["num_tokens"] == alone["metrics"]["num_tokens"]
    assert together["same"]


def test_the_work_is_divided_evenly_and_completely() -> None:
    for size in (1, 2, 3, 8):
        weights = [5, 1, 9, 3, 3, 7, 2]
        shares = [Ranks(rank, size).mine(weights) for rank in range(size)]
        assert sorted(i for share in shares for i in share) == list(range(7))
        loads = [sum(weights[i] for i in share) for share in shares]
        assert max(loads) <= max(9, min(loads) + max(weights))


def children(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += children(int(path.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("end", ["input", "kill", "rank"])
def test_the_launched_ranks_serve_the_loop_and_leave_no_process_behind(end: str) -> None:
    with started("trainer.launch", "2") as child:
        child.send(HELLO_BYTES)
        assert child.next().head == {"protocol": VERSION}
        head = {"id": 1, "verb": "open", "model": "/no/such/model.gguf", "device": "cpu", "dtype": "float32", "threads": 2}
        lora = {"rank": 4, "alpha": 8, "seed": 1}
        child.send(encode(Frame(REQUEST, head | {"lora": lora, "memory": None, "optimizer": {}})))
        answer = child.next().head
        assert answer["kind"] == "model"
        assert "expected a GGUF file at /no/such/model.gguf" in answer["message"]
        family = children(child.process.pid)
        assert len(family) == 4  # launch, torchrun, two ranks
        if end == "input":
            os.close(child.to)
        else:
            os.kill(family[0] if end == "kill" else family[-1], signal.SIGKILL)
        child.process.wait(timeout=120)
        deadline = time.monotonic() + 60
        while any(alive(pid) for pid in family) and time.monotonic() < deadline:
            time.sleep(0.01)
        left = [pid for pid in family if alive(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert left == []


@pytest.mark.parametrize(
    ("mine", "everyone", "end"),
    [(True, [True, True], Fault), (True, [False, True], SystemExit), (False, [False, True], SystemExit)],
)
def test_a_fault_of_one_rank_alone_ends_the_ranks(
    mine: bool, everyone: list[bool], end: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Together(Ranks):
        def gather(self, value: Any) -> list[Any]:
            assert value is mine
            return everyone

    def verb() -> tuple[dict[str, Any], dict[str, Any]]:
        if mine:
            raise Fault("bad_request", "the moments cannot be read")
        return {}, {}

    monkeypatch.setattr(rank, "_end", lambda: sys.exit(1))
    with pytest.raises(end):
        rank._together(Together(size=2), verb)
