"""The verbs of the learner (the port is src/learner/learner.ts) over one open model."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import checkpoint
from .batch import read_minibatches, read_sequences
from .fault import Fault
from .loss import GrpoLoss
from .policy import Lora, Policy, cosines, load, logprobs
from .protocol import Arrays, Head
from .serve import Verb
from .update import update


@dataclass
class Session:
    """What `open` made, and the number of updates so far."""

    policy: Policy
    optimizer: torch.optim.Optimizer
    clip: float
    updates: int = 0


def verbs() -> dict[str, Verb]:
    """The verbs of one learner process."""
    opened: list[Session] = []

    def session() -> Session:
        if not opened:
            raise Fault("bad_request", "the learner was asked before it was opened: call open first")
        return opened[0]

    def open_(head: Head, _: Arrays) -> tuple[Head, Arrays]:
        if opened:
            raise Fault("bad_request", "the learner is open already: start another one for another model")
        opened.append(_open(head))
        return _describe(opened[0].policy), {}

    return {
        "open": open_,
        "logprobs": lambda head, arrays: _logprobs(session(), head, arrays),
        "cosines": lambda _, arrays: _cosines(session(), arrays),
        "update": lambda head, arrays: _update(session(), head, arrays),
        "save": lambda head, _: _save(session(), head),
        "restore": lambda head, _: _restore(session(), head),
    }


def adamw(policy: Policy, options: Head) -> torch.optim.Optimizer:
    """AdamW over the adapter. The learning rate of each update comes with it."""
    return torch.optim.AdamW(
        policy.adapter().values(),
        lr=options["learningRate"],
        betas=(options["betas"][0], options["betas"][1]),
        eps=options["eps"],
        weight_decay=options["weightDecay"],
    )


def _open(head: Head) -> Session:
    lora = Lora(head["lora"]["rank"], head["lora"]["alpha"], head["lora"]["seed"])
    policy = load(head["model"], lora, head["device"], head["dtype"], head["threads"])
    return Session(policy, adamw(policy, head["optimizer"]), head["optimizer"]["gradClip"])


def _describe(policy: Policy) -> Head:
    return {
        "device": str(policy.device),
        "dtype": str(policy.dtype).removeprefix("torch."),
        "torch": torch.__version__,
        "vocabulary": policy.vocabulary,
        "trainableParameters": sum(p.numel() for p in policy.adapter().values()),
    }


def _logprobs(session: Session, head: Head, arrays: Arrays) -> tuple[Head, Arrays]:
    samples = read_sequences(arrays, session.policy.vocabulary)
    values = logprobs(session.policy, samples, head["which"] == "reference", head["temperature"])
    return {}, {"logprobs": np.asarray([v for sample in values for v in sample], dtype=np.float32)}


def _cosines(session: Session, arrays: Arrays) -> tuple[Head, Arrays]:
    ids = read_sequences(arrays, session.policy.vocabulary)
    return {}, {"cosines": cosines(session.policy, ids[0] if ids else []).numpy().ravel()}


def _update(session: Session, head: Head, arrays: Arrays) -> tuple[Head, Arrays]:
    minibatches = read_minibatches(head, arrays, session.policy.vocabulary)
    for group in session.optimizer.param_groups:
        group["lr"] = head["learningRate"]
    result = update(session.policy, session.optimizer, minibatches, _loss(head["loss"]), session.clip)
    session.updates += 1
    metrics = {name: value if np.isfinite(value) else None for name, value in result.metrics.items()}
    head = {"metrics": metrics, "digests": result.digests}
    return head, {"logprobs": np.concatenate([np.zeros(0, np.float32), *result.logprobs])}


def _loss(head: Head) -> GrpoLoss | None:
    if head["kind"] == "sft":
        return None
    return GrpoLoss(head["clipLow"], head["clipHigh"], head["klCoef"], head["importanceCap"], head["temperature"])


def _save(session: Session, head: Head) -> tuple[Head, Arrays]:
    gguf, files = checkpoint.save(session.policy, session.optimizer, session.updates, Path(head["folder"]))
    return {"gguf": gguf, "files": files}, {}


def _restore(session: Session, head: Head) -> tuple[Head, Arrays]:
    session.updates = checkpoint.restore(session.policy, session.optimizer, Path(head["folder"]))
    return {}, {}
