"""Records the ids of 2,000 strings by Python's tokenizers, for test/suites/vocabulary.suite.ts (T6: GGUF against Python).

usage: PYTHONPATH=native python scripts/record-tokenizers.py NAME=MODEL.gguf … > test/fixtures/tokenizers.json
transformers builds a tokenizer from the same GGUF file, with the Rust library's own normalisers, splitters and merges;
special tokens are read as text, like foreign text. A GGUF gives only the name of its splitter: transformers does not know
SmolLM2's, so it is set here as in its publishers' tokenizer.json (single digits, then bytes).
"""

import hashlib
import json
import random
import sys
import unicodedata

from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from transformers import AutoTokenizer

from trainer.gguf_load import quick_gguf

WORDS = (
    "the quick brown fox jumps tool call parameters naïve café Straße Ærø Łódź Ελλάδα Москва 東京 北京市 서울 ไทย हिन्दी "
    "العربية עברית tiếng Việt can't I'm WE'LL user's def return {} [] \"key\": true null None 3.14 1e-9 https://a.b/c?d=e"
).split()
ODD = ["🧑‍🚀", "👍🏽", "🇳🇴", "e\u0301", "é", "ﬁ", "Å", "\u00a0", "\u200b", "\u2028", "\ufeff", "\t", "…", "—", "½", "𝔹", "\x7f", "\x01"]
GAPS = [" ", " ", " ", " ", "  ", "   ", "\n", "\n\n", "\r\n", " \n", "\t", "", "", ", ", ". ", "_", "-"]
MARKERS = ["<|im_start|>", "<|im_end|>", "<start_of_turn>", "<eos>", "<|", "|>", "</s>", "<b>", "<unused7>", "<0x0A>"]


def strings(count: int) -> list[str]:
    """Mixed text: words of many scripts, composed and decomposed, unusual spaces, line ends, long digits, special texts."""
    draw = random.Random(2026)
    made: list[str] = []
    while len(made) < count:
        parts = []
        for _ in range(draw.randint(1, 9)):
            kind = draw.random()
            if kind < 0.6:
                parts.append(draw.choice(WORDS))
            elif kind < 0.75:
                parts.append(draw.choice(ODD))
            elif kind < 0.85:
                parts.append("".join(draw.choice("0123456789") for _ in range(draw.randint(1, 24))))
            elif kind < 0.95:
                parts.append(chr(draw.choice([*range(0x20, 0x250), *range(0x370, 0x600), *range(0x3040, 0x3100)])))
            else:
                parts.append(draw.choice(MARKERS))
            parts.append(draw.choice(GAPS))
        text = "".join(parts)
        made.append(unicodedata.normalize(draw.choice(["NFC", "NFD"]), text))
    return made


def digest(ids: list[int]) -> str:
    return hashlib.sha256(b"".join(i.to_bytes(4, "little") for i in ids)).hexdigest()[:12]


texts = strings(2000)
models = {}
for pair in sys.argv[1:]:
    name, path = pair.split("=", 1)
    folder, _, file = path.rpartition("/")
    with quick_gguf():
        tokenizer = AutoTokenizer.from_pretrained(folder or ".", gguf_file=file)
    if name.startswith("smollm2"):
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    models[name] = [digest(tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)) for text in texts]
json.dump({"strings": texts, "models": models}, sys.stdout, ensure_ascii=True, indent=0)
