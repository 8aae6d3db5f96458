"""The verbs of the learner (the port is src/learner/learner.ts) over one open model."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import checkpoint
from .batch import read_minibatches, read_sequences
from .correction import MODES
from .fault import Fault
from .loss import LOSSES, Loss
from .machine import device_name
from .memory import Room, room_of
from .normalise import NORMALIZERS
from .optimizer import adamw
from .policy import Lora, Policy, load, logprobs, pick_device
from .protocol import Arrays, Head
from .ranks import ALONE, Ranks
from .rest import Resting, rest, wake
from .serve import Verb
from .update import update


@dataclass
class Session:
    """What `open` created, and the number of updates so far."""

    policy: Policy
    optimizer: torch.optim.Optimizer
    clip: float
    room: Room
    ranks: Ranks
    updates: int = 0
    resting: Resting = field(default_factory=Resting)


def verbs(ranks: Ranks = ALONE) -> dict[str, Verb]:
    """The verbs of one learner process, or of one of several that train together."""
    opened: list[Session] = []

    def session() -> Session:
        if not opened:
            raise Fault("bad_request", "the learner is not open: call open first")
        return opened[0]

    def awake() -> Session:
        if session().resting.kept:
            raise Fault("bad_request", "the learner rests: call wake first")
        return session()

    def open_(head: Head, _: Arrays) -> tuple[Head, Arrays]:
        if opened:
            raise Fault("bad_request", "the learner is already open: start another one for another model")
        opened.append(_open(head, ranks))
        return _describe(opened[0]), {}

    return {
        "open": open_,
        "logprobs": lambda head, arrays: _logprobs(awake(), head, arrays),
        "update": lambda head, arrays: _update(awake(), head, arrays),
        "save": lambda head, _: _save(awake(), head),
        "restore": lambda head, _: _restore(awake(), head),
        "rest": lambda head, _: _rest(session(), head),
        "wake": lambda _, __: _wake(session()),
    }


def _open(head: Head, ranks: Ranks) -> Session:
    lora = Lora(head["lora"]["rank"], head["lora"]["alpha"], head["lora"]["seed"])
    cards = torch.cuda.device_count()
    if ranks.size > max(1, cards) and pick_device(head["device"]) == "cuda":
        raise Fault("bad_request", f"{ranks.size} processes need a card each, but torch finds {cards}: lower learner.processes")
    policy = load(head["model"], lora, head["device"], head["dtype"], _threads(head, ranks))
    policy = replace(policy, budget=min(policy.budget, head.get("rowTokens") or policy.budget))
    room = room_of(policy, head.get("memory"), ranks.size)
    return Session(policy, adamw(policy, head["optimizer"]), head["optimizer"]["gradClip"], room, ranks)


def _threads(head: Head, ranks: Ranks) -> int | None:
    """The threads of one process: those of the request, divided among all processes."""
    if ranks.size == 1:
        return int(head["threads"]) if head["threads"] else None
    return max(1, (head["threads"] or os.cpu_count() or 1) // ranks.size)


def _describe(session: Session) -> Head:
    policy = session.policy
    return {
        "device": device_name(policy.device),
        "dtype": str(policy.dtype).removeprefix("torch."),
        "torch": torch.__version__,
        "vocabulary": policy.vocabulary,
        "trainableParameters": sum(p.numel() for p in policy.adapter().values()),
    }


def _logprobs(session: Session, head: Head, arrays: Arrays) -> tuple[Head, Arrays]:
    samples = read_sequences(arrays, session.policy.vocabulary)
    values = logprobs(session.policy, samples, head["which"] == "reference", head["temperature"])
    return {}, {"logprobs": np.asarray([v for sample in values for v in sample], dtype=np.float32)}


def _update(session: Session, head: Head, arrays: Arrays) -> tuple[Head, Arrays]:
    minibatches = read_minibatches(head, arrays, session.policy.vocabulary)
    for group in session.optimizer.param_groups:
        group["lr"] = head["learningRate"]
    result = update(
        session.policy, session.optimizer, minibatches, read_loss(head["loss"]), session.clip, session.room, session.ranks
    )
    session.updates += 1
    metrics = {name: value if np.isfinite(value) else None for name, value in result.metrics.items()}
    head = {"metrics": metrics, "digests": result.digests}
    return head, {"logprobs": np.concatenate([np.zeros(0, np.float32), *result.logprobs])}


def read_loss(head: Head) -> Loss:
    """Settings of the loss. Raises Fault for an unknown name."""
    kind = _known("loss", head["kind"], LOSSES)
    if kind == "sft":
        return Loss(kind)
    return Loss(
        kind,
        clip_low=head["clipLow"],
        clip_high=head["clipHigh"],
        dual_clip=head["dualClip"],
        kl_coef=head["klCoef"],
        normalize=_known("normalisation", head["normalize"], NORMALIZERS),
        constant=head["constant"],
        importance_mode=_known("importance mode", head["importanceMode"], MODES),
        importance_cap=head["importanceCap"],
        temperature=head["temperature"],
    )


def _known(what: str, name: Any, names: Iterable[str]) -> str:
    if name not in names:
        raise Fault("bad_request", f"expected a {what} of {', '.join(names)}; {name} came")
    return str(name)


def _save(session: Session, head: Head) -> tuple[Head, Arrays]:
    gguf, files = checkpoint.save(session.policy, session.optimizer, session.updates, Path(head["folder"]))
    return {"gguf": gguf, "files": files}, {}


def _restore(session: Session, head: Head) -> tuple[Head, Arrays]:
    session.updates = checkpoint.restore(session.policy, session.optimizer, Path(head["folder"]))
    return {}, {}


def _rest(session: Session, head: Head) -> tuple[Head, Arrays]:
    keep = head["keep"]
    if keep not in ("weights", "nothing"):
        raise Fault("bad_request", f"expected to keep weights or nothing; {keep} came")
    held = rest(session.policy, session.optimizer, session.resting, keep)
    return {"held": max(session.ranks.gather(held))}, {}


def _wake(session: Session) -> tuple[Head, Arrays]:
    wake(session.policy, session.optimizer, session.resting)
    return {}, {}
