"""Steps of TRL's GRPOTrainer, as it ships: LoRA r16 on all linear layers, one prompt, 8 completions of 64 tokens.

usage: python scripts/bench-learner/trl_step.py FOLDER float32|bfloat16 STEPS checkpointing|no-checkpointing
Prints one JSON line: the fastest step, its update part (the step without generation), the process's peak memory in MB.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

folder, dtype, steps, checkpointing = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "checkpointing"
group, new_tokens = 8, 64
prompt = json.loads((Path(folder) / "prompt.json").read_text())
took: list[dict[str, float]] = []


def reward(completions: list[str], **_: Any) -> list[float]:
    return [float(number % 4) for number in range(len(completions))]


class Watch(TrainerCallback):
    def on_step_begin(self, *_: Any, **__: Any) -> None:
        took.append({"step": -time.perf_counter(), "cpu": -time.process_time(), "generation": 0.0, "generation_cpu": 0.0})

    def on_step_end(self, *_: Any, **__: Any) -> None:
        took[-1]["step"] += time.perf_counter()
        took[-1]["cpu"] += time.process_time()


class Timed(GRPOTrainer):
    """Generation, rewards and advantages happen in _prepare_inputs; the rest of a step is its update."""

    def _prepare_inputs(self, *given: Any) -> Any:
        started, cpu = time.perf_counter(), time.process_time()
        try:
            return super()._prepare_inputs(*given)
        finally:
            took[-1]["generation"] += time.perf_counter() - started
            took[-1]["generation_cpu"] += time.process_time() - cpu


with tempfile.TemporaryDirectory() as out:
    trainer = Timed(
        model=AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)),
        reward_funcs=reward,
        processing_class=AutoTokenizer.from_pretrained(folder),
        train_dataset=Dataset.from_list([{"prompt": prompt["text"]}] * 2 * group),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
        callbacks=[Watch()],
        args=GRPOConfig(
            output_dir=out,
            per_device_train_batch_size=group,
            num_generations=group,
            max_completion_length=new_tokens,
            generation_kwargs={"min_new_tokens": new_tokens},
            gradient_checkpointing=checkpointing,
            max_steps=steps,
            logging_steps=1,
            report_to=[],
            use_cpu=not torch.cuda.is_available(),
            bf16=False,  # the weights' own dtype; mixed precision would store float32 weights
            beta=0.0,
            temperature=1.0,
            save_strategy="no",
            disable_tqdm=True,
        ),
    )
    trainer.train()
logged = [entry for entry in trainer.state.log_history if "completions/mean_length" in entry]
assert all(entry["completions/mean_length"] == new_tokens for entry in logged), logged
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
best = min(took, key=lambda one: one["step"])
print(
    json.dumps(
        {"step_s": best["step"], "update_s": best["step"] - best["generation"], "peak_mb": int(peak.split()[1]) * 1024 / 1e6}
        | {"step_cpu_s": best["cpu"], "update_cpu_s": best["cpu"] - best["generation_cpu"]}
        | {"steps_s": [one["step"] for one in took], "dtype": dtype, "checkpointing": checkpointing}
    )
)
