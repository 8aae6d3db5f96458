"""Values collected during an update, and the metrics from them: TRL's names where it has one."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .correction import gap_metrics


@dataclass
class Tally:
    """Values by trained token (averaged over all tokens of the update) and by mini-batch (averaged over those)."""

    by_token: dict[str, list[Tensor]] = field(default_factory=dict)
    by_minibatch: dict[str, list[float]] = field(default_factory=dict)
    skipped: int = 0

    def token(self, name: str, values: Tensor) -> None:
        self.by_token.setdefault(name, []).append(values.detach().float().cpu())

    def minibatch(self, name: str, value: float) -> None:
        self.by_minibatch.setdefault(name, []).append(value)

    def add(self, other: "Tally") -> None:
        for name, values in other.by_token.items():
            self.by_token.setdefault(name, []).extend(values)
        for name, numbers in other.by_minibatch.items():
            self.by_minibatch.setdefault(name, []).extend(numbers)
        self.skipped += other.skipped


def summary(tally: Tally) -> dict[str, float]:
    """Metrics of one update; an average over no tokens is left out. All but two are about sampled tokens alone."""
    metrics: dict[str, float] = {name: float(np.mean(values)) for name, values in tally.by_minibatch.items()}
    joined = {name: torch.cat(values) for name, values in tally.by_token.items()}
    token = {name: values for name, values in joined.items() if len(values)}
    metrics["num_tokens"] = float(sum(len(token[name]) for name in ("entropy", "guide") if name in token))
    if "guide" in token:
        metrics["guide/probability"] = float(token["guide"].mean())
    metrics["skipped_steps"] = float(tally.skipped)
    metrics |= {name: float(token[name].mean()) for name in ("entropy", "kl") if name in token}
    if "low" not in token:  # supervised: no clipping, no sampling
        return metrics
    return (
        metrics
        | {
            "clip_ratio/low_mean": float(token["low"].mean()),
            "clip_ratio/high_mean": float(token["high"].mean()),
            "clip_ratio/region_mean": float((token["low"] + token["high"]).mean()),
        }
        | gap_metrics(token["gap"], token["weight"])
    )
