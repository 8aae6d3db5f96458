"""Peer of bench-engine.mjs: transformers' `generate` on the same ids. Prints one JSON line.

usage: python scripts/bench-engine/transformers_generate.py MODEL.gguf THREADS DTYPE SEQUENCES,...
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "native"))

import torch
import transformers

from trainer.gguf_load import quick_gguf

PROMPT, NEW = 256, 64
LOWEST, SPAN = 1000, 20_000


def some_ids(seed: int, count: int) -> list[int]:
    """The generator of work.mjs."""
    state, ids = (seed * 2_654_435_761 + 12_345) & 0xFFFFFFFF, []
    for _ in range(count):
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        ids.append(LOWEST + state % SPAN)
    return ids


path, threads, dtype, sequences = sys.argv[1:5]
torch.set_num_threads(int(threads))
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
file = Path(path)
with quick_gguf():
    model = transformers.AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=getattr(torch, dtype), attn_implementation="sdpa"
    )


def generate(count: int, new: int, top_k: int) -> float:
    """Seconds for `new` tokens after each of `count` prompts."""
    ids = torch.tensor([some_ids(seed, PROMPT) for seed in range(count)])
    start = time.perf_counter()
    with torch.no_grad():
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            min_new_tokens=new,
            max_new_tokens=new,
            do_sample=True,
            temperature=1.0,
            top_k=top_k,
            top_p=1.0,
            pad_token_id=0,
            eos_token_id=None,
        )
    return time.perf_counter() - start


rates: dict[str, dict[str, float]] = {"prefill_tok_s": {}, "decode_tok_s": {}, "decode_tok_s_topk40": {}}
for count in [int(n) for n in sequences.split(",")]:
    prefill = generate(count, 1, 0)
    rates["prefill_tok_s"][str(count)] = count * PROMPT / prefill
    for key, top_k in [("decode_tok_s", 0), ("decode_tok_s_topk40", 40)]:
        rates[key][str(count)] = count * NEW / (generate(count, NEW + 1, top_k) - prefill)
print(json.dumps({**rates, "dtype": dtype}))
