"""Measures the learner: load, and one GRPO update of a group, packed against one row a sample.

usage: PYTHONPATH=native python scripts/bench-learner.py MODEL.gguf [float32|bfloat16] [packed|unpacked] [samples prompt own]
One configuration a process, since peak memory is the process's. Prints one JSON line; times in seconds, memory in MB.
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
from trainer.optimizer import adamw
from trainer.policy import Lora, load
from trainer.update import peak_megabytes, update

model, dtype, way, *sizes = [*sys.argv[1:], *["float32", "packed"][len(sys.argv) - 2 :]][:3] + sys.argv[4:]
group, prompt, own = [int(x) for x in sizes] or (6, 350, 150)

started = time.perf_counter()
policy = load(model, Lora(16, 32, 1), "auto", dtype, None)
loaded = time.perf_counter() - started
after_load = peak_megabytes(policy.device)

random = np.random.default_rng(0)
shared = random.integers(1000, 20000, prompt).tolist()
samples = [
    Sample(
        [*shared, *random.integers(1000, 20000, own).tolist()],
        np.arange(prompt + own) >= prompt,
        np.full(prompt + own, -9, np.float32),
        np.full(prompt + own, (-1.0) ** number, np.float32),
    )
    for number in range(group)
]
optimizer = adamw(policy, {"learningRate": 1e-5, "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0.01})
loss = Loss("grpo", importance_cap=2.0)
# Unpacked: one row a sample, gradients accumulated, by a budget that no two samples fit in.
trained = update(policy if way == "packed" else replace(policy, budget=1), optimizer, [samples], loss, clip=1.0)
names = ("learner/packed_tokens", "learner/unpacked_tokens", "learner/seconds_forward_backward", "learner/peak_mb", "grad_norm")
print(
    json.dumps(
        {"model": os.path.basename(model), "dtype": str(policy.dtype), "way": way, "load_seconds": round(loaded, 1)}
        | {"load_peak_mb": round(after_load)}
        | {name: round(trained.metrics[name], 3) for name in names}
    )
)
