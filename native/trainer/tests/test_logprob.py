"""Log-probs and entropies in chunks, with their gradients, against those of the full logits."""

import pytest
import torch

from trainer.logprob import target_logprobs


@pytest.mark.parametrize("entropy_gradient", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_chunked_values_and_gradients_are_those_of_log_softmax(
    temperature: float, entropy_gradient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.logprob.CHUNK_BYTES", 4 * 50 * 3)  # chunks of three positions
    hidden = torch.randn(11, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    weight = torch.randn(50, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    targets, pull = torch.arange(11) * 4, torch.linspace(-1, 1, 11, dtype=torch.float64)
    mine, theirs = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    logp, entropy = target_logprobs(mine, weight, targets, temperature, entropy_gradient)
    full = (theirs @ weight.T / temperature).log_softmax(-1)
    exact, spread = full.gather(-1, targets[:, None]).squeeze(-1), -(full.exp() * full).sum(-1)
    torch.testing.assert_close(logp.double(), exact, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(entropy.double(), spread, rtol=1e-6, atol=1e-6)
    assert entropy.requires_grad == entropy_gradient
    sums = ((logp * pull).sum(), (exact * pull).sum())
    if entropy_gradient:
        sums = (sums[0] + (entropy * pull.flip(0)).sum(), sums[1] + (spread * pull.flip(0)).sum())
    sums[0].backward()  # type: ignore[no-untyped-call]
    sums[1].backward()  # type: ignore[no-untyped-call]
    assert mine.grad is not None
    assert theirs.grad is not None
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-5, atol=1e-6)
