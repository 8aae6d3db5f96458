"""Loads a GGUF into transformers faster. Not a separate reader: it makes fewer calls to the gguf library.

transformers 5.18 parses the whole header twice (a vocabulary of 151,936 texts is a million numpy calls each time) and
rebuilds the table of tensor names for each of hundreds of modules. Within `quick_gguf` both are done once; the
figures are printed by scripts/bench-learner/growth.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import gguf
import numpy as np

from .batch import Numbers


class QuickReader(gguf.GGUFReader):  # type: ignore[misc]  # gguf is untyped
    """The library's reader on a plain view of the file: slicing a numpy memmap takes five times as long."""

    def _get(self, offset: int, dtype: Any, count: int = 1, override_order: str | None = None) -> Numbers:
        if override_order is not None or self.byte_order != "I":
            value: Numbers = super()._get(offset, dtype, count, override_order)
            return value
        return np.frombuffer(self.data._mmap, dtype, int(count), int(offset))


@contextmanager
def quick_gguf() -> Iterator[None]:
    """Inside, transformers' look-ups in the gguf library are cached; outside, the library is unchanged."""
    before = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = cache(QuickReader), cache(gguf.get_tensor_name_map)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = before
