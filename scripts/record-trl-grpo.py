"""Records what TRL 1.16's own loss code says about fixed inputs, for native/trainer/tests/test_loss.py.

usage: python scripts/record-trl-grpo.py > test/fixtures/trl-grpo.json     (needs trl==1.16.0, which the tests do not)
GRPOTrainer._compute_loss runs unchanged on a stub trainer whose model pass returns given log-probs. Loss type bnpo is
the token mean over the batch; the importance ratio is built as TRL's token_truncate mode builds it.
"""

import json
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import torch
from trl.trainer.grpo_trainer import GRPOTrainer


class Stub(SimpleNamespace):
    """Every attribute that a case does not set is off."""

    def __getattr__(self, name: str) -> Any:
        return None


def run(cap: float | None, beta: float, low: float, high: float, seed: int) -> dict[str, Any]:
    random = torch.Generator().manual_seed(seed)
    draw = lambda scale: torch.randn(4, 9, generator=random, dtype=torch.float64) * scale  # noqa: E731
    mask = (torch.arange(9) < torch.tensor([[9], [5], [1], [7]])).long()
    base = -2 + draw(1)
    logp, old, behaviour, reference = (base + draw(0.3) for _ in range(4))
    advantage = draw(1)
    logp.requires_grad_()
    ratio = torch.ones_like(old) if cap is None else torch.clamp(torch.exp(old - behaviour), max=cap)
    trainer = Stub(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logp, torch.zeros_like(logp), None),
        accelerator=SimpleNamespace(gather=lambda x: x, reduce=lambda x, **_: x, num_processes=1),
        model=SimpleNamespace(training=True),
        args=Stub(),
        _metrics={"train": defaultdict(list)},
        top_entropy_quantile=1.0,
        importance_sampling_level="token",
        loss_type="bnpo",
        current_gradient_accumulation_steps=1,
        use_vllm=True,
        vllm_importance_sampling_correction=cap is not None,
        beta=beta,
        epsilon_low=low,
        epsilon_high=high,
    )
    inputs = {
        "prompt_ids": torch.zeros(4, 0, dtype=torch.long),
        "prompt_mask": torch.zeros(4, 0, dtype=torch.long),
        "completion_ids": mask,
        "completion_mask": mask,
        "advantages": advantage,
        "old_per_token_logps": old,
        "ref_per_token_logps": reference,
        "importance_sampling_ratio": ratio,
    }
    loss = GRPOTrainer._compute_loss(trainer, None, inputs)
    loss.backward()
    trained = mask.bool()
    return {
        "clipLow": low,
        "clipHigh": high,
        "klCoef": beta,
        "importanceCap": cap,
        "logp": logp.detach()[trained].tolist(),
        "old": old[trained].tolist(),
        "behaviour": behaviour[trained].tolist(),
        "reference": reference[trained].tolist(),
        "advantage": advantage[trained].tolist(),
        "loss": loss.item(),
        "gradient": logp.grad[trained].tolist(),
        "metrics": {name: values[-1] for name, values in trainer._metrics["train"].items()},
    }


cases = [
    run(cap, beta, low, high, seed)
    for seed, (cap, beta, low, high) in enumerate(
        [(2.0, 0.0, 0.2, 0.2), (2.0, 0.04, 0.2, 0.28), (None, 0.0, 0.1, 0.2), (1.1, 0.2, 0.2, 0.28)]
    )
]
print(json.dumps({"trl": "1.16.0", "cases": cases}, indent=1))
