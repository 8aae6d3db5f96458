"""Writes the frames that both twins of the protocol must read and, where marked, write byte for byte.

usage: PYTHONPATH=native python scripts/record-frames.py > test/fixtures/frames.json
Read by native/trainer/tests/test_protocol.py and test/learner/protocol.test.ts.
"""

import json
import struct
import zlib
from typing import Any

import numpy as np

from trainer.protocol import ERROR, HEARTBEAT, HELLO, LARGEST_PAYLOAD, REPLY, REQUEST, VERSION, Frame, encode


def raw(kind: int, payload: bytes, length: int | None = None, crc: int | None = None) -> str:
    head = struct.pack("<IBI", len(payload) if length is None else length, kind, zlib.crc32(payload) if crc is None else crc)
    return (head + payload).hex()


def good(name: str, frame: Frame) -> dict[str, Any]:
    arrays = {key: {"dtype": str(value.dtype), "values": value.tolist()} for key, value in frame.arrays.items()}
    return {"name": name, "type": frame.type, "head": frame.head, "arrays": arrays, "hex": encode(frame).hex()}


def headed(head: bytes, blob: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<I", len(head) if length is None else length) + head + blob


floats = {"logprobs": np.asarray([-0.5, 0.0, -12.25], np.float32)}
every = {**floats, "ids": np.asarray([1, 151935], np.int32), "mask": np.asarray([0, 1, 1], np.uint8)}
print(
    json.dumps(
        {
            "good": [
                good("hello", Frame(HELLO, {"protocol": VERSION})),
                good("heartbeat", Frame(HEARTBEAT, {})),
                good("error", Frame(ERROR, {"id": 3, "kind": "memory", "message": "zu groß für den Speicher"})),
                good("reply with floats", Frame(REPLY, {"id": 1, "metrics": {"loss": -0.25, "kl": None}}, floats)),
                good("request with every dtype", Frame(REQUEST, {"verb": "update", "id": 2}, every)),
            ],
            "bad": [
                {"name": "10 GB announced", "says": "announced", "hex": raw(REPLY, b"", length=0xFFFFFFFF)},
                {"name": "one byte over the limit", "says": "announced", "hex": raw(REPLY, b"", length=LARGEST_PAYLOAD + 1)},
                {"name": "shorter than a head's length", "says": "announced", "hex": raw(REPLY, b"ab")},
                {"name": "unknown type", "says": "unknown type 9", "hex": raw(9, headed(b"{}"))},
                {"name": "wrong checksum", "says": "checksum", "hex": raw(REPLY, headed(b"{}"), crc=1)},
                {"name": "head longer than the frame", "says": "does not fit", "hex": raw(REPLY, headed(b"{}", length=99))},
                {"name": "head that is no object", "says": "frame", "hex": raw(REPLY, headed(b"[1]"))},
                {"name": "head that is no JSON", "says": "frame", "hex": raw(REPLY, headed(b"{oh"))},
                {"name": "printed text in the stream", "says": "a frame", "hex": b"Loading weights: 100%|####|\n".hex()},
            ],
        },
        indent=1,
        ensure_ascii=False,
    )
)
