"""What an update of an 8B holds at its peak against trainer/memory.py, without a GPU and without the memory: tensors are fake.

Every allocation of the forward and backward pass of one packed row is counted, with the ways that only CUDA takes; kernels'
own workspaces and the allocator's rounding are not. `npm run check:gpu -- --learner` measures the same on a card.

usage: PYTHONPATH=native python scripts/measure-rows.py [LAYERS] (default 12)
"""

import gc
import sys
import weakref
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import trainer.logprob
import trainer.lora
from gpucheck.bench import QWEN3_8B, Bench, group, random_policy
from trainer.batch import pack_minibatch
from trainer.memory import recomputed, row_bytes, sizes
from trainer.policy import Policy, forward


class Counted(TorchDispatchMode):
    """Bytes of the storages that exist, and the most there were, but for those of `known` tensors."""

    def __init__(self, known: list[Tensor]) -> None:
        super().__init__()
        self.live = {tensor.untyped_storage()._cdata: 0 for tensor in known}
        self.now = self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._add(leaf.untyped_storage())
        return result

    def _add(self, storage: Any) -> None:
        key = storage._cdata
        if key in self.live:
            return
        self.live[key] = -(-storage.nbytes() // 512) * 512
        self.now += self.live[key]
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._gone, key)

    def _gone(self, key: int) -> None:
        self.now -= self.live.pop(key, 0)


def float32_product(hidden: Tensor, weight: Tensor) -> Tensor:
    """CUDA's product allocates its result alone."""
    return torch.empty(len(hidden), len(weight), dtype=torch.float32, device=hidden.device)


def measure(policy: Policy, nodes: int, blocks: int) -> str:
    """One row, forward and backward."""
    bench = Bench(QWEN3_8B, policy.device, policy.config.num_hidden_layers)
    [row] = pack_minibatch(group(bench, nodes, 8), nodes)
    gc.collect()
    with Counted([*policy.model.parameters(), *policy.model.buffers()]) as counted, recomputed(policy, blocks):
        forward(policy, row.row, row.nodes, 1.0)[0].sum().backward()
    for parameter in policy.adapter().values():
        parameter.grad = None
    predicted = row_bytes(sizes(policy), len(row.row.ids), len(row.nodes), blocks) + 4 * sizes(policy).adapter
    ratio = predicted / counted.peak
    return f"{nodes:6,} tokens, {blocks:2} blocks recomputed: {predicted / 1e9:6.2f} / {counted.peak / 1e9:6.2f} GB = {ratio:.2f}"


def main(layers: int) -> None:
    """Prints predicted / counted of several rows."""
    trainer.lora._block = lambda rows: max(1, len(rows))  # as on CUDA: all rows at once
    trainer.logprob._logits = float32_product
    nn.Module.to = lambda self, *_, **__: self  # PEFT moves adapters to where they are, which fake tensors refuse
    Tensor.__float__ = lambda _: 1.0  # the head's deviation: there are no numbers
    with FakeTensorMode(allow_non_fake_inputs=True):
        policy = random_policy(Bench(QWEN3_8B, torch.device("cpu"), layers), torch.bfloat16)
        for nodes in QWEN3_8B.rows:
            for blocks in (0, layers // 2, layers):
                print(measure(policy, nodes, blocks), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
