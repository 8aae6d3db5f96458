"""Frames: the recorded cases that the TypeScript twin reads too, and a child that receives damaged streams."""

import json
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.protocol import REPLY, REQUEST, Frame, ProtocolError, encode, read

CASES = json.loads((Path(__file__).parents[3] / "test/fixtures/frames.json").read_text())


def reader(data: bytes) -> Callable[[int], bytes]:
    position = 0

    def read_exactly(count: int) -> bytes:
        nonlocal position
        if position + count > len(data):
            raise EOFError
        position += count
        return data[position - count : position]

    return read_exactly


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: case["name"])
def test_reads_and_writes_the_recorded_frame(case: dict[str, object]) -> None:
    data = bytes.fromhex(str(case["hex"]))
    frame = read(reader(data))
    assert (frame.type, frame.head) == (case["type"], case["head"])
    recorded = case["arrays"]
    assert isinstance(recorded, dict)
    assert {k: {"dtype": str(v.dtype), "values": v.tolist()} for k, v in frame.arrays.items()} == recorded
    assert encode(frame) == data


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["name"])
def test_rejects_the_recorded_damage_with_a_reason(case: dict[str, str]) -> None:
    with pytest.raises(ProtocolError, match=case["says"]):
        read(reader(bytes.fromhex(case["hex"])))


def test_any_flipped_byte_is_noticed() -> None:
    data = encode(Frame(REQUEST, {"id": 1, "verb": "update"}, {"ids": np.arange(50, dtype=np.int32)}))
    draw = random.Random(1)
    for _ in range(2000):
        spoilt = bytearray(data)
        spoilt[draw.randrange(len(spoilt))] ^= draw.randrange(1, 256)
        try:
            frame = read(reader(bytes(spoilt)))
        except (ProtocolError, EOFError):
            continue
        # Only the type byte is outside the checksum: only another known type may pass, and the id rejects it.
        assert spoilt[4] != data[4]
        assert frame.head == {"id": 1, "verb": "update"}


def test_random_bytes_never_crash_the_reader() -> None:
    draw = random.Random(2)
    for _ in range(3000):
        body = draw.randbytes(draw.randrange(60))
        length = struct.pack("<I", draw.choice([len(body), draw.randrange(2**32)]))
        with pytest.raises((ProtocolError, EOFError)):
            read(reader(length + draw.randbytes(5) + body))


def test_the_writer_rejects_a_number_that_json_cannot_express() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        encode(Frame(REPLY, {"loss": float("nan")}))
