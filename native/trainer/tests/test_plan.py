"""The formula of src/plan/learner.ts is this one: both are held to the plans in test/fixtures/plan.json, to the byte."""

import json
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
import transformers

from trainer.memory import Sizes, row_bytes, sizes
from trainer.policy import LINEAR_LAYERS, Lora, Policy

RECORDED = json.loads((Path(__file__).parents[3] / "test/fixtures/plan.json").read_text())
CONFIGS = {"llama": transformers.LlamaConfig, "qwen2": transformers.Qwen2Config, "qwen3": transformers.Qwen3Config}


def unweighted(shape: dict[str, Any], rank: int) -> Policy:
    """A model of these sizes with its adapter, without memory for its weights."""
    config = CONFIGS[shape["architecture"]](
        vocab_size=shape["vocabulary"],
        hidden_size=shape["width"],
        intermediate_size=shape["feedForward"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kvHeads"],
        head_dim=shape["headWidth"],
        tie_word_embeddings=shape["tied"],
    )
    with torch.device("meta"):
        base = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
        model = peft.get_peft_model(base, peft.LoraConfig(r=rank, target_modules=list(LINEAR_LAYERS), task_type="CAUSAL_LM"))
    return Policy(model, "sized", Lora(rank, 32, 0), torch.device("meta"), torch.bfloat16, 8192)


@pytest.mark.parametrize("model", RECORDED["models"], ids=lambda model: model["name"])
def test_the_plan_knows_the_sizes_and_the_weights_of_a_model_from_its_header(model: dict[str, Any]) -> None:
    policy = unweighted(model["shape"], RECORDED["request"]["training"]["rank"])
    assert sizes(policy) == Sizes(**model["sizes"])
    frozen = sum(p.numel() * p.itemsize for p in policy.model.parameters() if not p.requires_grad)
    assert frozen == model["weights"]


def test_the_rows_of_every_plan_take_what_it_says_and_no_longer_sample_fits() -> None:
    known = {model["name"]: Sizes(**model["sizes"]) for model in RECORDED["models"]}
    planned = [case for case in RECORDED["cases"] if case["row"] is not None]
    assert len(RECORDED["cases"]) == 120
    assert len(planned) > 60
    for case in planned:
        shape, learner, training = known[case["name"]], case["plan"]["learner"], case["plan"]["training"]["learner"]
        tokens = learner["rowTokens"]
        assert row_bytes(shape, tokens, tokens, learner["recomputed"]) == case["row"]
        gradient, held = 4 * shape.adapter, training["weights"] + training["lora"] + training["moments"]
        assert training["rows"] == case["row"] + gradient
        assert learner["expected"] == held + training["rows"]
        given = learner["bytes"] - held - gradient
        longest, blocks = learner["longestSample"], shape.blocks
        assert row_bytes(shape, longest, longest, blocks) <= given < row_bytes(shape, longest + 1, longest + 1, blocks)
