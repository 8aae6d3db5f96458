"""Does a packed row compute what its samples compute alone? On the CPU the tests hold it to 1e-5; a GPU has other kernels.

In float32 the two must be equal but for the order of sums. In bfloat16 each is off by its own rounding, so both are compared with
float32: packing must not add to it.
"""

from dataclasses import replace

import torch
from torch import Tensor

from trainer.logprob import target_logprobs
from trainer.policy import Policy, logprobs

from .bench import Bench, group, random_policy
from .finding import Finding, below, shown

LAYERS = 4  # in float32 each has 0.8 GB at 8B, embedding and head 5 GB
MOST = 1e-3  # nats, the largest of all tokens
MOST_ROUNDING = 1.5  # times the error of unpacked rows
NAME = "packed rows"


def packed_rows(bench: Bench) -> list[Finding]:
    """A group of eight with a shared prompt, packed and one by one, in bfloat16 and with the same weights in float32."""
    policy = random_policy(bench, torch.bfloat16, layers=min(LAYERS, bench.layers))
    ids = [sample.ids for sample in group(bench, 4 * bench.shape.sample, 8)]
    packed, alone = _packed(policy, ids), _alone(policy, ids)
    policy.model.float()
    wide = replace(policy, dtype=torch.float32)
    packed_wide, alone_wide = _packed(wide, ids), _alone(wide, ids)
    error, error_alone = (float((some - alone_wide).abs().mean()) for some in (packed, alone))
    return [
        below(NAME, "float32: largest |packed - alone|", float((packed_wide - alone_wide).abs().max()), MOST, "nats"),
        shown(NAME, "bfloat16: mean |alone - float32|", error_alone, "nats"),
        below(NAME, "bfloat16: mean |packed - float32|", error, max(MOST, MOST_ROUNDING * error_alone), "nats"),
    ]


def _packed(policy: Policy, samples: list[list[int]]) -> Tensor:
    """As the learner computes them: all log-probs after the first token of each sample, one after the other."""
    values = logprobs(policy, samples, False, 1.0)
    return torch.tensor([value for sample in values for value in sample[1:]])


def _alone(policy: Policy, samples: list[list[int]]) -> Tensor:
    """As transformers computes them: a sample a pass, its own causal attention, no mask of ours."""
    base, values = policy.model.get_base_model(), []
    with torch.no_grad():
        for sample in samples:
            ids = torch.tensor(sample, device=policy.device)
            hidden = base.model(input_ids=ids[None], use_cache=False).last_hidden_state[0, :-1]
            values.append(target_logprobs(hidden, base.lm_head.weight, ids[1:], 1.0)[0].cpu())
    return torch.cat(values)
