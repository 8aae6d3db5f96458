"""`python -m trainer.rank SOCKET`, started by torchrun: one of the processes that train one model (ranks.py).

Rank 0 serves the loop and passes each request that changes the model to the others before it runs it. A Fault is the same on
all ranks, since it is decided from data that all have; any other failure ends the process, and torchrun ends the others: the
loop sees that the learner has ended, with the log's last lines.
"""

import os
import socket
import sys
import traceback
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from .__main__ import VERBS
from .fault import Fault
from .protocol import REQUEST, Arrays, Frame, Head, encode, read
from .serve import FROM_PARENT, TO_PARENT, Verb, die_with_parent, serve

if TYPE_CHECKING:
    from .ranks import Ranks

SHARED = ("open", "update", "restore", "rest", "wake")  # the others change nothing: rank 0 answers them alone


@cache
def _joined() -> "tuple[Ranks, dict[str, Verb]]":
    from .ranks import join  # torch takes seconds to import; the heartbeat already runs
    from .session import verbs

    ranks = join()
    return ranks, verbs(ranks)


def _lead(name: str) -> Verb:
    def verb(head: Head, arrays: Arrays) -> tuple[Head, Arrays]:
        ranks, verbs = _joined()
        if name in SHARED:
            ranks.send(encode(Frame(REQUEST, head, arrays)))
        try:
            return verbs[name](head, arrays)
        except Fault:
            raise
        except Exception:
            if name not in SHARED:
                raise
            _end()

    return verb


def _follow() -> NoReturn:
    ranks, verbs = _joined()
    while True:
        try:
            data = ranks.receive()
        except RuntimeError:  # rank 0 has ended: the loop closed the learner
            os._exit(0)
        position = 0

        def read_exactly(count: int, data: bytes = data) -> bytes:
            nonlocal position
            position += count
            return data[position - count : position]

        request = read(read_exactly)
        try:
            verbs[request.head["verb"]](request.head, request.arrays)
        except Fault:
            pass  # rank 0 reports it to the loop
        except Exception:
            _end()


def _end() -> NoReturn:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)


def _take_bridge(path: str) -> None:
    """Moves the loop's pipes to where serve.py expects them."""
    with socket.socket(socket.AF_UNIX) as meeting:
        meeting.connect(path)
        _, fds, _, _ = socket.recv_fds(meeting, 1, 2)
        high = [os.dup2(fd, 100 + fd) for fd in fds]  # so that neither overwrites the other
    for fd in fds:
        os.close(fd)
    for fd, number in zip(high, (FROM_PARENT, TO_PARENT), strict=True):
        os.dup2(fd, number)
        os.close(fd)


if __name__ == "__main__":
    die_with_parent(os.getppid())
    if os.environ["RANK"] == "0":
        _take_bridge(sys.argv[1])
        serve({name: _lead(name) for name in VERBS}, parent=os.getppid())
    _follow()
