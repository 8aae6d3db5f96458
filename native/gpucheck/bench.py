"""What the checks run on: a random model of a real model's shape, and samples like the loop's. Nothing is downloaded.

Time and memory depend on shapes, not on what the weights say. The head is scaled so that the largest logits reach 20 to 25, as a
trained model's do: rounding errors show only there.
"""

import gc
from dataclasses import dataclass

import numpy as np
import torch
import transformers

from trainer.batch import Sample
from trainer.policy import Lora, Policy, with_adapter

LOGIT_DEVIATION = 5.0  # the largest of 151,936 normal draws is 4.5 deviations out


@dataclass(frozen=True)
class Shape:
    """Sizes of a qwen3 model."""

    name: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    key_value_heads: int
    head_size: int
    vocabulary: int
    rank: int
    rows: tuple[int, ...]  # lengths of the rows whose memory is measured, in tokens
    sample: int  # tokens of a sample where their number is not what is checked

    def weight_bytes(self, layers: int, item: int) -> int:
        """Frozen weights of so many layers, with embedding and head."""
        attention = self.hidden * self.head_size * 2 * (self.heads + self.key_value_heads)
        return item * (layers * (attention + 3 * self.hidden * self.intermediate) + 2 * self.hidden * self.vocabulary)


# 2,049: a row whose mask CUDA's attention would have to pad
QWEN3_8B = Shape("Qwen3-8B", 36, 4096, 12288, 32, 8, 128, 151_936, 16, (512, 2048, 2049, 8192), 400)
TINY = Shape("tiny", 3, 32, 48, 4, 2, 8, 997, 4, (64, 256), 40)


@dataclass(frozen=True)
class Bench:
    """Where the checks run. `layers`: of the shape's, as many as the device holds with room for the rows."""

    shape: Shape
    device: torch.device
    layers: int

    @property
    def on_card(self) -> bool:
        """Whether bytes and seconds mean what they will mean in a run: on a CPU they only show that the check works."""
        return self.device.type == "cuda"


def layers_for(shape: Shape, free: int) -> int:
    """Layers whose bfloat16 weights leave most of `free` bytes to the rows: at most 2 in 5 bytes are weights."""
    return max((n for n in range(1, shape.layers + 1) if shape.weight_bytes(n, 2) <= free * 0.4), default=1)


def random_policy(bench: Bench, dtype: torch.dtype, layers: int | None = None, seed: int = 0) -> Policy:
    """A model whose adapter is not zero, made on its device. The same seed gives the same bits on the same device."""
    shape = bench.shape
    config = transformers.Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=bench.layers if layers is None else layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        head_dim=shape.head_size,
        max_position_embeddings=40_960,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
        tie_word_embeddings=False,
    )
    torch.manual_seed(seed)
    with torch.device(bench.device):
        base = transformers.AutoModelForCausalLM.from_config(config, dtype=dtype, attn_implementation="sdpa")
        deviation = float(base.lm_head.weight.detach()[:256].float().std()) * shape.hidden**0.5
        base.lm_head.weight.data.mul_(LOGIT_DEVIATION / deviation)
        policy = with_adapter(base, shape.name, Lora(shape.rank, 2.0 * shape.rank, seed))
        for name, parameter in policy.adapter().items():
            if "lora_B" in name:
                parameter.data.normal_(0, 0.01)
    return policy


def group(bench: Bench, nodes: int, samples: int, seed: int = 0) -> list[Sample]:
    """A prompt of a quarter of `nodes` tokens and `samples` answers to it, all trained: at most `nodes` tokens packed."""
    draw = np.random.default_rng(seed)
    prompt = draw.integers(0, bench.shape.vocabulary, nodes // 4).tolist()
    made = []
    for number in range(samples):
        answer = draw.integers(0, bench.shape.vocabulary, (nodes - len(prompt)) // samples).tolist()
        ids = prompt + answer
        trained = np.arange(len(ids)) >= len(prompt)
        advantage = np.where(trained, 1.0 if number % 2 else -1.0, 0.0).astype(np.float32)
        made.append(Sample(ids, trained, np.where(trained, -10.0, 0.0).astype(np.float32), advantage))
    return made


def give_back(device: torch.device) -> None:
    """Frees what the last check left."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
