"""What an update does to the weights, and when it does nothing at all."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from trainer.batch import Sample
from trainer.loss import LOSSES, Loss
from trainer.optimizer import adamw
from trainer.policy import Policy, logprobs
from trainer.update import update

from .tiny import PLAIN, episodes, tiny_policy

OPTIONS = {"learningRate": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0.01}


def weights(policy: Policy) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in policy.adapter().items()}


def with_advantage(sample: Sample, value: float) -> Sample:
    return replace(sample, advantage=np.where(sample.trained, value, 0).astype(np.float32))


def own_behaviour(policy: Policy, samples: list[Sample]) -> list[Sample]:
    values = logprobs(policy, [s.ids for s in samples], False, 1.0)
    return [replace(s, behaviour=np.asarray(v, np.float32)) for s, v in zip(samples, values, strict=True)]


def test_good_samples_become_likelier_and_bad_ones_rarer() -> None:
    policy = tiny_policy()
    samples = own_behaviour(policy, episodes(2, 2))
    samples = [with_advantage(samples[0], 1.0), with_advantage(samples[1], -1.0)]
    before = logprobs(policy, [s.ids for s in samples], False, 1.0)
    update(policy, adamw(policy, OPTIONS), [samples], PLAIN, clip=1.0)
    after = logprobs(policy, [s.ids for s in samples], False, 1.0)
    change = [
        np.asarray(a)[s.trained].sum() - np.asarray(b)[s.trained].sum() for a, b, s in zip(after, before, samples, strict=True)
    ]
    assert change[0] > 0.1
    assert change[1] < -0.1


def test_the_returned_old_logprobs_are_those_before_the_first_step() -> None:
    policy, samples = tiny_policy(), episodes(6, 2)
    before = logprobs(policy, [s.ids for s in samples], False, 1.0)
    result = update(policy, adamw(policy, OPTIONS), [samples[:2], samples[2:5], samples[5:]], PLAIN, clip=1.0)
    for sample, values, mine in zip(samples, before, result.logprobs, strict=True):
        np.testing.assert_allclose(mine, np.where(sample.trained, values, 0), atol=5e-6)


def test_later_minibatches_have_ratios_away_from_one() -> None:
    samples = episodes(4, 2)
    policy = tiny_policy()
    result = update(policy, adamw(policy, OPTIONS | {"learningRate": 0.05}), [samples, samples, samples], PLAIN, clip=100.0)
    assert result.metrics["clip_ratio/region_mean"] > 0
    single = tiny_policy()
    assert update(single, adamw(single, OPTIONS), [samples], PLAIN, clip=1.0).metrics["clip_ratio/region_mean"] == 0


def test_splitting_a_minibatch_into_rows_does_not_change_the_result() -> None:
    samples = episodes(8, 3)
    whole = tiny_policy()
    split = replace(tiny_policy(), budget=40)
    a = update(whole, adamw(whole, OPTIONS), [samples], replace(PLAIN, kl_coef=0.1), clip=1.0)
    b = update(split, adamw(split, OPTIONS), [samples], replace(PLAIN, kl_coef=0.1), clip=1.0)
    assert b.metrics["learner/packed_tokens"] > a.metrics["learner/packed_tokens"]
    for name in ("loss", "kl", "entropy", "grad_norm", "sampling/importance_sampling_ratio/mean"):
        assert b.metrics[name] == pytest.approx(a.metrics[name], rel=1e-4, abs=1e-7)
    assert a.metrics["learner/unpacked_tokens"] == b.metrics["learner/unpacked_tokens"]


def test_a_fresh_adapter_is_the_reference_and_kl_pulls_back_to_it() -> None:
    fresh = tiny_policy(random_b=0)
    ids = [s.ids for s in episodes(3, 1)]
    assert logprobs(fresh, ids, False, 1.0) == logprobs(fresh, ids, True, 1.0)
    moved = tiny_policy()
    result = update(moved, adamw(moved, OPTIONS), [episodes(3, 1)], replace(PLAIN, kl_coef=0.1), clip=1.0)
    assert result.metrics["kl"] > 0


def nothing(samples: list[Sample]) -> list[Sample]:
    return [with_advantage(s, 0.0) for s in samples]


def nan_advantage(samples: list[Sample]) -> list[Sample]:
    return [with_advantage(samples[0], float("nan")), *samples[1:]]


def infinite_advantage(samples: list[Sample]) -> list[Sample]:
    return [with_advantage(samples[0], float("inf")), *samples[1:]]


def nan_behaviour(samples: list[Sample]) -> list[Sample]:
    return [replace(samples[0], behaviour=samples[0].behaviour * np.float32("nan")), *samples[1:]]


def untrained(samples: list[Sample]) -> list[Sample]:
    return [replace(s, trained=s.trained & False) for s in samples]


def empty(_: list[Sample]) -> list[Sample]:
    return []


@pytest.mark.parametrize("spoil", [nan_advantage, infinite_advantage, nan_behaviour, untrained, empty])
@pytest.mark.parametrize("kind", [kind for kind in LOSSES if kind != "sft"])
@pytest.mark.parametrize("coef", [0.0, 0.1])
def test_a_minibatch_that_teaches_nothing_changes_nothing(
    spoil: Callable[[list[Sample]], list[Sample]], kind: str, coef: float
) -> None:
    changes_nothing(spoil(episodes(3, 2)), replace(PLAIN, kind=kind, normalize="sequence", kl_coef=coef))


@pytest.mark.parametrize("kind", [kind for kind in LOSSES if kind != "sft"])
def test_advantages_of_zero_alone_change_nothing(kind: str) -> None:
    changes_nothing(nothing(episodes(3, 2)), replace(PLAIN, kind=kind, normalize="sequence"))


@pytest.mark.parametrize("spoil", [untrained, empty])
def test_nor_does_it_where_it_is_supervised(spoil: Callable[[list[Sample]], list[Sample]]) -> None:
    changes_nothing(spoil(episodes(3, 2)), Loss("sft"))


@pytest.mark.parametrize("strange", [float("nan"), float("inf")])
def test_a_gradient_that_is_not_finite_changes_nothing(strange: float) -> None:
    for kind in LOSSES:
        policy = tiny_policy()
        parameter = next(iter(policy.adapter().values()))
        # the loss itself stays finite
        changes_nothing(
            episodes(3, 2),
            replace(PLAIN, kind=kind),
            policy,
            partial(parameter.register_hook, partial(torch.full_like, fill_value=strange)),
        )


def test_a_loss_that_overflows_changes_nothing() -> None:
    """A sampler that called a token impossible: masked it is out, and truncated it is held; uncapped ratios are not."""
    samples = [replace(s, behaviour=np.where(s.trained, -1e4, 0).astype(np.float32)) for s in episodes(3, 2)]
    changes_nothing(samples, replace(PLAIN, importance_cap=float("inf")))
    policy = tiny_policy()
    assert update(policy, adamw(policy, OPTIONS), [samples], PLAIN, clip=1.0).metrics["skipped_steps"] == 0


def changes_nothing(
    samples: list[Sample], loss: Loss, policy: Policy | None = None, then: Callable[[], object] = lambda: None
) -> None:
    policy = policy or tiny_policy()
    optimizer = adamw(policy, OPTIONS)
    update(policy, optimizer, [episodes(3, 2)], PLAIN, clip=1.0)  # moments are there: momentum alone would move weights
    then()
    before, moments = weights(policy), [{k: v.clone() for k, v in s.items()} for s in optimizer.state.values()]
    result = update(policy, optimizer, [samples], loss, clip=1.0)
    assert result.metrics["skipped_steps"] == 1
    assert all(torch.equal(p, before[name]) for name, p in policy.adapter().items())
    assert all(torch.equal(s[k], m[k]) for s, m in zip(optimizer.state.values(), moments, strict=True) for k in m)


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_makes_good_samples_likelier_than_bad_ones(kind: str) -> None:
    policy = tiny_policy()
    samples = own_behaviour(policy, episodes(2, 2))
    samples = [with_advantage(samples[0], 1.0), with_advantage(samples[1], -1.0)]
    before = [
        np.asarray(v)[s.trained].sum()
        for v, s in zip(logprobs(policy, [s.ids for s in samples], False, 1.0), samples, strict=True)
    ]
    update(policy, adamw(policy, OPTIONS), [samples, samples], replace(PLAIN, kind=kind, normalize="sequence"), clip=1.0)
    after = [
        np.asarray(v)[s.trained].sum()
        for v, s in zip(logprobs(policy, [s.ids for s in samples], False, 1.0), samples, strict=True)
    ]
    assert after[0] > before[0] + 0.1
    assert (after[1] > before[1]) == (kind == "sft")


def test_the_constant_scales_the_gradient_and_dead_company_lowers_it() -> None:
    """Dr. GRPO's denominator counts rollouts, not words; a dead group that is kept stands in every denominator."""

    def norm(samples: list[Sample], loss: Loss) -> float:
        policy = tiny_policy()
        return update(policy, adamw(policy, OPTIONS), [samples], loss, clip=1e9).metrics["grad_norm"]

    alive, dead = episodes(3, 2), nothing(episodes(3, 2, seed=1))
    constant = replace(PLAIN, kind="dr_grpo", normalize="constant", constant=10.0)
    assert norm(alive, constant) == pytest.approx(2 * norm(alive, replace(constant, constant=20.0)), rel=1e-4)
    for loss in (constant, replace(PLAIN, normalize="sequence"), replace(PLAIN, normalize="rollout")):
        assert norm(alive + dead, loss) == pytest.approx(norm(alive, loss) / 2, rel=1e-4)
    words = [sum(int(s.trained.sum()) for s in group) for group in (alive, alive + dead)]
    assert norm(alive + dead, PLAIN) == pytest.approx(norm(alive, PLAIN) * words[0] / words[1], rel=1e-4)


def test_a_bad_minibatch_does_not_stop_the_good_one_after_it() -> None:
    policy = tiny_policy()
    before = weights(policy)
    result = update(policy, adamw(policy, OPTIONS), [nan_advantage(episodes(2, 1)), episodes(2, 1)], PLAIN, clip=1.0)
    assert result.metrics["skipped_steps"] == 1
    assert any(not torch.equal(p, before[name]) for name, p in policy.adapter().items())
    assert all(p.isfinite().all() for p in policy.adapter().values())


def test_the_gradient_norm_is_clipped() -> None:
    steps = []
    for clip in (1e9, 1e-9):  # eps far above the clipped gradient, so that AdamW's own scaling cannot hide it
        policy = tiny_policy()
        start = weights(policy)
        optimizer = adamw(policy, OPTIONS | {"eps": 1e-3, "weightDecay": 0.0})
        update(policy, optimizer, [episodes(3, 2)], PLAIN, clip=clip)
        steps.append(max((p - start[name]).abs().max().item() for name, p in policy.adapter().items()))
    assert steps[1] < 1e-5 * steps[0]


def test_supervised_loss_is_the_mean_negative_logprob_and_falls() -> None:
    policy, samples = tiny_policy(), episodes(4, 2)
    optimizer = adamw(policy, OPTIONS)
    values = logprobs(policy, [s.ids for s in samples], False, 1.0)
    trained = np.concatenate([np.asarray(v)[s.trained] for v, s in zip(values, samples, strict=True)])
    losses = [update(policy, optimizer, [samples], Loss("sft"), clip=1.0).metrics for _ in range(8)]
    assert losses[0]["loss"] == pytest.approx(-trained.mean(), rel=1e-5)
    assert losses[0]["num_tokens"] == len(trained)
    assert losses[-1]["loss"] < losses[0]["loss"] - 0.2
    assert not any(name.startswith("sampling/") for name in losses[0])


def test_a_guide_becomes_likelier_and_is_in_no_metric_of_what_was_sampled() -> None:
    policy = tiny_policy()
    sampled = [with_advantage(s, -0.5) for s in own_behaviour(policy, episodes(3, 2))]
    guide = with_advantage(episodes(1, 3, seed=4)[0], 1.5)
    guide = replace(guide, behaviour=np.zeros(len(guide.ids), np.float32), guide=True)
    before = np.asarray(logprobs(policy, [guide.ids], False, 1.0)[0])[guide.trained]
    both = update(policy, adamw(policy, OPTIONS), [[*sampled, guide]], PLAIN, clip=1.0).metrics
    after = np.asarray(logprobs(policy, [guide.ids], False, 1.0)[0])[guide.trained]
    assert after.sum() > before.sum() + 0.1
    other = tiny_policy()
    alone = update(other, adamw(other, OPTIONS), [sampled], PLAIN, clip=1.0).metrics
    of_samples = [name for name in alone if name.startswith(("sampling/", "clip_ratio/", "entropy"))]
    assert len(of_samples) > 8
    for name in of_samples:
        # rows of another shape are rounded otherwise: a log-prob by some units of 5e-7
        assert both[name] == pytest.approx(alone[name], rel=1e-5, abs=1e-5), name
    assert both["num_tokens"] == alone["num_tokens"] + len(before)
    assert both["guide/probability"] == pytest.approx(np.exp(before).mean(), rel=1e-4)
    # the objective by hand: at ratio 1 a token adds minus its advantage
    wanted = (0.5 * alone["num_tokens"] - 1.5 * len(before)) / both["num_tokens"]
    assert both["loss"] == pytest.approx(wanted, rel=1e-4)


def test_an_update_of_guides_alone_has_no_metric_of_what_was_sampled() -> None:
    policy = tiny_policy()
    guides = [replace(s, guide=True) for s in episodes(2, 1)]
    metrics = update(policy, adamw(policy, OPTIONS), [guides], PLAIN, clip=1.0).metrics
    assert [name for name in metrics if name.startswith(("sampling/", "clip_ratio/", "entropy"))] == []
    assert metrics["num_tokens"] == sum(s.trained.sum() for s in guides)


def test_the_gap_to_the_sampler_is_measured() -> None:
    policy = tiny_policy()
    exact = own_behaviour(policy, episodes(2, 1))
    shifted = [replace(s, behaviour=s.behaviour - np.float32(0.5)) for s in exact]
    near = update(policy, adamw(policy, OPTIONS), [nothing(exact)], PLAIN, clip=1.0).metrics
    far = update(policy, adamw(policy, OPTIONS), [nothing(shifted)], PLAIN, clip=1.0).metrics
    assert near["sampling/sampling_logp_difference/max"] < 1e-5
    assert near["sampling/ratio_out_of_band"] == 0
    assert far["sampling/sampling_logp_difference/mean"] == pytest.approx(0.5, abs=1e-4)
    assert far["sampling/importance_sampling_ratio/max"] == pytest.approx(np.exp(0.5), rel=1e-4)
    assert far["sampling/ratio_out_of_band"] == 1
