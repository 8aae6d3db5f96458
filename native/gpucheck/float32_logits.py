"""Are the log-probs of a bfloat16 model those of float32 logits? Rounded to bfloat16 a logit of 20 is off by up to 0.06, which
is a hundred times GSPO's clip band (gradients of noise, silently). The kernel that avoids it exists on CUDA only.
"""

import torch
from torch import Tensor

from trainer.logprob import target_logprobs

from .bench import Bench, random_policy
from .finding import Finding, below, shown

TOKENS = 500
MOST = 0.002  # nats, on average
SLICE = 8192  # rows of the head that are float32 at a time in the reference
NAME = "float32 logits"


def float32_logits(bench: Bench) -> list[Finding]:
    """The learner's log-probs of sampled tokens against float32 logits, and what bfloat16 logits would have given."""
    policy = random_policy(bench, torch.bfloat16, layers=min(2, bench.layers))
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(bench.shape.vocabulary, (1, TOKENS), generator=draw).to(bench.device)
    with torch.no_grad():
        hidden = policy.model.get_base_model().model(input_ids=ids, use_cache=False).last_hidden_state[0]
        head = policy.model.get_base_model().lm_head.weight
        wide = _float32_product(hidden, head)
        torch.manual_seed(2)
        sampled = torch.multinomial(wide.softmax(-1), 1).squeeze(-1)  # likely tokens, as in training
        exact = _logprobs(wide, sampled)
        ours = target_logprobs(hidden, head, sampled, 1.0)[0]
        rounded = _logprobs((hidden @ head.T).float(), sampled)
    what = f"mean |difference| of {TOKENS} sampled tokens"
    return [
        below(NAME, what, _mean_gap(ours, exact), MOST, "nats"),
        shown(NAME, "the same with logits rounded to bfloat16", _mean_gap(rounded, exact), "nats"),
        shown(NAME, "largest logit", float(wide.max())),
    ]


def _float32_product(hidden: Tensor, head: Tensor) -> Tensor:
    """hidden @ head.T in float32, summed in float32 (TF32 is off by torch's default). [t, v]"""
    wide = hidden.float()
    return torch.cat([wide @ head[start : start + SLICE].float().T for start in range(0, len(head), SLICE)], dim=-1)


def _logprobs(logits: Tensor, targets: Tensor) -> Tensor:
    return logits.log_softmax(-1).gather(-1, targets[:, None]).squeeze(-1)


def _mean_gap(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().mean())
