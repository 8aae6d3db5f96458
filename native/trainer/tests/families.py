"""Tiny random models as GGUF files, one for each family that can be trained: what engine and learner are compared on.

    python -m trainer.tests.families FOLDER

writes FOLDER/NAME.gguf for every NAME of FAMILIES; FOLDER/NAME-plain.gguf, the same weights without scaled positions, for the
two that scale them; and FOLDER/llama-yarn.gguf, whose kind of scaling nobody here computes. Weights are larger than an
initialised model's, so that attention is sharp and a wrong angle shows in the log-probs.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

from trainer.batch import Numbers

CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>")
HEADERS = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>")
VOCABULARY, CONTEXT, LAYERS, HIDDEN, INNER = 288, 4096, 2, 64, 96
HEADS, KEY_HEADS = 4, 2


@dataclass(frozen=True)
class Family:
    """`head`: width of a head. `linear`: factor of linear scaling. `own`: angle divisors of each pair (rope_freqs)."""

    architecture: str
    markers: tuple[str, ...]
    head: int = 16
    linear: float | None = None
    own: bool = False


FAMILIES = {
    "qwen2": Family("qwen2", CHATML),
    "qwen3": Family("qwen3", CHATML, head=128),  # transformers reads no other width for it
    "llama-3.1": Family("llama", HEADERS, own=True),
    "llama-linear": Family("llama", CHATML, linear=4.0),
}


def write_family(name: str, path: Path, scaled: bool = True, kind: str = "linear") -> None:
    """Writes one model. `scaled` False: without its scaling. `kind`: the kind that the header names."""
    family = FAMILIES[name]
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, family.architecture)
    writer.add_name(f"tiny {name}")
    writer.add_context_length(CONTEXT)
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_key_length(family.head)
    writer.add_value_length(family.head)
    writer.add_rope_dimension_count(family.head)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    if scaled and family.linear is not None:
        writer.add_string(f"{family.architecture}.rope.scaling.type", kind)
        writer.add_rope_scaling_factor(family.linear)
    add_vocabulary(writer, family.markers)

    def matrix(tensor: str, rows: int, columns: int, size: float) -> None:
        writer.add_tensor(tensor, (random.normal(0, size, (rows, columns)) / np.sqrt(columns)).astype(np.float32))

    def vector(tensor: str, length: int, mean: float, spread: float) -> None:
        writer.add_tensor(tensor, random.normal(mean, spread, length).astype(np.float32))

    matrix("token_embd.weight", VOCABULARY, HIDDEN, 8)
    matrix("output.weight", VOCABULARY, HIDDEN, 2)
    vector("output_norm.weight", HIDDEN, 1, 0.1)
    if scaled and family.own:
        writer.add_tensor("rope_freqs.weight", llama3_divisors(family.head))
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        for part, heads in (("q", HEADS), ("k", KEY_HEADS), ("v", KEY_HEADS)):
            matrix(f"{block}.attn_{part}.weight", heads * family.head, HIDDEN, 1.5)
            if family.architecture == "qwen2":
                vector(f"{block}.attn_{part}.bias", heads * family.head, 0, 0.3)
        if family.architecture == "qwen3":
            vector(f"{block}.attn_q_norm.weight", family.head, 1.5, 0.1)
            vector(f"{block}.attn_k_norm.weight", family.head, 1.5, 0.1)
        matrix(f"{block}.attn_output.weight", HIDDEN, HEADS * family.head, 2)
        vector(f"{block}.attn_norm.weight", HIDDEN, 1, 0.1)
        vector(f"{block}.ffn_norm.weight", HIDDEN, 1, 0.1)
        matrix(f"{block}.ffn_gate.weight", INNER, HIDDEN, 1)
        matrix(f"{block}.ffn_up.weight", INNER, HIDDEN, 1)
        matrix(f"{block}.ffn_down.weight", HIDDEN, INNER, 1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_vocabulary(writer: gguf.GGUFWriter, markers: tuple[str, ...]) -> None:
    """The 256 bytes in GPT-2's alphabet, one merge (llama.cpp wants some), the markers, and unused ids."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shifted = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(0x100 + at) for at, byte in enumerate(shifted)}
    texts = [letters[byte] for byte in range(256)] + ["th", *markers]
    kinds = [gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL] * len(markers)
    unused = VOCABULARY - len(texts)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe" if "<|eot_id|>" in markers else "qwen2")
    writer.add_token_list(texts + [f"[PAD{at}]" for at in range(unused)])
    writer.add_token_types(kinds + [gguf.TokenType.UNUSED] * unused)
    writer.add_token_merges(["t h"])
    end = "<|eot_id|>" if "<|eot_id|>" in markers else "<|im_end|>"
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(texts.index(end))
    writer.add_add_bos_token(False)


def llama3_divisors(head: int, factor: float = 8.0, trained: float = 256.0) -> Numbers:
    """Llama 3.1's rule with its low and high factors of 1 and 4, for a context of `trained` tokens; [head / 2]."""
    waves = 2 * np.pi * 10000.0 ** (np.arange(0, head, 2) / head)
    smooth = (trained / waves - 1) / (4 - 1)
    between = 1 / ((1 - smooth) / factor + smooth)
    divisors = np.where(waves < trained / 4, 1.0, np.where(waves > trained, factor, between))
    return divisors.astype(np.float32)


def main(folder: Path) -> None:
    """Writes all of them."""
    for name, family in FAMILIES.items():
        write_family(name, folder / f"{name}.gguf")
        if family.own or family.linear is not None:
            write_family(name, folder / f"{name}-plain.gguf", scaled=False)
    write_family("llama-linear", folder / "llama-yarn.gguf", kind="yarn")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
