"""`python -m trainer.rank SOCKET`, started by torchrun: one of the processes that train one model (ranks.py).

Rank 0 serves the loop and passes each request that changes the model to the others before it runs it. A Fault that all ranks
have is the answer; one that only some have (a file that one could not read), and any other failure, ends the process, and
torchrun ends the others: the loop sees that the learner has ended, with the log's last lines.
"""

import os
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, NoReturn

from .__main__ import VERBS
from .fault import Fault
from .protocol import REQUEST, Arrays, Frame, Head, encode, read
from .serve import FROM_PARENT, TO_PARENT, Verb, die_with_parent, serve

if TYPE_CHECKING:
    from .ranks import Ranks

Reply = tuple[Head, Arrays]

SHARED = ("open", "update", "restore", "rest", "wake")  # the others change nothing: rank 0 answers them alone


@cache
def _joined() -> "tuple[Ranks, dict[str, Verb]]":
    from .ranks import join  # torch takes seconds to import; the heartbeat already runs
    from .session import verbs

    ranks = join()
    return ranks, verbs(ranks)


def _lead(name: str) -> Verb:
    def verb(head: Head, arrays: Arrays) -> Reply:
        ranks, verbs = _joined()
        if name not in SHARED:
            return verbs[name](head, arrays)
        ranks.send(encode(Frame(REQUEST, head, arrays)))
        return _together(ranks, partial(verbs[name], head, arrays))

    return verb


def _together(ranks: "Ranks", verb: Callable[[], Reply]) -> Reply:
    """What the verb answers on this rank. Raises its Fault if all ranks have one."""
    answer: Reply | Fault
    try:
        try:
            answer = verb()
        except Fault as fault:
            answer = fault
        if len(set(ranks.gather(isinstance(answer, Fault)))) > 1:
            raise RuntimeError(f"the ranks differ: this one has {answer if isinstance(answer, Fault) else 'no fault'}")
    except Exception:
        _end()
    if isinstance(answer, Fault):
        raise answer
    return answer


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
        with suppress(Fault):  # rank 0 reports it to the loop
            _together(ranks, partial(verbs[request.head["verb"]], request.head, request.arrays))


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
