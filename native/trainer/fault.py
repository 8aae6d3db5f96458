"""The one exception that the learner raises on purpose; the loop makes its PlayactError from `kind`."""

import errno
import os
from typing import Literal

FaultKind = Literal["bad_request", "model", "memory", "disk", "internal"]


class Fault(Exception):
    """An expected failure: says what was expected, what was found and what to do."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind


def disk_is_full(error: Exception) -> bool:
    """Disk full, over quota, or file too large. safetensors raises its own exception, recognisable only by its text; numpy,
    which writes the GGUF, an OSError without a number: "14336 requested and 4096 written"."""
    is_short = isinstance(error, OSError) and error.errno is None and "written" in str(error)
    return is_short or any(os.strerror(code) in str(error) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def ran_out_of_memory(error: Exception) -> bool:
    """On a GPU torch raises its own class, on the CPU a plain RuntimeError."""
    # cuBLAS and cuDNN need room for a handle, and say so in their own words (…_STATUS_ALLOC_FAILED)
    said = ("outofmemory", "out of memory", "can't allocate memory", "alloc_failed")
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, MemoryError) or any(words in text for words in said)
