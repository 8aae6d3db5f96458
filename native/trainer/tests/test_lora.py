"""The fused adapter layer against PEFT's own: same values, same gradients, less kept."""

from typing import Any

import peft
import pytest
import torch
from torch import Tensor

from trainer.lora import BLOCK

from .tiny import tiny_policy


def layer(dtype: torch.dtype, kind: str = "down_proj") -> Any:
    """A fused layer with a random adapter; qwen2's q_proj has a bias."""
    policy = tiny_policy("qwen2", dtype=dtype, random_b=0.3)
    return next(m for name, m in policy.model.named_modules() if name.endswith(kind) and isinstance(m, peft.tuners.lora.Linear))


def passed(module: Any, x: Tensor, slope: Tensor, fused: bool) -> list[Tensor]:
    """Output, and gradients of x, A and B."""
    given = x.clone().requires_grad_()
    weights = [module.lora_A["default"].weight, module.lora_B["default"].weight]
    y: Tensor = module(given) if fused else peft.tuners.lora.Linear.forward(module, given)
    gradients = torch.autograd.grad(y, [given, *weights], slope)
    return [y.detach(), *gradients]


@pytest.mark.parametrize("kind", ["down_proj", "q_proj"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_and_gradients_are_those_of_peft(kind: str, dtype: torch.dtype) -> None:
    module = layer(dtype, kind)
    torch.manual_seed(3)
    x = torch.randn(2, BLOCK + 5, module.in_features).to(dtype)  # more than one block, the last one short
    slope = torch.randn(2, BLOCK + 5, module.out_features).to(dtype)
    ours, theirs = passed(module, x, slope, True), passed(module, x, slope, False)
    # bfloat16 has 8 bits: PEFT rounds the two parts of the gradient of x, and their sum; here only base and sum are rounded
    near = 2e-6 if dtype == torch.float32 else 1.2e-2
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.dtype == other.dtype
        assert (mine - other).abs().max() <= near * other.abs().max()
    for mine, other in zip(ours[2:], theirs[2:], strict=True):  # A and B: sums in float32 of the same numbers
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


def test_with_the_adapter_off_it_is_the_base_layer() -> None:
    policy = tiny_policy("qwen2", random_b=0.3)
    module = policy.model.get_base_model().model.layers[0].self_attn.q_proj
    x = torch.randn(1, 4, module.in_features)
    with policy.model.disable_adapter():
        assert torch.equal(module(x), module.base_layer(x))
    assert not torch.allclose(module(x), module.base_layer(x), atol=1e-3)
