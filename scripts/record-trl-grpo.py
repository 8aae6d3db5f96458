"""Records the results of TRL 1.16's loss code for fixed inputs, for native/trainer/tests/test_trl.py.

usage: python scripts/record-trl-grpo.py > test/fixtures/trl-grpo.json     (needs trl==1.16.0, which the tests do not)
GRPOTrainer._compute_loss runs unchanged on a stub trainer whose model pass returns given log-probs and entropies. The
importance ratio is built as TRL's _generate_and_score_completions builds it for each mode (its own lines need a model).
"""

import json
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import torch
from trl.trainer.grpo_trainer import GRPOTrainer

CONSTANT = 32  # TRL's max_completion_length


class Stub(SimpleNamespace):
    """Every attribute that a case does not set is off."""

    def __getattr__(self, name: str) -> Any:
        return None


# our name -> TRL's settings, and ours if they do not follow from the name
LOSSES: dict[str, dict[str, Any]] = {
    "grpo": {"loss_type": "grpo", "normalize": "sequence"},
    "grpo, token mean": {"loss_type": "bnpo", "normalize": "tokens"},
    "dr_grpo": {"loss_type": "dr_grpo", "normalize": "constant"},
    "dapo": {"loss_type": "dapo", "normalize": "tokens"},
    "gspo": {"loss_type": "grpo", "level": "sequence", "normalize": "sequence"},
    "cispo": {"loss_type": "cispo", "normalize": "tokens"},
    "dual_clip": {"loss_type": "grpo", "delta": 3.0, "normalize": "sequence"},
}


def importance_ratio(old: torch.Tensor, behaviour: torch.Tensor, mask: torch.Tensor, mode: str, cap: float) -> torch.Tensor:
    """As in TRL; one per sequence if the mode requires it."""
    gap = (old - behaviour) * mask
    ratio = torch.exp(gap.sum(dim=-1, keepdim=True) if mode.startswith("sequence") else gap)
    return torch.clamp(ratio, max=cap) if mode.endswith("truncate") else ratio.masked_fill(ratio > cap, value=0.0)


def run(
    name: str,
    seed: int,
    low: float = 0.2,
    high: float = 0.28,
    beta: float = 0.0,
    mode: str = "token_truncate",
    cap: float | None = 2.0,
    spread: float = 0.3,
) -> dict[str, Any]:
    how = LOSSES[name]
    random = torch.Generator().manual_seed(seed)
    draw = lambda *size: torch.randn(*size, generator=random, dtype=torch.float64)  # noqa: E731
    answered = (torch.arange(9) < torch.tensor([[9], [5], [1], [7]])).long()
    own = (torch.arange(9) % 4 != 2).long().expand(4, 9)  # gaps: tool results in between
    mask = answered * own
    base = -2 + draw(4, 9)
    logp, old, behaviour, reference = (base + spread * draw(4, 9) for _ in range(4))
    # TRL takes one advantage per sequence; per-token advantages are ours, except where TRL's code happens to broadcast
    advantage = draw(4, 1).expand(4, 9) if how.get("level") else draw(4, 9)
    entropy = draw(4, 9).square()
    logp.requires_grad_()
    trainer = Stub(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logp, entropy, None),
        accelerator=SimpleNamespace(gather=lambda x: x, reduce=lambda x, **_: x, num_processes=1, sync_gradients=False),
        model=SimpleNamespace(training=True),
        args=Stub(delta=how.get("delta"), steps_per_generation=1),
        _metrics={"train": defaultdict(list)},
        top_entropy_quantile=1.0,
        importance_sampling_level=how.get("level", "token"),
        loss_type=how["loss_type"],
        current_gradient_accumulation_steps=1,
        max_completion_length=CONSTANT,
        use_vllm=True,
        vllm_importance_sampling_correction=cap is not None,
        beta=beta,
        epsilon_low=low,
        epsilon_high=1 + high if name == "cispo" else high,
    )
    inputs = {
        "prompt_ids": torch.zeros(4, 0, dtype=torch.long),
        "prompt_mask": torch.zeros(4, 0, dtype=torch.long),
        "completion_ids": answered,
        "completion_mask": answered,
        "tool_mask": own,
        "advantages": advantage,
        "old_per_token_logps": old,
        "ref_per_token_logps": reference,
        "num_items_in_batch": mask.sum(),
    }
    if cap is not None:
        inputs["importance_sampling_ratio"] = importance_ratio(old, behaviour, mask, mode, cap)
    loss = GRPOTrainer._compute_loss(trainer, None, inputs)
    loss.backward()
    trained = mask.bool()
    flat = {"logp": logp, "old": old, "behaviour": behaviour, "reference": reference, "advantage": advantage}
    return {
        "name": name,
        "loss": {
            "kind": name.split(",")[0],
            "clipLow": low,
            "clipHigh": high,
            "dualClip": how.get("delta", 3.0),
            "klCoef": beta,
            "normalize": how["normalize"],
            "constant": CONSTANT,
            "importanceMode": mode,
            "importanceCap": cap,
            "temperature": 1.0,
        },
        "lengths": mask.sum(-1).tolist(),
        **{name: values.detach()[trained].tolist() for name, values in flat.items()},
        "value": loss.item(),
        "gradient": logp.grad[trained].tolist(),
        "metrics": {name: values[-1] for name, values in trainer._metrics["train"].items()},
    }


sequence = {"mode": "sequence_truncate"}  # the weight for which TRL's and our form of GSPO agree
cases = [
    *(
        run(name, seed, beta=beta, **(sequence if name == "gspo" else {}), **({"low": 1.0, "high": 0.5} if name == "cispo" else {}))
        for seed, (name, beta) in enumerate((name, beta) for name in LOSSES for beta in (0.0, 0.04))
    ),
    *(run("dapo", 20 + i, mode=mode, cap=1.2) for i, mode in enumerate(("token_mask", "sequence_truncate", "sequence_mask"))),
    run("grpo", 30, cap=None, low=0.1, high=0.2),
    run("grpo, token mean", 31, cap=1.1, beta=0.2),
    run("gspo", 32, cap=None, low=3e-4, high=4e-4),
    # ratios of e^-20 .. e^20
    *(
        run(name, 40 + i, spread=5.0, **(sequence if name == "gspo" else {}), **({"low": 1.0, "high": 4.0} if name == "cispo" else {}))
        for i, name in enumerate(LOSSES)
    ),
]
print('{"trl": "1.16.0", "cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}")  # one line per case
