"""The one exception that the learner raises on purpose; `kind` is what the loop makes its PlayactError of."""

from typing import Literal

FaultKind = Literal["bad_request", "model", "memory", "disk", "internal"]


class Fault(Exception):
    """An expected failure: says what was expected, what came and what to do."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind
