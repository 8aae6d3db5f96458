"""Log-probs and entropies in chunks, with their gradients, against those of the full logits."""

import sys

import pytest
import torch

from trainer.logprob import CHUNK_BYTES, _times, target_logprobs
from trainer.machine import give_back_freed_memory, peak_bytes, restart_peak


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_chunked_values_and_gradients_are_those_of_log_softmax(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.logprob.CHUNK_BYTES", 4 * 50 * 3)  # chunks of three positions
    hidden = torch.randn(11, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    weight = torch.randn(50, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    targets, pull = torch.arange(11) * 4, torch.linspace(-1, 1, 11, dtype=torch.float64)
    mine, theirs = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    logp, entropy = target_logprobs(mine, weight, targets, temperature)
    full = (theirs @ weight.T / temperature).log_softmax(-1)
    exact, spread = full.gather(-1, targets[:, None]).squeeze(-1), -(full.exp() * full).sum(-1)
    torch.testing.assert_close(logp.double(), exact, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(entropy.double(), spread, rtol=1e-6, atol=1e-6)
    assert not entropy.requires_grad
    (logp * pull).sum().backward()  # type: ignore[no-untyped-call]
    (exact * pull).sum().backward()  # type: ignore[no-untyped-call]
    assert mine.grad is not None
    assert theirs.grad is not None
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-5, atol=1e-6)


def bfloat16_rows(vocabulary: int, width: int, positions: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states and a head in bfloat16, whose logits reach the 20 to 30 of a real model."""
    make = torch.Generator().manual_seed(3)
    hidden = torch.randn(positions, width, generator=make).bfloat16()
    return hidden, (torch.randn(vocabulary, width, generator=make) * 5 / width**0.5).bfloat16()


def test_a_bfloat16_model_has_the_logprobs_of_a_float32_product_of_its_own_weights() -> None:
    hidden, weight = bfloat16_rows(30_000, 64, 200)
    exact = hidden.double() @ weight.double().T
    targets = exact.topk(5).indices.gather(-1, torch.arange(200)[:, None] % 5).squeeze(-1)  # likely tokens, as are sampled
    logp, entropy = target_logprobs(hidden, weight, targets, 1.0)
    full = exact.log_softmax(-1)
    assert exact.max() > 20
    torch.testing.assert_close(logp.double(), full.gather(-1, targets[:, None]).squeeze(-1), rtol=0, atol=1e-4)
    torch.testing.assert_close(entropy.double(), -(full.exp() * full).sum(-1), rtol=0, atol=1e-4)


def test_the_gradient_of_a_sure_token_keeps_its_size_in_bfloat16() -> None:
    """p = 0.9999 and more: one-hot minus softmax is small, while the head's row that both stand for is not."""
    hidden, weight = bfloat16_rows(30_000, 64, 50)
    targets = torch.arange(50)
    hidden = (weight[targets].float() * 1.4).bfloat16().requires_grad_()
    wide = hidden.detach().double().requires_grad_()
    full = (wide @ weight.double().T).log_softmax(-1).gather(-1, targets[:, None]).squeeze(-1)
    assert full.exp().median() > 0.9999
    target_logprobs(hidden, weight, targets, 1.0)[0].sum().backward()  # type: ignore[no-untyped-call]
    full.sum().backward()  # type: ignore[no-untyped-call]
    assert hidden.grad is not None
    assert wide.grad is not None
    off = (hidden.grad.double() - wide.grad).norm(dim=-1) / wide.grad.norm(dim=-1)
    assert off.max() < 0.02


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a peak anew")
def test_a_chunk_of_the_head_takes_no_more_memory_than_is_planned() -> None:
    """Above all no float32 copy of the whole head: 311 MB here, 933 MB in a model of 1.5B."""
    give_back_freed_memory()
    hidden, weight = bfloat16_rows(151_936, 512, 230)
    hidden.requires_grad_()
    targets = torch.arange(230)
    restart_peak(hidden.device)
    before = peak_bytes(hidden.device)
    target_logprobs(hidden, weight, targets, 1.0)
    assert peak_bytes(hidden.device) - before < 3 * CHUNK_BYTES + 16e6  # memory.row_bytes; the rest is code that is loaded


def test_a_product_in_slices_is_the_product() -> None:
    """For Apple's GPUs: the vocabulary a slice at a time."""
    torch.manual_seed(1)
    push, weight = torch.randn(5, 101), torch.randn(101, 16)
    assert torch.allclose(_times(push, weight, 7), push @ weight, atol=1e-5)
    assert torch.allclose(_times(push, weight, 200), push @ weight, atol=1e-6)
