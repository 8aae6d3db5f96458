"""The adapter's linear layers: y = x W' + b + (x A') B' s, with W frozen, as one step of autograd.

PEFT's own forward is the same sum in many passes: in bfloat16 it keeps a float32 copy of every layer's input and makes several
float32 tensors of the output's size, which on a CPU took longer than the products with W. Here the input is kept as it came,
and only a block of rows is float32 at a time. A and B, their gradients and all sums stay float32.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

BLOCK = 128  # rows that are float32 at a time on a CPU: they fit into its cache


def fuse(module: Any, name: str = "default") -> None:
    """Makes a peft.tuners.lora.Linear compute in one step. Turning the adapter off, and saving it, work as before."""
    module.forward = partial(_forward, module, name)


def _forward(module: Any, name: str, x: Tensor) -> Tensor:
    base: nn.Linear = module.base_layer
    if module.disable_adapters:
        return linear(x, base.weight, base.bias)
    a, b = module.lora_A[name].weight, module.lora_B[name].weight
    y: Tensor = _Adapted.apply(x, base.weight, base.bias, a, b, module.scaling[name])  # type: ignore[no-untyped-call]
    return y


class _Adapted(torch.autograd.Function):
    """x [..., i], weight [o, i], a [r, i], b [o, r] -> [..., o]; inside, the leading dimensions of x are one, n."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float) -> Tensor:
        y = linear(x, weight, bias)
        rows, out = x.reshape(-1, x.shape[-1]), y.view(-1, y.shape[-1])
        low = torch.empty(len(rows), len(a), dtype=a.dtype, device=x.device)  # [n, r] x A' s
        read, write = _buffer(rows, a.dtype), _buffer(out, a.dtype)
        for part in _blocks(rows):
            torch.mm(_wide(rows[part], read), a.T, out=low[part]).mul_(scale)
            _add_product(out[part], low[part], b.T, write)
        ctx.save_for_backward(x, low, weight, a, b)
        ctx.scale = scale
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        x, low, weight, a, b = ctx.saved_tensors
        rows, slope = x.reshape(-1, x.shape[-1]), gradients[0].reshape(-1, len(weight))  # [n, i], [n, o]
        of_x = slope @ weight if ctx.needs_input_grad[0] else None
        of_a, of_b = torch.zeros_like(a), torch.zeros_like(b)
        read, steep = _buffer(rows, a.dtype), _buffer(slope, a.dtype)
        for part in _blocks(rows):
            wide = _wide(slope[part], steep)
            of_b.addmm_(wide.T, low[part])
            of_low = (wide @ b).mul_(ctx.scale)
            of_a.addmm_(of_low.T, _wide(rows[part], read))
            if of_x is not None:
                _add_product(of_x[part], of_low, a, read)
        return None if of_x is None else of_x.view_as(x), None, None, of_a, of_b, None


def _add_product(out: Tensor, left: Tensor, right: Tensor, buffer: Tensor | None) -> None:
    """out += left @ right, summed in float32."""
    total = _wide(out, buffer).addmm_(left, right)
    if total is not out:
        out.copy_(total)


def _wide(block: Tensor, buffer: Tensor | None) -> Tensor:
    """The block in the buffer's dtype; itself without a buffer."""
    return block if buffer is None else buffer[: len(block)].copy_(block)


def _buffer(rows: Tensor, dtype: torch.dtype) -> Tensor | None:
    """Room for one block, used again for each: new memory costs more than the copy. None if no copy is needed."""
    return None if rows.dtype == dtype else torch.empty(_block(rows), rows.shape[1], dtype=dtype, device=rows.device)


def _blocks(rows: Tensor) -> Iterator[slice]:
    size = _block(rows)
    return (slice(start, start + size) for start in range(0, len(rows), size))


def _block(rows: Tensor) -> int:
    cast = rows.device.type == "cpu" and rows.dtype != torch.float32
    return max(1, min(BLOCK, len(rows)) if cast else len(rows))
