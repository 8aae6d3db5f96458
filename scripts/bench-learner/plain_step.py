"""Steps of a plain PyTorch loop: transformers' generate, one batch of full sequences without padding, GRPO's loss, AdamW.

usage: python scripts/bench-learner/plain_step.py FOLDER float32|bfloat16 STEPS
No trainer, no checkpointing, logits of the completion only. Prints one JSON line like trl_step.py.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

folder, dtype, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
group, new_tokens = 8, 64
prompt = torch.tensor([json.loads((Path(folder) / "prompt.json").read_text())["ids"]])
base = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))
model = get_peft_model(base, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-6)
took: list[dict[str, float]] = []
for _ in range(steps):
    started, cpu = time.perf_counter(), time.process_time()
    model.eval()
    with torch.no_grad():
        ids = model.generate(
            input_ids=prompt.repeat(group, 1),
            attention_mask=torch.ones(group, prompt.shape[1], dtype=torch.long),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            min_new_tokens=new_tokens,
            max_new_tokens=new_tokens,
            pad_token_id=0,
        )
    assert ids.shape == (group, prompt.shape[1] + new_tokens)
    sampled, sampled_cpu = time.perf_counter(), time.process_time()
    rewards = torch.arange(group) % 4 * 1.0
    advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
    model.train()
    logits = model(input_ids=ids, logits_to_keep=new_tokens + 1).logits[:, :-1]  # [group, new, vocabulary]
    logp = logits.float().log_softmax(-1).gather(-1, ids[:, -new_tokens:, None]).squeeze(-1)
    ratio = torch.exp(logp - logp.detach())
    loss = -torch.minimum(ratio * advantages[:, None], ratio.clamp(0.8, 1.2) * advantages[:, None]).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    took.append({"step": time.perf_counter() - started, "update": time.perf_counter() - sampled})
    took[-1] |= {"cpu": time.process_time() - cpu, "update_cpu": time.process_time() - sampled_cpu}
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
best = min(took, key=lambda one: one["step"])
print(
    json.dumps(
        {"step_s": best["step"], "update_s": best["update"], "peak_mb": int(peak.split()[1]) * 1024 / 1e6}
        | {"step_cpu_s": best["cpu"], "update_cpu_s": best["update_cpu"]}
        | {"steps_s": [one["step"] for one in took], "dtype": dtype}
    )
)
