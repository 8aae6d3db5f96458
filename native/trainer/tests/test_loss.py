"""Every loss, value and gradient, against the independent model of reference.py, and against tables worked by hand."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from trainer.batch import Numbers, Sample
from trainer.correction import MODES
from trainer.loss import LOSSES, Loss, Tokens, sequence_sums
from trainer.normalise import NORMALIZERS, token_shares
from trainer.objective import Objective, objective

from .reference import Sequence, reference_objective

COLUMNS = ("logp", "old", "behaviour", "reference", "advantage")


def group(seed: int, spread: float = 0.3, lengths: tuple[int, ...] = (17, 5, 1, 9, 1, 30)) -> list[Sequence]:
    """Samples of rollouts 0, 1, 1, 2, ...: with holes that were not sampled, answers of one token, an aborted member."""
    random = np.random.default_rng(seed)
    made: list[Sequence] = []
    for number, length in enumerate(lengths):
        base = random.normal(-2, 1, length)
        mask = (random.random(length) < 0.7) | (np.arange(length) == length // 2)
        made.append(
            {
                "mask": mask.tolist(),
                "rollout": max(0, number - 1),
                "aborted": number == 3,
                "advantage": random.normal(0, 1, length).tolist(),
            }
            | {name: (base + random.normal(0, spread, length)).tolist() for name in COLUMNS[:4]}
        )
    return made


def rounded(sequences: list[Sequence], dtype: torch.dtype) -> list[Sequence]:
    """The numbers as this dtype holds them, so that only the computation differs."""
    return [s | {name: torch.tensor(s[name], dtype=dtype).double().tolist() for name in COLUMNS} for s in sequences]


def compute(sequences: list[Sequence], loss: Loss, dtype: torch.dtype) -> tuple[Objective, list[Numbers]]:
    """Ours, as an update does it; and the gradient at each position."""
    sent = [(i, s) for i, s in enumerate(sequences) if not s["aborted"]]
    flat = {name: [x for _, s in sent for x, m in zip(s[name], s["mask"], strict=True) if m] for name in COLUMNS}
    tensors = {name: torch.tensor(values, dtype=dtype) for name, values in flat.items()}
    counts = [sum(s["mask"]) for _, s in sent]
    nothing = np.zeros(0, np.float32)
    samples = [Sample([], np.asarray(s["mask"], bool), nothing, nothing, s["rollout"]) for _, s in sent]
    sequence = torch.tensor(np.repeat(np.arange(len(sent)), counts))
    share = torch.tensor(token_shares(samples, loss.normalize, loss.constant), dtype=dtype)[sequence]
    logp = tensors["logp"].requires_grad_()
    tokens = Tokens(logp, tensors["old"], tensors["advantage"], sequence)
    reference = tensors["reference"] if loss.kl_coef else None
    guides = torch.tensor(np.repeat([bool(s.get("guide")) for _, s in sent], counts))
    guide = guides if guides.any() and not loss.supervised else None
    terms = objective(tokens, tensors["behaviour"], reference, share, loss, guide)
    terms.value.backward()  # type: ignore[no-untyped-call]
    assert logp.grad is not None
    gradients: list[Numbers] = [np.zeros(len(s["mask"])) for s in sequences]
    for (i, s), part in zip(sent, np.split(logp.grad.double().numpy(), np.cumsum(counts)[:-1]), strict=True):
        gradients[i][np.asarray(s["mask"], bool)] = part
    return terms, gradients


def agree(sequences: list[Sequence], loss: Loss) -> None:
    for dtype, relative in ((torch.float64, 1e-6), (torch.float32, 1e-4)):
        numbers = rounded(sequences, dtype)
        value, wanted = reference_objective(numbers, loss)
        terms, gradients = compute(numbers, loss, dtype)
        assert terms.value.item() == pytest.approx(value, rel=relative, abs=relative * 1e-3)
        for mine, theirs in zip(gradients, wanted, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=relative, atol=relative * 1e-3)


# Clips that are met on both sides, for every loss; and each loss's own, as published (src/learner/losses.ts).
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "grpo": [{}, {"clip_low": 0.1, "clip_high": 0.28}],
    "dr_grpo": [{}],
    "dapo": [{"clip_high": 0.28}],
    "dual_clip": [{}, {"dual_clip": 1.5}],
    "gspo": [{"clip_low": 3e-4, "clip_high": 4e-4}, {"clip_low": 0.05, "clip_high": 0.05}],
    "cispo": [{"clip_low": 1.0, "clip_high": 4.0}, {"clip_high": 0.28}],
    "sft": [{}],
}
KINDS = [Loss(kind, importance_cap=2.0, constant=64.0, **change) for kind, changes in SETTINGS.items() for change in changes]


def named(loss: Any) -> str:
    return f"{loss.kind} {loss.clip_low} {loss.clip_high}" if isinstance(loss, Loss) else str(loss)


def test_no_loss_is_left_out() -> None:
    assert set(SETTINGS) == set(LOSSES)


@pytest.mark.parametrize("loss", KINDS, ids=named)
@pytest.mark.parametrize("normalize", ["tokens", "sequence", "rollout", "constant"])
@pytest.mark.parametrize("kl_coef", [0.0, 0.04])
def test_value_and_gradient_are_those_of_the_equations(loss: Loss, normalize: str, kl_coef: float) -> None:
    agree(group(seed=3), replace(loss, normalize=normalize, kl_coef=kl_coef))


@pytest.mark.parametrize("loss", KINDS, ids=named)
@pytest.mark.parametrize(
    ("mode", "cap"),
    [
        *itertools.product(["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"], [2.0, 0.9]),
        ("token_mask", None),
    ],
)
def test_every_correction_weighs_as_it_says(loss: Loss, mode: str, cap: float | None) -> None:
    agree(group(seed=5), replace(loss, importance_mode=mode, importance_cap=cap, normalize="sequence"))


@pytest.mark.parametrize("loss", KINDS, ids=named)
def test_a_strong_kl_pulls_as_its_formula_says(loss: Loss) -> None:
    agree(group(seed=6), replace(loss, kl_coef=0.3))


def guided(seed: int, spread: float = 0.3, far: float = 12.0) -> list[Sequence]:
    """The same with a guide: nothing sampled it, so its behaviour is 0, as sent; every fourth token has become `far` nats
    unlikelier in the course of the update."""
    sequences = group(seed, spread)
    unlikely = [x - far * (place % 4 == 3) for place, x in enumerate(sequences[0]["logp"])]
    sequences[0] |= {"guide": True, "behaviour": [0.0] * 17, "logp": unlikely, "advantage": [1.7] * 17}
    return sequences


@pytest.mark.parametrize("loss", KINDS, ids=named)
@pytest.mark.parametrize("normalize", NORMALIZERS)
@pytest.mark.parametrize(("mode", "kl_coef"), [("token_truncate", 0.0), ("sequence_mask", 0.3)])
def test_the_tokens_of_a_guide_have_the_loss_of_sampled_ones_with_weight_1(
    loss: Loss, normalize: str, mode: str, kl_coef: float
) -> None:
    settings = replace(loss, normalize=normalize, importance_mode=mode, kl_coef=kl_coef)
    agree(guided(seed=10), settings)
    agree(guided(seed=11, spread=3.0), settings)


@pytest.mark.parametrize("loss", [loss for loss in KINDS if loss.kind != "sft"], ids=named)
def test_a_guide_leaves_the_loss_of_sampled_tokens_as_it_is_to_the_bit(loss: Loss) -> None:
    sequences = rounded(group(seed=12), torch.float32)
    beside = [sequences[0] | {"guide": True}, *sequences[1:]]
    alone, _ = compute(sequences, loss, torch.float32)
    with_guide, gradients = compute(beside, loss, torch.float32)
    _, wanted = compute(sequences, loss, torch.float32)
    for mine, theirs in list(zip(gradients, wanted, strict=True))[1:]:
        assert mine.tolist() == theirs.tolist()
    own = sum(sequences[0]["mask"])
    assert with_guide.weight[own:].tolist() == alone.weight[own:].tolist()


@pytest.mark.parametrize("loss", KINDS, ids=named)
@pytest.mark.parametrize("lengths", [(1,), (1, 1, 1, 1, 1), (40,)])
def test_answers_of_one_token_and_groups_of_one(loss: Loss, lengths: tuple[int, ...]) -> None:
    agree(group(seed=7, lengths=lengths), replace(loss, normalize="sequence", kl_coef=0.01))


@pytest.mark.parametrize("loss", KINDS, ids=named)
@pytest.mark.parametrize("mode", ["token_truncate", "token_mask"])
def test_extreme_ratios(loss: Loss, mode: str) -> None:
    """Spread 5: ratios of about e^-20 to e^20, on both sides of every clip."""
    sequences = group(seed=8, spread=5.0)
    ratios = [a - b for s in sequences for a, b in zip(s["logp"], s["old"], strict=True)]
    assert min(ratios) < -12
    assert max(ratios) > 12
    agree(sequences, replace(loss, importance_mode=mode))


def overflowing(seed: int) -> list[Sequence]:
    """Log-ratios of up to a thousand, of either sign, between each pair of policies; a third of the tokens without advantage.
    exp of them is infinite or 0 in float32 and float64 alike."""
    random = np.random.default_rng(seed)
    sequences = group(seed, lengths=(9, 4, 1, 6, 2, 12))
    for s in sequences:
        length = len(s["mask"])
        for name in ("logp", "behaviour"):
            far = random.choice([0.0, 800.0, -800.0], length, p=[0.6, 0.2, 0.2]) * (1 + 0.2 * random.random(length))
            s[name] = (np.asarray(s["old"]) + random.normal(0, 0.3, length) + far).tolist()
        s["reference"] = (np.asarray(s["logp"]) + random.normal(0, 0.3, length)).tolist()  # k3 has a right to overflow
        s["advantage"] = (np.asarray(s["advantage"]) * random.choice([0.0, 1.0], length, p=[0.3, 0.7])).tolist()
    return sequences


@pytest.mark.parametrize("loss", KINDS, ids=named)
@pytest.mark.parametrize("mode", MODES)
def test_a_ratio_that_does_not_count_adds_exactly_nothing_even_where_it_overflows(loss: Loss, mode: str) -> None:
    finite = 0
    for seed, (normalize, kl_coef, _) in enumerate(itertools.product(NORMALIZERS, (0.0, 0.04), range(2))):
        settings = replace(loss, importance_mode=mode, normalize=normalize, kl_coef=kl_coef)
        sequences = rounded(overflowing(seed), torch.float32)
        value, _ = reference_objective(sequences, settings)
        if value > 1e9:  # a ratio that counts, of a negative advantage: told as it is (float32 ends at e^88, the judge at e^709)
            assert compute(sequences, settings, torch.float32)[0].value.item() > 1e9
            continue
        finite += 1
        agree(sequences, settings)
        terms, gradients = compute(sequences, replace(settings, kl_coef=0.0), torch.bfloat16)
        assert math.isfinite(terms.value.item())
        assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert finite >= 5


@pytest.mark.parametrize("loss", [loss for loss in KINDS if loss.kind != "sft"], ids=named)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("advantage", "behaviour"), [(0.0, 0.0), (-1.0, -900.0), (1.0, -900.0)])
def test_the_gradient_of_a_token_that_does_not_count_is_zero_to_the_bit(
    loss: Loss, dtype: torch.dtype, advantage: float, behaviour: float
) -> None:
    """The first token is without an advantage, or masked; the others are as they would be without it."""
    logp = torch.tensor([800.0, -1, -2], dtype=dtype).requires_grad_()
    old = torch.tensor([0.0, -1.25, -2], dtype=dtype)
    sampled = torch.tensor([behaviour, -1.25, -2], dtype=dtype)
    tokens = Tokens(logp, old, torch.tensor([advantage, 1, -1], dtype=dtype), torch.arange(3))
    share = torch.full((3,), 0.25, dtype=dtype)
    terms = objective(tokens, sampled, None, share, replace(loss, importance_mode="token_mask"))
    rest = Tokens(logp[1:], old[1:], tokens.advantage[1:], torch.arange(2))
    alone = objective(rest, sampled[1:], None, share[1:], replace(loss, importance_mode="token_mask"))
    [mine], [theirs] = (torch.autograd.grad(o.value, logp, retain_graph=True) for o in (terms, alone))
    assert terms.value.item() == alone.value.item()
    assert mine.tolist() == theirs.tolist()
    assert mine[0].item() == 0


@pytest.mark.parametrize("kind", ["grpo", "gspo", "dual_clip"])
def test_the_gradient_is_the_slope_of_the_value(kind: str) -> None:
    """Central differences of the value alone, which knows no formula of a gradient. GSPO's plain form: one advantage each."""
    sequences = [s | {"advantage": [s["advantage"][0]] * len(s["mask"])} for s in guided(seed=9, far=3)]
    loss = Loss(kind, clip_low=0.2, clip_high=0.2, kl_coef=0.1, normalize="sequence")
    _, gradients = compute(sequences, loss, torch.float64)
    step = 1e-6
    for number, s in enumerate(sequences):
        for place in range(len(s["mask"])):
            ends = []
            for sign in (1, -1):
                moved = [dict(other) for other in sequences]
                moved[number]["logp"] = [x + sign * step * (i == place) for i, x in enumerate(s["logp"])]
                ends.append(reference_objective(moved, loss)[0])
            assert gradients[number][place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-8)


def told(loss: Loss, ratio: Tensor, advantage: Tensor) -> list[list[float]]:
    terms = LOSSES[loss.kind](Tokens(ratio.log(), torch.zeros(len(ratio)), advantage, torch.arange(len(ratio))), loss)
    return [[round(x, 5) for x in column.tolist()] for column in (terms.value, terms.low, terms.high)]


def test_a_table_worked_by_hand() -> None:
    # ratio:           1    2, A > 0     0.5, A < 0   2, A < 0   5, A < 0
    ratio, advantage = torch.tensor([1.0, 2.0, 0.5, 2.0, 5.0]), torch.tensor([1.0, 1.0, -1.0, -1.0, -1.0])
    clip = Loss("dapo", clip_low=0.2, clip_high=0.28)
    assert told(clip, ratio, advantage) == [[-1, -1.28, 0.8, 2, 5], [0, 0, 1, 0, 0], [0, 1, 0, 0, 0]]
    dual = replace(clip, kind="dual_clip")
    assert told(dual, ratio, advantage) == [[-1, -1.28, 0.8, 2, 3], [0, 0, 1, 0, 0], [0, 1, 0, 0, 1]]
    cispo = Loss("cispo", clip_low=1.0, clip_high=1.0)
    assert told(cispo, ratio, advantage)[0] == pytest.approx(
        [0, -2 * np.log(2), 0.5 * np.log(0.5), 2 * np.log(2), 2 * np.log(5)], abs=1e-5
    )
    assert told(cispo, ratio, advantage)[2] == [0, 0, 0, 0, 1]
    assert told(Loss("sft"), ratio, advantage)[0] == pytest.approx((-ratio.log()).tolist(), abs=1e-5)


def test_sums_by_sequence_do_not_mind_the_order() -> None:
    assert sequence_sums(torch.tensor([1.0, 2, 4, 8]), torch.tensor([2, 0, 2, 0])).tolist() == [5, 10, 5, 10]
