"""The memory of a row's activations is known from shapes; less memory changes no number; out of memory changes nothing."""

import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from trainer.batch import pack_minibatch
from trainer.fault import Fault
from trainer.logprob import CHUNK_BYTES
from trainer.machine import device_name, freed_memory_kept, give_back_freed_memory, held_bytes
from trainer.memory import block_bytes, limit_bytes, make_plan, recomputed, room_of, row_bytes, sizes
from trainer.optimizer import adamw
from trainer.policy import Policy, forward
from trainer.update import update

from .test_update import OPTIONS, weights
from .tiny import PLAIN, episodes, tiny_policy


def kept_by_autograd(policy: Policy, blocks_recomputed: int) -> tuple[int, int, int]:
    """Bytes of what autograd holds after a forward pass, each storage once, without masks; nodes and trained nodes of the row."""
    [row] = pack_minibatch(episodes(8, 4), 10_000)
    own = {p.untyped_storage().data_ptr() for p in policy.model.parameters()}
    held: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in own and tensor.shape[-2:] != (len(row.row.ids),) * 2:
            held[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t), recomputed(policy, blocks_recomputed):
        logp, _ = forward(policy, row.row, row.nodes, 1.0)
    assert logp.requires_grad
    return sum(t.untyped_storage().nbytes() for t in held.values()), len(row.row.ids), len(row.nodes)


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3_text"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_activations_of_a_block_are_known_from_its_shapes(architecture: str, dtype: torch.dtype) -> None:
    few, many = (tiny_policy(architecture, dtype=dtype, layers=layers) for layers in (2, 5))
    (less, nodes, _), (more, _, _) = kept_by_autograd(few, 0), kept_by_autograd(many, 0)
    assert (more - less) / 3 == pytest.approx(nodes * block_bytes(sizes(few)), rel=0.02)


@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_without_fused_attention_every_block_keeps_its_scores(architecture: str) -> None:
    """As on Apple's GPUs when gradients are needed; counted here on the processor."""

    def scores(layers: int) -> tuple[int, int]:
        policy = tiny_policy(architecture, layers=layers)
        [row] = pack_minibatch(episodes(8, 4), 10_000)
        nodes = len(row.row.ids)
        held: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            if tensor.shape[-2:] == (nodes, nodes) and tensor.dim() > 2 and tensor.is_floating_point():
                held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with sdpa_kernel(SDPBackend.MATH), torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
            forward(policy, row.row, row.nodes, 1.0)
        return sum(held.values()), nodes

    (few, nodes), (many, _) = scores(2), scores(5)
    shape = replace(sizes(tiny_policy(architecture)), scores=sizes(tiny_policy(architecture)).heads)
    assert (many - few) / 3 == 4 * shape.heads * nodes * nodes
    fused = replace(shape, scores=0)
    more = [row_bytes(shape, nodes, 0, k) - row_bytes(fused, nodes, 0, k) for k in (0, 1)]
    assert more[0] - more[1] == 4 * shape.heads * nodes * nodes  # a recomputed block keeps none


@pytest.mark.parametrize("architecture", ["llama", "gemma3_text"])
@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_recomputed_blocks_hold_their_input_only_and_change_no_bit(architecture: str, blocks: int) -> None:
    def gradients(count: int) -> list[torch.Tensor]:
        policy = tiny_policy(architecture)
        [row] = pack_minibatch(episodes(8, 3), 10_000)
        with recomputed(policy, count):
            forward(policy, row.row, row.nodes, 0.9)[0].sum().backward()  # type: ignore[no-untyped-call]
        return [p.grad for p in policy.adapter().values() if p.grad is not None]

    plain = gradients(0)
    assert len(plain) == 2 * 7 * 3
    assert all(torch.equal(a, b) for a, b in zip(plain, gradients(blocks), strict=True))
    policy = tiny_policy(architecture, layers=5)
    (all_kept, nodes, _), (fewer, _, _) = kept_by_autograd(policy, 1), kept_by_autograd(policy, 1 + blocks)
    saved = blocks * nodes * (block_bytes(sizes(policy)) - policy.config.hidden_size * 4)
    assert all_kept - fewer == pytest.approx(saved, rel=0.02)  # from the second on: the first block's input needs no gradient
    assert not any("forward" in vars(layer) for layer in policy.model.get_base_model().model.layers)


def test_the_logits_of_all_positions_are_in_no_prediction() -> None:
    """8,000 trained tokens of a vocabulary of 151,936: 4.9 GB in float32. The head's share is its chunk and one vector a
    token."""
    shape = replace(sizes(tiny_policy()), hidden=896)
    head = row_bytes(shape, 8_000, 8_000, 0) - row_bytes(shape, 8_000, 0, 0)
    assert head == 8_000 * 896 * 8
    assert row_bytes(shape, 0, 8_000, 0) < 3 * CHUNK_BYTES + 8_000 * 896 * 8 + 1


def test_a_plan_recomputes_before_it_shortens_rows_and_both_only_as_far_as_needed() -> None:
    policy = tiny_policy()
    room, samples = room_of(policy), [s for seed in range(40) for s in episodes(8, 4, seed=seed)]

    def plan(limit: float) -> tuple[int, int]:
        made = make_plan(policy, room, int(limit), lambda tokens: pack_minibatch(samples, tokens))
        assert made.predicted <= limit or made.row_tokens == 256
        return made.row_tokens, made.recomputed

    rows = pack_minibatch(samples, 2048)
    longest = max(rows, key=lambda r: row_bytes(sizes(policy), len(r.row.ids), len(r.nodes), 0))
    assert len(longest.row.ids) > 1500
    spared = [
        row_bytes(sizes(policy), len(longest.row.ids), len(longest.nodes), k) + 12 * sizes(policy).adapter + room.resident
        for k in range(4)
    ]
    assert plan(spared[0]) == (2048, 0)
    assert plan(spared[0] - 1) == (2048, 1)
    assert plan(spared[3] + 1) == (2048, 3)
    assert plan(spared[3] - 1) == (1024, 0)
    assert plan(0) == (256, 3)


def test_a_device_is_named_with_its_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"NVIDIA L4 number {device.index}")
    assert device_name(torch.device("cuda", 1)) == "cuda:1 (NVIDIA L4 number 1)"
    assert device_name(torch.device("cpu")) == "cpu"


def test_the_limit_is_the_users_or_what_is_held_and_most_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tiny_policy()
    assert limit_bytes(policy, room_of(policy, 1234)) == 1_234_000_000
    monkeypatch.setattr("trainer.memory.free_bytes", lambda *_: 10_000_000_000)
    assert limit_bytes(policy, room_of(policy)) == pytest.approx(held_bytes(policy.device) + 8e9, rel=0.05)


def test_an_update_within_less_memory_is_the_same_update() -> None:
    free, tight = tiny_policy(), tiny_policy()
    a = update(free, adamw(free, OPTIONS), [episodes(8, 3)] * 2, PLAIN, clip=1.0)
    b = update(tight, adamw(tight, OPTIONS), [episodes(8, 3)] * 2, PLAIN, clip=1.0, room=room_of(tight, 1))
    assert (a.metrics["learner/recomputed_blocks"], b.metrics["learner/recomputed_blocks"]) == (0, 3)
    assert a.metrics["learner/row_tokens"] == 2048
    assert b.metrics["learner/row_tokens"] == 256
    assert all(torch.equal(p, weights(free)[name]) for name, p in tight.adapter().items())


def out_of_memory_above(policy: Policy, tokens: int, passes: Callable[[int], bool] = lambda _: True) -> list[int]:
    """Makes the second block fail like torch's allocator on rows longer than `tokens`; returns the lengths that were tried.
    `passes`: in which of its passes with gradients, counted from 1; a recomputed block has another one in the backward pass."""
    layer, tried = policy.model.get_base_model().model.layers[1], list[int]()
    proper: Callable[..., Any] = layer.mlp.forward

    training = 0

    def forward_or_fail(hidden: torch.Tensor) -> Any:
        nonlocal training
        tried.append(hidden.shape[1])
        training += torch.is_grad_enabled()
        if hidden.shape[1] > tokens and passes(training):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")
        return proper(hidden)

    layer.mlp.forward = forward_or_fail
    return tried


@pytest.mark.parametrize("minibatches", [1, 3])
def test_out_of_memory_repeats_the_minibatch_once_in_rows_of_half_the_length(minibatches: int) -> None:
    whole, halved, failing = (replace(tiny_policy(), budget=budget) for budget in (200, 100, 200))
    tried, room = out_of_memory_above(failing, 100), room_of(failing)
    batch = [[s for seed in range(4) for s in episodes(8, 2, seed=seed + 10 * b)] for b in range(minibatches)]
    plain = update(halved, adamw(halved, OPTIONS), batch, PLAIN, clip=1.0)
    result = update(failing, adamw(failing, OPTIONS), batch, PLAIN, clip=1.0, room=room)
    assert max(tried) > 100
    assert result.metrics["learner/memory_retries"] == 1
    assert (result.metrics["learner/row_tokens"], room.row_tokens) == (100, 100)
    assert result.metrics["num_tokens"] == plain.metrics["num_tokens"]
    assert all(torch.equal(p, weights(halved)[name]) for name, p in failing.adapter().items())
    assert update(whole, adamw(whole, OPTIONS), batch, PLAIN, clip=1.0).metrics["learner/memory_retries"] == 0
    assert update(failing, adamw(failing, OPTIONS), batch, PLAIN, clip=1.0, room=room).metrics["learner/memory_retries"] == 0


def test_out_of_memory_late_does_not_count_finished_rows_twice() -> None:
    halved, failing = (replace(tiny_policy(), budget=budget) for budget in (100, 200))
    out_of_memory_above(failing, 100, lambda number: number >= 2)
    batch = [[s for seed in range(4) for s in episodes(8, 2, seed=seed)]]
    update(halved, adamw(halved, OPTIONS), batch, PLAIN, clip=1.0)
    result = update(failing, adamw(failing, OPTIONS), batch, PLAIN, clip=1.0)
    assert result.metrics["learner/memory_retries"] == 1
    assert all(torch.equal(p, weights(halved)[name]) for name, p in failing.adapter().items())


def test_out_of_memory_twice_is_reported_and_changes_nothing() -> None:
    policy = tiny_policy()
    tried, before = out_of_memory_above(policy, 5), weights(policy)
    with pytest.raises(Fault, match=r"ran out of memory twice.* rows of 1024 tokens .* smaller model") as raised:
        update(policy, adamw(policy, OPTIONS), [episodes(4, 2)], PLAIN, clip=1.0)
    assert raised.value.kind == "memory"
    assert len(tried) == 2
    assert all(torch.equal(p, before[name]) for name, p in policy.adapter().items())
    assert all(p.grad is None for p in policy.adapter().values())


def test_an_update_that_ran_out_of_memory_twice_leaves_no_gradient_to_the_next_one() -> None:
    fresh, failed = (replace(tiny_policy(), budget=200) for _ in range(2))
    batch = [[s for seed in range(4) for s in episodes(8, 2, seed=seed)]]
    out_of_memory_above(failed, 5, lambda number: number in {2, 5})  # the second row, and again behind a whole first one
    with pytest.raises(Fault, match="ran out of memory twice"):
        update(failed, adamw(failed, OPTIONS), batch, PLAIN, clip=1.0)
    for policy in (fresh, failed):
        update(policy, adamw(policy, OPTIONS), batch, PLAIN, clip=1.0)
    assert all(torch.equal(p, weights(fresh)[name]) for name, p in failed.adapter().items())


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone can be told")
def test_an_update_with_room_takes_its_pages_once_and_returns_them_at_its_end() -> None:
    def fresh_pages(keep: bool) -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        with freed_memory_kept(keep):
            for _ in range(30):
                torch.ones(16, 2**17)  # 8 MB, freed at once
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    give_back_freed_memory()  # as when a model is loaded
    assert fresh_pages(False) > 10 * fresh_pages(True)
    held = held_bytes(torch.device("cpu"))
    with freed_memory_kept(True):
        kept = [torch.ones(2**20) for _ in range(60)]  # 4 MB each
        last = torch.ones(16)
        del kept
        assert held_bytes(torch.device("cpu")) > held + 200e6
    assert held_bytes(torch.device("cpu")) < held + 50e6
    assert last.sum() == 16
