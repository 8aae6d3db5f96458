"""Lifecycle of the child process: handshake, one request at a time, a heartbeat; it never outlives its parent.

Does not import torch, so that the same code serves the protocol tests. On Linux PR_SET_PDEATHSIG ends a call that hangs in
native code (an EOF watcher needs the GIL); elsewhere only the watcher thread ends an orphan.
"""

import ctypes
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from .fault import Fault, FaultKind, disk_is_full, ran_out_of_memory
from .protocol import ERROR, HEARTBEAT, HELLO, REPLY, REQUEST, VERSION, Arrays, Frame, Head, ProtocolError, encode, read

FROM_PARENT, TO_PARENT = 3, 4  # file descriptors; stdout and stderr are logs
HEARTBEAT_SECONDS = 1.0

SENDING = threading.Lock()  # held while a frame is written: answers and heartbeats come from different threads

Verb = Callable[[Head, Arrays], tuple[Head, Arrays]]


def die_with_parent(parent: int) -> None:
    """SIGKILL for this process when `parent` (its pid) dies. PDEATHSIG is bound to the parent's spawning thread."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before prctl took effect: the signal will never come
        os._exit(1)


def serve(verbs: Mapping[str, Verb], parent: int) -> NoReturn:
    """Answers requests until the parent ends the input. Never returns."""
    die_with_parent(parent)
    requests: queue.SimpleQueue[Frame] = queue.SimpleQueue()

    def send(frame: Frame) -> None:
        data = memoryview(encode(frame))
        with SENDING:
            while data:
                data = data[_write(data) :]

    def listen() -> None:
        try:
            _expect_hello(read(_read_exactly))
            while True:
                requests.put(read(_read_exactly))
        except EOFError:
            os._exit(0)  # the parent closed or died, perhaps in the middle of a call
        except ProtocolError as error:
            _give_up(f"learner: {error}")
        except BaseException as error:  # heartbeats would go on, and the loop wait for ever
            _give_up(f"learner: reading a request failed: {type(error).__name__}: {error}")

    def beat() -> None:
        while True:
            send(Frame(HEARTBEAT, {}))
            threading.Event().wait(HEARTBEAT_SECONDS)

    send(Frame(HELLO, {"protocol": VERSION}))
    threading.Thread(target=listen, name="listen", daemon=True).start()
    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
    while True:
        send(_answer(verbs, requests.get()))


def _answer(verbs: Mapping[str, Verb], request: Frame) -> Frame:
    number = request.head.get("id")
    try:
        verb = verbs.get(str(request.head.get("verb")))
        if request.type != REQUEST or not isinstance(number, int) or verb is None:
            raise Fault("bad_request", f"expected a request with an id and one of the verbs {', '.join(verbs)}")
        head, arrays = verb(request.head, request.arrays)
        return Frame(REPLY, {**head, "id": number}, arrays)
    except Fault as fault:
        return _error(number, fault.kind, str(fault))
    except Exception as error:
        traceback.print_exc()
        return _error(number, _kind(error), f"{type(error).__name__}: {error}")


def _error(number: Any, kind: FaultKind, message: str) -> Frame:
    return Frame(ERROR, {"id": number, "kind": kind, "message": message[:4000]})


def _kind(error: Exception) -> FaultKind:
    if ran_out_of_memory(error):
        return "memory"
    if disk_is_full(error):
        return "disk"
    return "internal"


def _expect_hello(frame: Frame) -> None:
    theirs = frame.head.get("protocol")
    if frame.type != HELLO or theirs != VERSION:
        _give_up(f"learner: this trainer uses protocol {VERSION}, the loop {theirs}: install the same version of both")


def _give_up(reason: str) -> NoReturn:
    print(reason, file=sys.stderr, flush=True)
    os._exit(1)


def _write(data: memoryview) -> int:
    try:
        return os.write(TO_PARENT, data)
    except OSError:
        os._exit(0)  # the parent has ended


def _read_exactly(count: int) -> bytes:
    """`count` bytes; the buffer grows with received bytes, so that an announced length alone takes no memory."""
    data = bytearray()
    while len(data) < count:
        try:
            part = os.read(FROM_PARENT, min(count - len(data), 1 << 20))
        except OSError as error:  # a socket whose peer was killed may say ECONNRESET instead of ending
            raise EOFError from error
        if not part:
            raise EOFError
        data += part
    return bytes(data)
