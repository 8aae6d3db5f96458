"""Tiny random models of each supported architecture, and groups of samples as the loop sends them."""

from typing import Any

import numpy as np
import torch
import transformers

from trainer.batch import Sample
from trainer.loss import Loss
from trainer.policy import Lora, Policy, with_adapter

VOCABULARY = 97
PLAIN = Loss("grpo", clip_high=0.28, importance_cap=2.0)


def tiny_policy(
    architecture: str = "llama", seed: int = 0, random_b: float = 0.05, layers: int = 3, dtype: torch.dtype = torch.float32
) -> Policy:
    """Grouped-query attention; B of the adapter is random unless `random_b` is 0."""
    sizes: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "attn_implementation": "sdpa",
    }
    if architecture == "qwen2":
        del sizes["head_dim"]
    if architecture == "gemma3_text":  # a window shorter than the samples, and a layer of each kind
        kinds_of_layers = ["sliding_attention", "full_attention"] * layers
        sizes |= {"sliding_window": 9, "layer_types": kinds_of_layers[:layers], "query_pre_attn_scalar": 8}
    kinds = {
        "llama": transformers.LlamaConfig,
        "qwen2": transformers.Qwen2Config,
        "qwen3": transformers.Qwen3Config,
        "gemma3_text": transformers.Gemma3TextConfig,
    }
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(kinds[architecture](**sizes))
    for parameter in model.parameters():  # the usual 0.02 leaves near-uniform predictions, in which errors would hide
        parameter.data.mul_(4 if parameter.dim() > 1 else 1)
    policy = with_adapter(model.to(dtype), f"tiny-{architecture}", Lora(4, 8.0, seed))
    if random_b:
        with torch.random.fork_rng():
            torch.manual_seed(seed + 1)
            for name, parameter in policy.adapter().items():
                if "lora_B" in name:
                    parameter.data.normal_(0, random_b)
    return policy


def episodes(group: int, turns: int, seed: int = 0, copies: bool = False) -> list[Sample]:
    """A group of `group` samples: a shared prompt, then turns of sampled and foreign tokens. Some share turns; with
    `copies` all are equal."""
    random = np.random.default_rng(seed)
    prompt = random.integers(0, VOCABULARY, 12).tolist()
    samples: list[Sample] = []
    for number in range(group):
        # Every third sample goes on from the first turn of the one before it: branching below the prompt.
        ids, trained = (
            (list(prompt), [False] * 12) if number % 3 != 2 else (samples[-1].ids[:16], samples[-1].trained[:16].tolist())
        )
        for _ in range(turns):
            sampled, foreign = int(random.integers(2, 7)), int(random.integers(0, 4))
            ids += random.integers(0, VOCABULARY, sampled + foreign).tolist()
            trained += [True] * sampled + [False] * foreign
        mask = np.asarray(trained)
        if copies and samples:
            ids, mask = samples[0].ids, samples[0].trained
        samples.append(
            Sample(
                list(ids),
                mask,
                (random.normal(-4.6, 0.3, len(ids)) * mask).astype(np.float32),
                (random.normal(0, 1) * np.ones(len(ids)) * mask).astype(np.float32),
            )
        )
    return samples
