"""Records Python's results for unusual texts, for test/embed/embedder.test.ts: ids, and vectors of the int8 and float weights.

usage: python scripts/record-embeddings.py MODEL.onnx TOKENIZER.json UPSTREAM_FOLDER > test/fixtures/embeddings.json
The ids come from the Rust tokenizers library, the int8 vectors from onnxruntime, one text at a time, so that nothing is
padded; the float vectors from upstream's own weights (the folder of config.json and model.safetensors) in transformers.
Needs onnxruntime and native/requirements.txt. Vectors are base64 of float32, little-endian. `sweep` contains a digest of
the ids of each string of test/fixtures/tokenizers.json.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from transformers import BertModel

TEXTS = [
    "",
    " \t\n ",
    "a",
    "What will the weather be like in Oslo on 2027-03-02? We are planning a picnic.",
    "Tell me the forecast for Oslo on the second of March 2027, please.",
    "Please find a free table at Luigi's for 4 guests on 2027-05-01 and book it for me.",
    "Cancel my booking BK417, I no longer need it.",
    "Please transfer 250.00 EUR from DE44 5001 0517 5407 3249 31 to my sister's account; the reference is 'rent'.",
    "naïve café, Straße, Ærøskøbing, Łódź, São Paulo, Zürich, İstanbul, ﬁnance",
    "e\u0301te\u0301 (decomposed) and été (composed); A\u030angstro\u0308m",
    "Ελλάδα, Москва, Київ, العربية, עברית, हिन्दी, ไทย, tiếng Việt",
    "東京の天気は？ 北京市朝阳区 서울특별시 한국어",
    "\U00020000\U0002a6d6 rare ideographs 㐀 and half-width ｶﾀｶﾅ, full-width ＡＢＣ１２３",
    "👍🏽 🧑‍🚀 🇳🇴 ❤️ emoji, ½ ² № ™ … — – “quoted” ‘single’",
    "zero\u200bwidth, no\u00a0break, line\u2028separator, \ufeffmark, \x07bell, del\x7f, soft\u00adhyphen, \u202eoverride",
    "[CLS] [SEP] [PAD] [UNK] [MASK] ##ing ## [cls]",
    "snake_case_name camelCaseName kebab-case-name https://example.org/a/b?c=d&e=f#g user@example.org",
    "don't can't I'm WE'LL user's 3.14 1e-9 -42 1,000,000.00 $5 €6 £7 ¥8 100% 50°C",
    "supercalifragilisticexpialidocious " + "x" * 100 + " " + "y" * 101,
    "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}",
    "\n".join(f"{n}. item number {n}" for n in range(1, 30)),
    "word " * 400,
    "Ein langer Satz, der über die Grenze von zweihundertsechsundfünfzig Stücken hinausreicht. " * 20,
    "漢" * 300,
    "a" * 5000,
]


def packed(vector: np.ndarray) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def pooled(hidden: np.ndarray) -> np.ndarray:
    mean = hidden.astype(np.float64).mean(axis=0)  # [token][dimension] -> [dimension]
    return mean / np.linalg.norm(mean)


def digest(ids: list[int]) -> str:
    return hashlib.sha256(b"".join(i.to_bytes(4, "little") for i in ids)).hexdigest()[:12]


model, description, upstream = sys.argv[1:]
tokenizer = Tokenizer.from_file(description)
tokenizer.no_padding()
tokenizer.enable_truncation(256)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
bert = BertModel.from_pretrained(upstream, dtype=torch.float32).eval()

ids = [tokenizer.encode(text).ids for text in TEXTS]
int8, float32 = [], []
for row in ids:
    tokens = np.array([row], dtype=np.int64)
    feeds = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
    int8.append(packed(pooled(session.run(None, feeds)[0][0])))
    with torch.no_grad():
        float32.append(packed(pooled(bert(torch.from_numpy(tokens)).last_hidden_state[0].numpy())))

strings = json.loads(Path("test/fixtures/tokenizers.json").read_text())["strings"]
sweep = [digest(tokenizer.encode(text).ids) for text in strings]
cases = [{"text": text, "ids": row, "int8": a, "float32": b} for text, row, a, b in zip(TEXTS, ids, int8, float32)]
json.dump({"cases": cases, "sweep": sweep}, sys.stdout, ensure_ascii=True, indent=0)
