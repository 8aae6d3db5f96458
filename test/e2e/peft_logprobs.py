"""Log-probs of given ids without and with a PEFT adapter on a GGUF, by transformers and peft only, without our code.

stdin: {"gguf": path, "peft": folder, "ids": [...]} -> stdout: {"base": [...], "adapted": [...]}, for each id but the first.
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
request = json.load(sys.stdin)
gguf = Path(request["gguf"])
ids = torch.tensor([request["ids"]])


def logprobs(model: torch.nn.Module) -> list[float]:
    with torch.no_grad():
        log_softmax = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    return log_softmax.gather(-1, ids[0, 1:, None])[:, 0].tolist()


model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
base = logprobs(model)
print(json.dumps({"base": base, "adapted": logprobs(PeftModel.from_pretrained(model, request["peft"]))}))
