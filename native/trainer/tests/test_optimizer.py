"""AdamW against its paper."""

import torch

from trainer.optimizer import adamw

from .test_update import OPTIONS, weights
from .tiny import tiny_policy


def test_the_first_step_is_that_of_the_paper() -> None:
    """AdamW (arXiv 1711.05101, algorithm 2): decay by lr * wd, then lr * g / (|g| + eps), since the moments start at 0."""
    policy = tiny_policy()
    before = weights(policy)
    optimizer = adamw(policy, OPTIONS | {"weightDecay": 0.5})
    gradients = {name: torch.randn_like(p) for name, p in policy.adapter().items()}
    for name, p in policy.adapter().items():
        p.grad = gradients[name]
    optimizer.step()
    for name, p in policy.adapter().items():
        wanted = before[name] * (1 - 1e-2 * 0.5) - 1e-2 * gradients[name] / (gradients[name].abs() + 1e-8)
        torch.testing.assert_close(p.detach(), wanted, rtol=1e-5, atol=1e-7)
