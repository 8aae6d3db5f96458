"""A child process with the real protocol but without torch and misbehaves on demand: `python -m trainer.tests.light PID`.

Its one verb is `restore`: the last part of the folder names what to do (see ACTS). For test_serve.py and
test/learner/faults.test.ts.
"""

import ctypes
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from trainer.fault import Fault
from trainer.protocol import HEARTBEAT, Arrays, Frame, Head, encode
from trainer.serve import SENDING, TO_PARENT, serve


def write(data: bytes) -> None:
    os.write(TO_PARENT, data)


def hold_the_gil() -> None:
    """Behaves like a long native call: no other Python thread runs, no heartbeat, no EOF watcher."""
    ctypes.PyDLL(None).sleep(30)


def hold_briefly() -> None:
    """The same for as long as a large file takes."""
    ctypes.PyDLL(None).sleep(3)


def name_the_environment() -> None:
    raise Fault("bad_request", " ".join(sorted(os.environ)))


def refuse() -> None:
    raise Fault("memory", "expected 3 GB, found 1: use a smaller model")


def fill() -> None:
    """A save on a full disk: a limit of this process, which ends a write as a full disk does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    with tempfile.TemporaryDirectory() as folder:
        save_file({"moments": np.zeros(10_000)}, Path(folder) / "optimizer.safetensors")


def fill_by_numpy() -> None:
    """The same in the GGUF, which numpy writes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    with tempfile.TemporaryFile() as file:
        np.zeros(10_000).tofile(file)


def fail() -> None:
    """As torch's CPU allocator does."""
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


def fail_without_a_handle() -> None:
    """As torch's first product on a full card does."""
    raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")


def flood() -> None:
    print("x" * 5_000_000, file=sys.stderr, flush=True)
    print("y" * 5_000_000, flush=True)


def crash() -> None:
    print("about to crash", file=sys.stderr, flush=True)
    os._exit(3)


def drip() -> None:
    """A whole frame, byte by byte: slow, but right."""
    with SENDING:
        for byte in encode(Frame(HEARTBEAT, {})):
            write(bytes([byte]))
            time.sleep(0.002)


def trickle() -> None:
    """A frame of a megabyte that never ends: bytes keep coming, frames do not."""
    write((1_000_000).to_bytes(4, "little") + bytes([HEARTBEAT]) + bytes(4))
    while True:
        write(b".")
        time.sleep(0.05)


def sleep() -> None:
    time.sleep(30)


ACTS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "print": lambda: print("a stray print"),
    "flood": flood,
    "crash": crash,
    "leave": lambda: os._exit(0),
    "abort": os.abort,
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "garbage": lambda: write(b"no frame at all " * 4),
    "oversized": lambda: write(b"\xff\xff\xff\xff\x03\x00\x00\x00\x00"),
    "drip": drip,
    "trickle": trickle,
    "hold": hold_the_gil,
    "hold_briefly": hold_briefly,
    "environment": name_the_environment,
    "sleep": sleep,
    "refuse": refuse,
    "fail": fail,
    "handle": fail_without_a_handle,
    "fill": fill,
    "fill_by_numpy": fill_by_numpy,
}


def act(head: Head, _: Arrays) -> tuple[Head, Arrays]:
    ACTS[Path(head["folder"]).name]()
    return {}, {}


if __name__ == "__main__":
    serve({"restore": act}, parent=int(sys.argv[1]))
