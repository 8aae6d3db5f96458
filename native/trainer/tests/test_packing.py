"""A packed row computes what one row a sample computes: log-probs, loss and gradients."""

import itertools
import random
from dataclasses import replace

import pytest
import torch

from trainer.batch import PackedRow, Sample, pack_minibatch
from trainer.loss import LOSSES, Loss, Tokens
from trainer.normalise import token_shares
from trainer.objective import objective
from trainer.packing import pack
from trainer.policy import Policy, adapter_off, forward, logprobs
from trainer.tally import Tally
from trainer.update import _row_loss

from .tiny import PLAIN, episodes, tiny_policy

Gradients = dict[str, torch.Tensor]


def plain_logprobs(policy: Policy, ids: list[int], temperature: float) -> torch.Tensor:
    """What transformers itself says: one sample, causal attention, full logits. [n - 1]"""
    logits = policy.model(input_ids=torch.tensor([ids])).logits[0, :-1].float() / temperature
    values: torch.Tensor = logits.log_softmax(-1).gather(-1, torch.tensor(ids[1:])[:, None]).squeeze(-1)
    return values


def plain_loss(policy: Policy, samples: list[Sample], loss: Loss, old: list[torch.Tensor]) -> torch.Tensor:
    value = torch.zeros(())
    shares = token_shares(samples, loss.normalize, loss.constant)
    for sample, before, share in zip(samples, old, shares, strict=True):
        at = torch.tensor(sample.trained.nonzero()[0]) - 1
        reference = None
        if loss.kl_coef:
            with torch.no_grad(), adapter_off(policy):
                reference = plain_logprobs(policy, sample.ids, loss.temperature)[at]
        logp = plain_logprobs(policy, sample.ids, loss.temperature)[at]
        behaviour, advantage = (torch.tensor(x[sample.trained]) for x in (sample.behaviour, sample.advantage))
        tokens = Tokens(logp, before, advantage, torch.zeros(len(logp), dtype=torch.long))
        by_token = torch.full((len(logp),), share)
        value = value + objective(tokens, behaviour, reference, by_token, loss).value
    return value


def gradients(policy: Policy) -> Gradients:
    taken = {name: p.grad.clone() for name, p in policy.adapter().items() if p.grad is not None}
    policy.model.zero_grad(set_to_none=True)
    return taken


@pytest.mark.parametrize(
    ("architecture", "group", "turns"),
    [
        *itertools.product(["llama"], (1, 2, 8), (1, 2, 3, 4)),
        ("qwen2", 1, 1),
        ("qwen2", 8, 4),
        ("qwen3", 8, 3),
        ("gemma3_text", 8, 4),
    ],
)
def test_a_packed_group_has_the_loss_and_gradients_of_separate_samples(architecture: str, group: int, turns: int) -> None:
    loss = replace(PLAIN, kl_coef=0.05, temperature=0.9)
    _same(tiny_policy(architecture), episodes(group, turns, seed=turns), loss)


@pytest.mark.parametrize("kind", LOSSES)
def test_so_it_has_with_every_loss(kind: str) -> None:
    loss = replace(PLAIN, kind=kind, normalize="sequence", kl_coef=0.05, temperature=0.9)
    _same(tiny_policy(), episodes(5, 2), replace(loss, importance_mode="sequence_truncate"))


def _same(policy: Policy, samples: list[Sample], loss: Loss) -> None:
    with torch.no_grad():  # an old policy near this one, so that some ratios are clipped
        exact = [plain_logprobs(policy, s.ids, 0.9)[torch.tensor(s.trained.nonzero()[0]) - 1] for s in samples]
        old = [x + 0.3 * torch.sin(torch.arange(len(x)) * 1.7) for x in exact]
    expected = plain_loss(policy, samples, loss, old)
    expected.backward()  # type: ignore[no-untyped-call]
    wanted = gradients(policy)

    [row] = pack_minibatch(samples, budget=10_000)
    flat = torch.cat([old[i][(torch.tensor(samples[i].trained.nonzero()[0])[:, None] == p).any(-1)] for i, p in _tokens(row)])
    shares = token_shares(samples, loss.normalize, loss.constant)[row.sample]
    packed = _row_loss(policy, row, flat, shares, loss, Tally())[0]
    packed.backward()  # type: ignore[no-untyped-call]
    assert packed.item() == pytest.approx(expected.item(), abs=1e-6)
    for name, gradient in gradients(policy).items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-5, atol=1e-5 * wanted[name].abs().max().item())


def _tokens(row: PackedRow) -> list[tuple[int, torch.Tensor]]:
    return [(int(i), torch.tensor([int(p)])) for i, p in zip(row.sample, row.position, strict=True)]


@pytest.mark.parametrize("architecture", ["llama", "gemma3_text"])
def test_one_row_of_eight_samples_has_the_gradients_of_eight_rows_of_one(architecture: str) -> None:
    policy, samples, loss = tiny_policy(architecture), episodes(8, 3), replace(PLAIN, kl_coef=0.05)

    def loss_and_gradients(budget: int) -> tuple[int, float, Gradients]:
        rows = pack_minibatch(samples, budget)
        value = torch.zeros(())
        shares = token_shares(samples, loss.normalize, loss.constant)
        for row in rows:
            value = value + _row_loss(policy, row, None, shares[row.sample], loss, Tally())[0]
        value.backward()  # type: ignore[no-untyped-call]
        return len(rows), value.item(), gradients(policy)

    (together, loss_a, a), (apart, loss_b, b) = loss_and_gradients(10_000), loss_and_gradients(1)
    assert (together, apart) == (1, 8)
    assert loss_a == pytest.approx(loss_b, abs=1e-6)
    for name, gradient in a.items():
        torch.testing.assert_close(gradient, b[name], rtol=1e-5, atol=1e-5 * b[name].abs().max().item())


def test_with_the_adapter_off_the_model_is_its_base_to_the_bit() -> None:
    policy, samples = tiny_policy(), [s.ids for s in episodes(4, 2)]
    off = logprobs(policy, samples, True, 1.0)
    assert off != logprobs(policy, samples, False, 1.0)
    assert off == logprobs(tiny_policy(random_b=0), samples, False, 1.0)  # B is 0: what the adapter adds is 0


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3_text"])
def test_logprobs_are_those_of_transformers_with_the_adapter_on_and_off(architecture: str) -> None:
    policy, samples = tiny_policy(architecture), [s.ids for s in episodes(5, 3)] + [[7]]
    for reference in (False, True):
        packed = logprobs(policy, samples, reference, 0.7)
        for ids, values in zip(samples, packed, strict=True):
            with torch.no_grad():
                if reference:
                    with adapter_off(policy):
                        wanted = plain_logprobs(policy, ids, 0.7)
                else:
                    wanted = plain_logprobs(policy, ids, 0.7)
            assert values[0] == 0
            torch.testing.assert_close(torch.tensor(values[1:]), wanted, rtol=0, atol=5e-6)


def test_a_token_never_sees_a_sibling_branch() -> None:
    policy = tiny_policy()
    a, b, c = [1, 2, 3, 4, 5], [1, 2, 3, 9, 9], [1, 2, 3, 60, 61]
    [first] = pack([a, b], 100)
    [second] = pack([a, c], 100)
    with torch.no_grad():
        with_b = forward(policy, first, first.paths[0][1:], 1.0)[0]
        with_c = forward(policy, second, second.paths[0][1:], 1.0)[0]
    assert torch.equal(with_b, with_c)


def test_rows_keep_the_budget_and_every_path_spells_its_sample() -> None:
    draw = random.Random(5)
    for _ in range(300):
        samples = [[draw.randrange(3) for _ in range(draw.randrange(12))] for _ in range(draw.randrange(9))]
        budget = draw.randrange(1, 30)
        rows = pack(samples, budget)
        for row in rows:
            assert len(row.ids) <= budget or len(row.paths) == 1
            ends = row.subtree_ends()
            for index, path in row.paths.items():
                assert [row.ids[n] for n in path] == samples[index]
                assert [row.depths[n] for n in path] == list(range(len(path)))
                for node in range(len(row.ids)):  # the mask's rule marks exactly the ancestors
                    assert (node <= path[-1] < ends[node]) == (node in path)
        assert sorted(i for row in rows for i in row.paths) == [i for i, s in enumerate(samples) if s]


def test_identical_answers_are_computed_once() -> None:
    samples = episodes(8, 2, copies=True)
    [row] = pack_minibatch(samples, 10_000)
    assert len(row.row.ids) == int(samples[0].trained.nonzero()[0][-1]) + 1
    assert len(row.pick) == 8 * int(samples[0].trained.sum())


def test_a_sample_without_trained_tokens_is_not_computed() -> None:
    samples = episodes(2, 1)
    silent = Sample(samples[0].ids, samples[0].trained & False, samples[0].behaviour, samples[0].advantage)
    assert pack_minibatch([silent], 100) == []
