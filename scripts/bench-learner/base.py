"""Writes the sampled GGUF as a folder of safetensors with its tokenizer, and a prompt of a given length, for the peers.

usage: PYTHONPATH=native python scripts/bench-learner/base.py MODEL.gguf FOLDER PROMPT_TOKENS
TRL rejects a model that is flagged as GGUF, so the dequantised weights are saved once, in float32.
"""

import json
import os
import random
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
import transformers
from trainer.gguf_load import quick_gguf

model, folder, tokens = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
tokenizer = transformers.AutoTokenizer.from_pretrained(model.parent, gguf_file=model.name)
if not (folder / "config.json").exists():
    with quick_gguf():
        base = transformers.AutoModelForCausalLM.from_pretrained(model.parent, gguf_file=model.name, dtype=torch.float32)
    del base.config.quantization_config
    base.config.__dict__.pop("quantization_config", None)
    base.is_quantized = False
    base.hf_quantizer = None
    base.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
draw = random.Random(0)
words = ["tool", "search", "flight", "hotel", "weather", "city", "price", "date", "user", "order", "cancel", "refund", "list"]
ids = tokenizer(" ".join(draw.choice(words) for _ in range(2 * tokens)), add_special_tokens=False).input_ids[:tokens]
text = tokenizer.decode(ids)
if tokenizer(text, add_special_tokens=False).input_ids != ids:
    raise SystemExit("the prompt's text does not encode to the same ids: use other words")
(folder / "prompt.json").write_text(json.dumps({"text": text, "ids": ids}))
