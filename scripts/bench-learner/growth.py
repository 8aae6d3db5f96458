"""How an update's cost grows with trained tokens, group and turns: seconds, peak memory, and predicted memory.

usage: PYTHONPATH=native python scripts/bench-learner/growth.py MODEL.gguf DTYPE PROMPT GROUP TURNS TOKENS [unpacked]
One configuration per process, since peak memory is the process's. TOKENS: total trained tokens of one sample, over TURNS turns
with 20 foreign tokens between them. Prints one JSON line; times in seconds, memory in MB, including what the logits of all
trained positions would need in float32.
"""

import json
import os
import sys
import time
from dataclasses import replace

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from trainer.batch import Sample
from trainer.loss import Loss
from trainer.machine import peak_bytes
from trainer.memory import room_of
from trainer.optimizer import adamw
from trainer.policy import Lora, load
from trainer.update import update

model, dtype = sys.argv[1:3]
prompt, group, turns, tokens = (int(x) for x in sys.argv[3:7])
packed = sys.argv[7:] != ["unpacked"]

started = time.perf_counter()
policy = load(model, Lora(16, 32, 1), "auto", dtype, None)
room = room_of(policy)
loaded = time.perf_counter() - started
after_load = peak_bytes(policy.device)

random = np.random.default_rng(0)
shared = random.integers(1000, 20000, prompt).tolist()


def sample(number: int) -> Sample:
    ids, trained = list(shared), [False] * prompt
    for turn in range(turns):
        own = tokens // turns
        foreign = 20 if turn + 1 < turns else 0
        ids += random.integers(1000, 20000, own + foreign).tolist()
        trained += [True] * own + [False] * foreign
    mask = np.asarray(trained)
    return Sample(ids, mask, np.where(mask, -9, 0).astype(np.float32), np.where(mask, (-1.0) ** number, 0).astype(np.float32))


samples = [sample(number) for number in range(group)]
optimizer = adamw(policy, {"learningRate": 1e-5, "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0.01})
loss = Loss("grpo", importance_cap=2.0)
# Unpacked: one row per sample, gradients accumulated, with a budget that holds only one sample.
used = policy if packed else replace(policy, budget=1)
metrics = update(used, optimizer, [samples], loss, 1.0, replace(room, row_tokens=used.budget)).metrics
print(
    json.dumps(
        {
            "model": os.path.basename(model),
            "dtype": str(policy.dtype).removeprefix("torch."),
            "way": "packed" if packed else "unpacked",
            "prompt": prompt,
            "group": group,
            "turns": turns,
            "trained_tokens": round(metrics["num_tokens"]),
            "packed_tokens": metrics["learner/packed_tokens"],
            "unpacked_tokens": metrics["learner/unpacked_tokens"],
            "update_s": round(metrics["learner/seconds_forward_backward"], 2),
            "peak_mb": round(metrics["learner/peak_mb"]),
            "predicted_mb": round(metrics["learner/predicted_mb"]),
            "recomputed_blocks": metrics["learner/recomputed_blocks"],
            "full_logits_mb": round(metrics["num_tokens"] * policy.vocabulary * 4 / 1e6),
            "load_s": round(loaded, 1),
            "load_peak_mb": round(after_load / 1e6),
        }
    )
)
