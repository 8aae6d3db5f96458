"""AdamW over the adapter (arXiv 1711.05101), torch's own.

The learning rate of each update comes with it (src/run/learn.ts, src/warmup.ts); no scheduler lives here, so none is to restore.
"""

import torch

from .policy import Policy
from .protocol import Head


def adamw(policy: Policy, options: Head) -> torch.optim.Optimizer:
    """The optimizer of a session; `options` as the port's `open` has them."""
    return torch.optim.AdamW(
        list(policy.adapter().values()),
        lr=options["learningRate"],
        betas=(options["betas"][0], options["betas"][1]),
        eps=options["eps"],
        weight_decay=options["weightDecay"],
    )
