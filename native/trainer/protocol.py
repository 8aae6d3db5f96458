"""The bridge between the loop and the learner: frames and arrays. Twin of src/learner/protocol.ts.

frame   = u32 payload length, u8 type, u32 crc32 of the payload, payload        (integers little-endian)
payload = u32 head length, head (JSON object, UTF-8), blob (safetensors, or nothing)
The first frame each way is `hello`. Requests go to fd 3 of the child, everything else comes from its fd 4.
Both twins are tested against test/fixtures/frames.json. Not here: verbs and their meaning.
"""

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from safetensors.numpy import load, save

VERSION = 2
HELLO, REQUEST, REPLY, ERROR, HEARTBEAT = 1, 2, 3, 4, 5
LARGEST_PAYLOAD = 1024 * 1024 * 1024  # bytes; about eighty million tokens in one request

Head = dict[str, Any]
Arrays = Mapping[str, np.ndarray]
_HEADER = struct.Struct("<IBI")
_HEAD_LENGTH = struct.Struct("<I")


class ProtocolError(Exception):
    """The stream is not this protocol or is damaged; the rest cannot be trusted, so the process ends."""


@dataclass(frozen=True)
class Frame:
    """One message: its type, its JSON head and its arrays by name."""

    type: int
    head: Head
    arrays: Arrays = field(default_factory=dict)


def encode(frame: Frame) -> bytes:
    """Bytes of a frame. Raises ProtocolError above LARGEST_PAYLOAD, ValueError for NaN or infinity in the head."""
    head = json.dumps(frame.head, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
    blob = save({name: np.ascontiguousarray(array) for name, array in frame.arrays.items()}) if frame.arrays else b""
    payload = _HEAD_LENGTH.pack(len(head)) + head + blob
    if len(payload) > LARGEST_PAYLOAD:
        raise ProtocolError(f"a frame of {len(payload)} bytes is larger than the limit of {LARGEST_PAYLOAD}")
    return _HEADER.pack(len(payload), frame.type, zlib.crc32(payload)) + payload


def read(read_exactly: Callable[[int], bytes]) -> Frame:
    """Next frame. `read_exactly(n)` returns n bytes or raises EOFError. Raises ProtocolError for a damaged stream."""
    length, kind, crc = _HEADER.unpack(read_exactly(_HEADER.size))
    if kind not in (HELLO, REQUEST, REPLY, ERROR, HEARTBEAT):
        raise ProtocolError(f"received a frame of unknown type {kind}")
    if not _HEAD_LENGTH.size <= length <= LARGEST_PAYLOAD:
        raise ProtocolError(f"a frame of {length} bytes was announced; the limit is {LARGEST_PAYLOAD}")
    payload = read_exactly(length)
    if zlib.crc32(payload) != crc:
        raise ProtocolError("a frame's checksum is wrong")
    return decode_payload(kind, payload)


def decode_payload(kind: int, payload: bytes) -> Frame:
    """Frame from a payload with a valid checksum. Raises ProtocolError if head or arrays cannot be read."""
    (head_length,) = _HEAD_LENGTH.unpack_from(payload)
    end = _HEAD_LENGTH.size + head_length
    if end > len(payload):
        raise ProtocolError(f"a head of {head_length} bytes does not fit its frame of {len(payload)}")
    try:
        head = json.loads(payload[_HEAD_LENGTH.size : end])
        arrays = load(payload[end:]) if end < len(payload) else {}
    except Exception as error:  # safetensors, json and UTF-8 each raise their own type
        raise ProtocolError(f"a frame cannot be read: {error}") from error
    if not isinstance(head, dict):
        raise ProtocolError("a frame's head is not a JSON object")
    return Frame(kind, head, arrays)
