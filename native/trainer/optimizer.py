"""AdamW over the adapter (arXiv 1711.05101), in the builds that transformers names: `optim` of TrainingArguments.

The learning rate of each update comes with it (src/learner/schedule.ts); no scheduler lives here, so none is to restore.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from .fault import Fault
from .policy import Policy
from .protocol import Head


def adamw(policy: Policy, options: Head) -> torch.optim.Optimizer:
    """The optimizer that `optim` of the options names. Raises Fault where the name, the package or the device is missing."""
    name = options.get("optim", "adamw_torch")
    make = BUILDS.get(name)
    if make is None:
        raise Fault("bad_request", f"expected learner.optim to be one of {', '.join(BUILDS)}; {name} came")
    return make(
        list(policy.adapter().values()),
        {
            "lr": options["learningRate"],
            "betas": (options["betas"][0], options["betas"][1]),
            "eps": options["eps"],
            "weight_decay": options["weightDecay"],
        },
    )


def _plain(parameters: list[Any], options: dict[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, **options)


def _fused(parameters: list[Any], options: dict[str, Any]) -> torch.optim.Optimizer:
    """One kernel for the whole step; rounds otherwise than the plain one."""
    try:
        return torch.optim.AdamW(parameters, **options, fused=True)
    except RuntimeError as error:
        where = parameters[0].device.type
        raise Fault("bad_request", f"torch has no fused AdamW on {where}: set learner.optim to adamw_torch") from error


def _eight_bit(parameters: list[Any], options: dict[str, Any]) -> torch.optim.Optimizer:
    """Moments in 8 bits with a scale a block (arXiv 2110.02861); matrices under 4,096 numbers keep 32."""
    try:
        from bitsandbytes.optim import AdamW8bit  # an optional package, and a slow import
    except ImportError as error:
        raise Fault(
            "bad_request",
            "learner.optim adamw_8bit needs the Python package bitsandbytes, which is not installed: install it beside torch, "
            "or set learner.optim to adamw_torch",
        ) from error
    eight: torch.optim.Optimizer = AdamW8bit(parameters, **options)
    return eight


BUILDS: Mapping[str, Callable[[list[Any], dict[str, Any]], torch.optim.Optimizer]] = {
    "adamw_torch": _plain,
    "adamw_torch_fused": _fused,
    "adamw_8bit": _eight_bit,
}
