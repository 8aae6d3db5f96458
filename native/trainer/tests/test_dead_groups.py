"""A group whose advantages are all zero keeps its KL: it counts in the mini-batch, pulls towards the reference, and has the
weight of its episodes. Gradients are compared with those of the plain formulas, sequence by sequence, unpacked."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from trainer.batch import Sample
from trainer.loss import Loss
from trainer.optimizer import adamw
from trainer.policy import Policy, logprobs
from trainer.update import update

from .reference import Sequence, reference_objective
from .test_update import OPTIONS, nothing, own_behaviour, weights
from .tiny import episodes, tiny_policy

# the preset `trustee`, with a KL that is visible beside the advantages
TRUSTEE = Loss("dual_clip", dual_clip=3.0, kl_coef=0.1, normalize="rollout", importance_cap=2.0)


def expected(policy: Policy, samples: list[Sample], loss: Loss) -> tuple[float, float]:
    """Value and gradient norm of the first step, where old log-probs are the policy's own."""
    ids = [s.ids for s in samples]
    now, reference = logprobs(policy, ids, False, 1.0), logprobs(policy, ids, True, 1.0)
    sequences: list[Sequence] = [
        {
            "mask": s.trained.tolist(),
            "rollout": number,
            "aborted": False,
            "advantage": s.advantage.tolist(),
            "logp": now[number],
            "old": now[number],
            "behaviour": s.behaviour.tolist(),
            "reference": reference[number],
        }
        for number, s in enumerate(samples)
    ]
    value, slopes = reference_objective(sequences, loss)
    parameters = list(policy.adapter().values())
    total = [torch.zeros_like(p) for p in parameters]
    for sample, slope in zip(samples, slopes, strict=True):
        logits = policy.model(torch.tensor([sample.ids])).logits[0, :-1].log_softmax(-1)
        logp = logits.gather(1, torch.tensor(sample.ids[1:])[:, None])[:, 0]
        pulled = (logp * torch.tensor(slope[1:], dtype=logp.dtype)).sum()
        total = [t + part for t, part in zip(total, torch.autograd.grad(pulled, parameters), strict=True)]
    return value, float(torch.sqrt(torch.stack([t.square().sum() for t in total]).sum()))


@pytest.mark.parametrize("living", [0, 3])
def test_its_kl_and_its_weight_are_those_of_the_plain_formulas(living: int) -> None:
    policy = tiny_policy()
    samples = own_behaviour(policy, episodes(living, 2) + nothing(episodes(3, 3, seed=1)))
    value, norm = expected(policy, samples, TRUSTEE)
    metrics = update(policy, adamw(policy, OPTIONS), [samples], TRUSTEE, clip=1e9).metrics
    assert metrics["loss"] == pytest.approx(value, rel=1e-4)
    assert metrics["grad_norm"] == pytest.approx(norm, rel=1e-4)
    assert norm > 0
    assert metrics["skipped_steps"] == 0


def test_a_long_episode_has_the_weight_of_a_short_one() -> None:
    short, long = replace(TRUSTEE, kl_coef=0.0), episodes(1, 12)[0]
    one = episodes(1, 1, seed=5)[0]
    policy = tiny_policy()
    samples = own_behaviour(
        policy, [replace(s, advantage=s.trained.astype(np.float32) * sign) for s, sign in ((long, 1.0), (one, -1.0))]
    )
    assert samples[0].trained.sum() > 8 * samples[1].trained.sum()
    # at ratio 1 an episode's share of the loss is its advantage's mean: 1 and -1 have equal weight
    assert update(policy, adamw(policy, OPTIONS), [samples], short, clip=1.0).metrics["loss"] == pytest.approx(0, abs=1e-6)


def test_a_minibatch_of_dead_groups_alone_pulls_towards_the_reference() -> None:
    policy, dead = tiny_policy(), nothing(episodes(4, 3))
    optimizer = adamw(policy, OPTIONS | {"weightDecay": 0.0})
    kl = [update(policy, optimizer, [dead], TRUSTEE, clip=1.0).metrics["kl"] for _ in range(20)]
    assert kl[-1] < 0.5 * kl[0]


def test_while_the_policy_is_the_reference_nothing_changes() -> None:
    """The first step of a run: no gradient, so that neither weight decay nor a moment changes the adapter."""
    policy = tiny_policy(random_b=0)
    before, optimizer = weights(policy), adamw(policy, OPTIONS)
    result = update(policy, optimizer, [nothing(episodes(3, 2))] * 4, TRUSTEE, clip=1.0)
    assert result.metrics["skipped_steps"] == 4
    assert result.metrics["kl"] == 0
    assert all(torch.equal(p, before[name]) for name, p in policy.adapter().items())
    assert not optimizer.state
