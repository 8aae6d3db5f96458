"""A model in several files is read as one."""

from pathlib import Path

import gguf
import numpy as np

from trainer.gguf_load import QuickReader, further_shards


def write(path: Path, tensors: dict[str, float]) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    for name, value in tensors.items():
        writer.add_tensor(name, np.full((2, 4), value, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_the_first_file_has_the_tensors_of_all(tmp_path: Path) -> None:
    first, second = (tmp_path / f"m-0000{number}-of-00002.gguf" for number in (1, 2))
    write(first, {"a": 1.0, "b": 2.0})
    write(second, {"c": 3.0})
    read = {tensor.name: float(tensor.data[0][0]) for tensor in QuickReader(str(first)).tensors}
    assert read == {"a": 1.0, "b": 2.0, "c": 3.0}
    assert [tensor.name for tensor in QuickReader(str(second)).tensors] == ["c"]


def test_only_the_first_of_several_files_has_further_ones() -> None:
    assert further_shards(Path("/m/q-00001-of-00003.gguf")) == [Path(f"/m/q-0000{n}-of-00003.gguf") for n in (2, 3)]
    assert further_shards(Path("/m/q-00002-of-00003.gguf")) == further_shards(Path("/m/q.gguf")) == []
