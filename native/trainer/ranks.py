"""The processes that train one model together under torchrun: each computes part of the rows, gradients are summed.

Data parallel over the LoRA parameters; nothing else ever differs between the processes: each reads every request, decides
from summed numbers, and makes the same optimizer step. Only rank 0 communicates with the loop. Adapters are a few megabytes,
so one flat all-reduce per mini-batch is enough.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

PATIENCE = timedelta(days=30)  # the followers wait for a request during whole rollouts


@dataclass(frozen=True)
class Ranks:
    """This process (`rank`) of `size`."""

    rank: int = 0
    size: int = 1
    requests: Any = None  # process group for requests: the default one has a timeout, too short for this wait

    def mine(self, weights: Sequence[int]) -> list[int]:
        """Indices of this process's pieces of work: the heaviest first, each to the process with the least. Ascending."""
        loads, owned = [0] * self.size, []
        for index in sorted(range(len(weights)), key=lambda i: (-weights[i], i)):
            taker = loads.index(min(loads))
            loads[taker] += weights[index]
            if taker == self.rank:
                owned.append(index)
        return sorted(owned)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replaces each tensor with its sum over the processes, in place."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def gather(self, value: Any) -> list[Any]:
        """The value of every process, by rank."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def send(self, data: bytes) -> None:
        """Rank 0 passes a request to the others."""
        dist.broadcast(torch.tensor([len(data)]), 0, group=self.requests)
        dist.broadcast(torch.frombuffer(bytearray(data), dtype=torch.uint8), 0, group=self.requests)

    def receive(self) -> bytes:
        """The next request from rank 0. RuntimeError if rank 0 has ended."""
        length = torch.zeros(1, dtype=torch.int64)
        dist.broadcast(length, 0, group=self.requests)
        data = torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(data, 0, group=self.requests)
        return data.numpy().tobytes()


ALONE = Ranks()


def join() -> Ranks:
    """Joins the other processes that torchrun started (its variables are in the environment).

    A process that has joined must end with os._exit: gloo's threads still run when an interpreter shuts down, and abort
    one in five of them on a busy machine ("terminate called without an active exception", SIGABRT).
    """
    several_gpus = torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"])
    if several_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))  # from here on "cuda" means this device
    dist.init_process_group("cpu:gloo,cuda:nccl" if several_gpus else "gloo")
    return Ranks(dist.get_rank(), dist.get_world_size(), dist.new_group(backend="gloo", timeout=PATIENCE))
