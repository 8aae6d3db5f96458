"""The one exception that the learner raises on purpose; `kind` is what the loop makes its PlayactError of."""

import errno
import os
from typing import Literal

FaultKind = Literal["bad_request", "model", "memory", "disk", "internal"]


class Fault(Exception):
    """An expected failure: says what was expected, what came and what to do."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind


def disk_is_full(error: Exception) -> bool:
    """No room, no quota, or a file larger than may be: safetensors says these in an exception of its own, with the words only."""
    return any(os.strerror(code) in str(error) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def ran_out_of_memory(error: Exception) -> bool:
    """torch says it with a class of its own on a GPU and with a bare RuntimeError on the CPU."""
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, MemoryError) or any(
        said in text for said in ("outofmemory", "out of memory", "can't allocate memory")
    )
