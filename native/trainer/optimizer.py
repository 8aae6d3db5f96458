"""AdamW over the adapter (arXiv 1711.05101), torch's own.

The learning rate comes with each update (src/run/learn.ts, src/warmup.ts), so there is no scheduler to restore.
"""

import torch

from .policy import Policy
from .protocol import Head


def adamw(policy: Policy, options: Head) -> torch.optim.Optimizer:
    """The optimizer of a session; `options` are those of the port's `open`."""
    return torch.optim.AdamW(
        list(policy.adapter().values()),
        lr=options["learningRate"],
        betas=(options["betas"][0], options["betas"][1]),
        eps=options["eps"],
        weight_decay=options["weightDecay"],
    )
