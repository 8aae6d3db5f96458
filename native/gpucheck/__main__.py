"""`python -m gpucheck [--json FILE] [--only CHECK,…] [--tiny]`: the checks, one after the other, as a table and as JSON.

Exit codes: 0 every bound holds, 1 one does not, 2 usage, 4 no GPU or a package is missing. `--tiny` runs them on the CPU, where
bytes and seconds are shown and not judged.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .finding import Finding, below, failed, table

if TYPE_CHECKING:
    from .bench import Bench

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported: nothing is fetched
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before CUDA starts: sums in the same order each time

MOST_SECONDS = 480.0
NAMES = ("float32-logits", "memory-formula", "rest-and-wake", "packed-rows", "after-an-update")


def main(words: list[str]) -> int:
    """Runs the checks; returns the exit code."""
    parser = argparse.ArgumentParser(prog="gpucheck", description="Checks of the learner on a GPU.")
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--only", default=",".join(NAMES), help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--layers", type=int, help="layers of the 8B shape (default: as many as leave room for the rows)")
    parser.add_argument("--tiny", action="store_true", help="a tiny shape on the CPU: shows that the checks work")
    options = parser.parse_args(words)
    wanted = options.only.split(",")
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        parser.error(f"expected checks of {', '.join(NAMES)}; {', '.join(unknown)} came")
    try:
        bench, checks = _bench(options.tiny, options.layers), _checks()
    except (ImportError, OSError) as error:
        print(f"gpucheck: {error}. Install native/requirements.txt into this Python ({sys.executable}).", file=sys.stderr)
        return 4
    if bench is None:
        print(f"gpucheck: {_no_gpu()}", file=sys.stderr)
        return 4
    started, findings, seconds = time.perf_counter(), list[Finding](), dict[str, float]()
    for name in wanted:
        start = time.perf_counter()
        found = run(name, checks[name], bench)
        seconds[name] = time.perf_counter() - start
        findings += found
        print(f"{table(found)}\n    {name}: {seconds[name]:.0f} s\n", flush=True)
    took = below("all checks", "seconds", time.perf_counter() - started, MOST_SECONDS, "s", judged=bench.on_card)
    findings.append(took)
    print(table([took]))
    bad = failed(findings)
    if options.json is not None:
        record = {"passed": not bad, **_machine(bench), "seconds": seconds, "findings": [_record(f) for f in findings]}
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    return 1 if bad else 0


def run(name: str, check: Callable[["Bench"], list[Finding]], bench: "Bench") -> list[Finding]:
    """A check's findings. An error is one that is out of bounds: the others still run."""
    from .bench import give_back

    try:
        return check(bench)
    except Exception as error:
        return [Finding(name, "ended with an error", ok=False, note=f"{type(error).__name__}: {str(error).splitlines()[0]}")]
    finally:
        give_back(bench.device)


def _record(finding: Finding) -> dict[str, Any]:
    """JSON has no number that is none."""
    known = finding.value is not None and math.isfinite(finding.value)
    return asdict(finding) | {"value": finding.value if known else None}


def _checks() -> Mapping[str, Callable[["Bench"], list[Finding]]]:
    from .cached_blocks import cached_blocks  # torch and transformers take seconds to import: usage errors come first
    from .float32_logits import float32_logits
    from .memory_formula import memory_formula
    from .packed_rows import packed_rows
    from .rest_and_wake import rest_and_wake

    return dict(zip(NAMES, (float32_logits, memory_formula, rest_and_wake, packed_rows, cached_blocks), strict=True))


def _bench(tiny: bool, layers: int | None) -> "Bench | None":
    import torch

    from .bench import QWEN3_8B, TINY, Bench, layers_for

    if tiny:
        return Bench(TINY, torch.device("cpu"), TINY.layers)
    if not torch.cuda.is_available():
        return None
    free = torch.cuda.mem_get_info()[0]
    return Bench(QWEN3_8B, torch.device("cuda:0"), min(layers or QWEN3_8B.layers, layers_for(QWEN3_8B, free)))


def _no_gpu() -> str:
    import torch

    build = "its CPU build" if torch.version.cuda is None else f"built for CUDA {torch.version.cuda}"
    return (
        f"torch {torch.__version__} finds no NVIDIA GPU; it is {build}. Use a Python whose torch has CUDA (--python), and a "
        "driver new enough for it (CUDA 13: 580). To try the checks on the CPU: --tiny"
    )


def _machine(bench: "Bench") -> dict[str, Any]:
    import peft
    import torch
    import transformers

    from trainer.machine import device_name, free_bytes

    versions = {module.__name__: module.__version__ for module in (torch, transformers, peft)}
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": device_name(bench.device),
        "free_bytes": free_bytes(bench.device),
        "cuda": torch.version.cuda,
        "versions": versions,
        "shape": asdict(bench.shape),
        "layers": bench.layers,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
