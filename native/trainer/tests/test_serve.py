"""Lifecycle of the child with real processes: who outlives whom, and the effect of damaged input. No torch here."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from trainer.protocol import HEARTBEAT, HELLO, LARGEST_PAYLOAD, REPLY, REQUEST, VERSION, Frame, encode, read

NATIVE = str(Path(__file__).parents[2])

# A parent in its own process: starts the light child on fds 3 and 4, sends one request, prints the child's pid, hangs.
PARENT = """
import os, subprocess, sys, time
from trainer.protocol import HELLO, REQUEST, VERSION, Frame, encode, read
for fd in (3, 4, 5, 6): os.dup2(0, fd)  # so that no pipe end gets one of the child's numbers
(r, w), (r2, w2) = os.pipe(), os.pipe()
def wire(): os.dup2(r, 3); os.dup2(w2, 4); [os.close(fd) for fd in (w, r2)]
child = subprocess.Popen([sys.executable, "-m", "trainer.tests.light", str(os.getpid())], preexec_fn=wire, close_fds=False)
os.write(w, encode(Frame(HELLO, {"protocol": VERSION})))
os.write(w, encode(Frame(REQUEST, {"id": 1, "verb": "restore", "folder": sys.argv[1]})))
read(lambda n: os.read(r2, n))
time.sleep(0.3)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's; elsewhere the EOF watcher needs the GIL")
@pytest.mark.parametrize("busy", ["nothing", "sleep", "hold"])
def test_the_child_does_not_outlive_its_parents_sigkill(busy: str) -> None:
    environment = os.environ | {"PYTHONPATH": NATIVE}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, busy], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10  # what keeps it busy takes 30
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    gone = not alive(child)
    if not gone:
        os.kill(child, signal.SIGKILL)
    assert gone


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass
class Child:
    """A light child of this process, with its pipes."""

    process: subprocess.Popen[bytes]
    to: int
    source: int

    def send(self, *data: bytes) -> None:
        for part in data:
            os.write(self.to, part)

    def next(self) -> Frame:
        def read_exactly(count: int) -> bytes:
            data = b""
            while len(data) < count:
                part = os.read(self.source, count - len(data))
                if not part:
                    raise EOFError
                data += part
            return data

        while (frame := read(read_exactly)).type == HEARTBEAT:
            pass
        return frame

    def end(self) -> int:
        return self.process.wait(timeout=120)  # ends a hang, no more


@contextmanager
def started(*module: str) -> Iterator[Child]:
    """`python -m MODULE MY_PID …` with its pipes on fds 3 and 4."""
    (theirs, to), (source, back) = os.pipe(), os.pipe()
    spare = [os.dup(0) for _ in range(8)]  # pushes the pipe ends above 3 and 4 where those are free
    high = [os.dup(fd) for fd in (theirs, back)]

    def wire() -> None:
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = subprocess.Popen(
        [sys.executable, "-m", module[0], str(os.getpid()), *module[1:]],
        preexec_fn=wire,  # noqa: PLW1509  # this process has no threads yet
        pass_fds=(3, 4),
        env=os.environ | {"PYTHONPATH": NATIVE},
        stderr=subprocess.PIPE,
    )
    for fd in [*spare, *high, theirs, back]:
        os.close(fd)
    yield Child(process, to, source)
    process.kill()
    process.communicate()
    os.close(source)


@pytest.fixture
def child() -> Iterator[Child]:
    with started("trainer.tests.light") as light:
        yield light


def call(number: int, verb: str = "restore", act: str = "nothing") -> bytes:
    return encode(Frame(REQUEST, {"id": number, "verb": verb, "folder": f"/x/{act}"}))


HELLO_BYTES = encode(Frame(HELLO, {"protocol": VERSION}))


def test_answers_in_order_and_ends_with_its_input(child: Child) -> None:
    out_of_memory = [call(number, act=act) for number, act in enumerate(("refuse", "fail", "handle"), 4)]
    child.send(HELLO_BYTES, call(1), call(2, act="print"), call(3, "dance"), *out_of_memory)
    assert child.next().head == {"protocol": VERSION}
    assert [child.next() for _ in range(2)] == [Frame(REPLY, {"id": 1}), Frame(REPLY, {"id": 2})]
    assert child.next().head == {
        "id": 3,
        "kind": "bad_request",
        "message": "expected a request with an id and one of the verbs restore",
    }
    assert [child.next().head["kind"] for _ in out_of_memory] == ["memory"] * 3
    os.close(child.to)
    assert child.end() == 0


@pytest.mark.parametrize(("act", "said"), [("fill", "SafetensorError"), ("fill_by_numpy", "OSError")])
def test_a_save_on_a_full_disk_is_a_disk_fault(child: Child, act: str, said: str) -> None:
    child.send(HELLO_BYTES, call(1, act=act))
    assert child.next().head == {"protocol": VERSION}
    answer = child.next().head
    assert answer["kind"] == "disk"
    assert said in answer["message"]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\xff\xff\xff\xff\x02\x00\x00\x00\x00",
        (LARGEST_PAYLOAD + 1).to_bytes(4, "little") + b"\x02\x00\x00\x00\x00",
        HELLO_BYTES + bytes(range(40, 80)),
        encode(Frame(HELLO, {"protocol": VERSION + 1})),
        encode(Frame(REQUEST, {"id": 1, "verb": "restore"})),
    ],
    ids=["text", "4 GB", "over the limit", "noise", "other version", "no hello"],
)
def test_a_damaged_or_foreign_stream_ends_the_child_with_one_sentence(child: Child, data: bytes) -> None:
    child.send(data)
    assert child.end() == 1
    assert child.process.stderr is not None
    said = child.process.stderr.read().decode()
    assert said.startswith("learner: ")
    assert said.count("\n") == 1
