"""What does the learner's allocator still hold after an update? torch keeps freed memory for its next tensors; the engine on the
same card cannot use it, and llama.cpp aborts where it finds none.
"""

import time

import torch

from trainer.loss import Loss
from trainer.update import update

from .bench import Bench, group, random_policy
from .finding import Finding, below, shown

MOST = 0.256  # GB beside the tensors that exist: torch's allocator works in pieces of 20 MB, cuBLAS keeps a workspace
NAME = "after an update"


def cached_blocks(bench: Bench) -> list[Finding]:
    """Reserved and allocated bytes at the peak and after an update; the card sees the reserved ones."""
    policy = random_policy(bench, torch.bfloat16)
    optimizer = torch.optim.AdamW(policy.adapter().values(), lr=1e-6)
    samples = group(bench, bench.shape.rows[1], 8)
    seconds = []
    for _ in range(3):  # the first loads kernels, the third starts with as little memory as the second
        started = time.perf_counter()
        update(policy, optimizer, [samples], Loss("grpo"), 1.0)
        seconds.append(time.perf_counter() - started)
    findings = [shown(NAME, f"seconds of a row of {bench.shape.rows[1]:,} tokens", min(seconds), "s")]
    if not bench.on_card:
        return findings
    peak, reserved_peak = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
    kept = (torch.cuda.memory_reserved() - torch.cuda.memory_allocated()) / 1e9
    free, total = torch.cuda.mem_get_info()
    context = (total - free - torch.cuda.memory_reserved()) / 1e9
    return [
        *findings,
        below(NAME, "reserved but unused", kept, MOST, "GB"),
        shown(NAME, "at the peak: reserved / allocated", reserved_peak / peak, note=f"{reserved_peak / 1e9:.2f} GB"),
        shown(NAME, "used on the card outside torch's allocator", context, "GB", "the CUDA context, and other programs"),
    ]
