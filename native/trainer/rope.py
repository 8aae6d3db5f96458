"""Rotary positions as a GGUF asks for them. transformers' GGUF loader drops both of llama.cpp's ways to stretch them.

`rope.scaling.type` linear divides every angle by a factor; the tensor `rope_freqs.weight` (Llama 3.1 and later, where
transformers says "llama3") divides the angle of each pair of a head by its own. The engine applies both, so the learner
must: the first tokens of a text hardly differ, a long prompt does. Other kinds (YaRN, longrope) are refused.
"""

from typing import Any

import gguf
import torch
from torch import Tensor

from .fault import Fault

HONOURED = ("llama", "qwen2", "qwen3")  # gemma3 has other angles in each kind of layer


def angle_divisors(path: str) -> Tensor | None:
    """What the angles are divided by, float32: [1], or [pairs of a head]; None where they are plain.

    Raises Fault("model") for a kind of scaling that the learner does not compute.
    """
    reader = gguf.GGUFReader(path)
    architecture = _value(reader, "general.architecture")
    scaling = f"{architecture}.rope.scaling"
    kind = _value(reader, f"{scaling}.type") or "linear"  # llama.cpp's default
    if kind not in ("none", "linear"):
        raise Fault(
            "model",
            f"{path} asks for rope scaling of the kind {kind}; the learner computes linear and Llama 3's: choose another model",
        )
    factor = _value(reader, f"{scaling}.factor") or _value(reader, f"{architecture}.rope.scale_linear") or 1.0
    divisors = torch.tensor([float(factor) if kind == "linear" else 1.0])
    for tensor in reader.tensors:
        if tensor.name == "rope_freqs.weight":
            divisors = divisors * torch.tensor(tensor.data.astype("float32"))
    if bool((divisors == 1).all()):
        return None
    if architecture not in HONOURED:
        known = ", ".join(HONOURED)
        raise Fault("model", f"{path} scales the positions of a {architecture}; the learner does that for {known} alone")
    return divisors


def stretch(model: Any, divisors: Tensor | None) -> None:
    """Divides the angles of a transformers model. Call it before the model moves to its device."""
    if divisors is None:
        return
    rotary = model.model.rotary_emb
    pairs = rotary.inv_freq.shape[0]
    if divisors.shape[0] not in (1, pairs):
        raise Fault("model", f"expected rope_freqs of {pairs} values, a pair of a head each; the file has {divisors.shape[0]}")
    rotary.inv_freq = rotary.inv_freq / divisors
    rotary.original_inv_freq = rotary.inv_freq.clone()


def _value(reader: Any, key: str) -> Any:
    field = reader.fields.get(key)
    return None if field is None else field.contents()
