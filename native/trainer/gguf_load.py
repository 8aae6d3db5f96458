"""Loads a GGUF into transformers faster, and in several files. Not a separate reader: it makes fewer calls to the gguf library.

transformers 5.18 parses the whole header twice (a vocabulary of 151,936 texts is a million numpy calls each time) and
rebuilds the table of tensor names for each of hundreds of modules. Within `quick_gguf` both are done once; the
figures are printed by scripts/bench-learner/growth.py.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from .batch import Numbers


class QuickReader(gguf.GGUFReader):  # type: ignore[misc]  # gguf is untyped
    """The library's reader on a plain view of the file: slicing a numpy memmap takes five times as long.

    Of the first file of a sharded model it has the tensors of all: transformers reads one file alone.
    """

    def __init__(self, path: str, mode: str = "r") -> None:
        super().__init__(path, mode)
        for shard in further_shards(Path(path)):
            self.tensors += QuickReader(str(shard)).tensors

    def _get(self, offset: int, dtype: Any, count: int = 1, override_order: str | None = None) -> Numbers:
        if override_order is not None or self.byte_order != "I":
            value: Numbers = super()._get(offset, dtype, count, override_order)
            return value
        return np.frombuffer(self.data._mmap, dtype, int(count), int(offset))


def further_shards(path: Path) -> list[Path]:
    """The other files of a model whose first file this is: NAME-00001-of-00003.gguf. None for any other."""
    name = re.fullmatch(r"(.*)-00001-of-(\d{5})\.gguf", path.name)
    if name is None:
        return []
    return [path.with_name(f"{name[1]}-{number:05}-of-{name[2]}.gguf") for number in range(2, int(name[2]) + 1)]


@contextmanager
def quick_gguf() -> Iterator[None]:
    """Inside, transformers' look-ups in the gguf library are cached; outside, the library is unchanged."""
    before = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = cache(QuickReader), cache(gguf.get_tensor_name_map)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = before
