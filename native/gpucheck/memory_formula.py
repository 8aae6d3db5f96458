"""Does an update take the memory that trainer/memory.py predicts? The plan of a run (which card, how long a row) rests on it.

Compared is what comes on top of the loaded weights, which are known: with them in both sums any formula would look right.
"""

import torch

from trainer.batch import pack_minibatch
from trainer.loss import Loss
from trainer.machine import free_bytes
from trainer.memory import Room, predict, room_of, sizes
from trainer.update import update

from .bench import Bench, group, random_policy
from .finding import Finding, near

TOLERANCE = 0.1
NAME = "memory formula"


def memory_formula(bench: Bench) -> list[Finding]:
    """Rows of several lengths, each with no block recomputed, half, and all; those too large for the card are left out."""
    policy = random_policy(bench, torch.bfloat16)
    optimizer = torch.optim.AdamW(policy.adapter().values(), lr=1e-6)
    resident = room_of(policy).resident
    samples = group(bench, bench.shape.rows[0], 4)
    update(policy, optimizer, [samples], Loss("grpo"), 1.0)  # the moments exist, kernels and their workspaces are loaded
    findings = []
    for nodes in bench.shape.rows:
        samples = group(bench, nodes, 8)
        rows = pack_minibatch(samples, nodes)
        for blocks in dict.fromkeys((0, bench.layers // 2, bench.layers)):
            needed = predict(sizes(policy), rows, blocks)
            if blocks and needed >= predict(sizes(policy), rows, 0):
                continue  # no plan recomputes so few: a recomputed block exists once more while its gradient is formed
            what = f"row of {len(rows[0].row.ids):,} tokens, {blocks} of {bench.layers} blocks recomputed: predicted/measured"
            if needed > 0.9 * free_bytes(bench.device):
                findings.append(Finding(NAME, what, note=f"left out: {needed / 1e9:.1f} GB do not fit here"))
                continue
            room = Room(resident, resident + needed, nodes)
            metrics = update(policy, optimizer, [samples], Loss("grpo"), 1.0, room).metrics
            if (metrics["learner/recomputed_blocks"], metrics["learner/memory_retries"]) != (blocks, 0):
                findings.append(Finding(NAME, what, ok=False, note="memory ran out although it was predicted to fit"))
                continue
            measured = metrics["learner/peak_mb"] * 1e6 - resident
            note = f"{needed / 1e9:.2f} / {measured / 1e9:.2f} GB"
            findings.append(near(NAME, what, needed / measured, TOLERANCE, note, judged=bench.on_card))
    return findings
