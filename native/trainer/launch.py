"""`python -m trainer.launch PARENT_PID PROCESSES`: the learner on several devices, by torchrun on this machine.

torchrun closes every descriptor but the logs, so rank 0 gets the bridge (fds 3 and 4) through a socket; from then on
this process only waits. Each process of the chain loop -> launch -> torchrun -> ranks ends with the one before it.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from .serve import FROM_PARENT, TO_PARENT, die_with_parent


def launch(parent: int, processes: int) -> int:
    """Starts the ranks, passes the bridge to rank 0, waits. Returns torchrun's exit code."""
    die_with_parent(parent)
    me = os.getpid()
    with tempfile.TemporaryDirectory(prefix="playact-ranks-") as folder, socket.socket(socket.AF_UNIX) as meeting:
        path = str(Path(folder) / "bridge")  # in a folder that only this user can access
        meeting.bind(path)
        meeting.listen(1)
        ranks = subprocess.Popen(
            torchrun(processes, path),
            # Like this process (-P), torchrun and its ranks take no modules from the current folder.
            env=os.environ | {"PYTHONSAFEPATH": "1", "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", _loopback())},
            preexec_fn=lambda: die_with_parent(me),  # noqa: PLW1509  # this process has no threads
        )
        signal.signal(signal.SIGCHLD, lambda *_: meeting.close())  # if they die before connecting, accept must not wait forever
        signal.signal(signal.SIGTERM, lambda *_: ranks.terminate())
        try:
            if ranks.poll() is None:
                with meeting.accept()[0] as rank0:
                    socket.send_fds(rank0, [b"!"], [FROM_PARENT, TO_PARENT])
        except OSError:
            pass  # torchrun's messages are in the log
        for fd in (FROM_PARENT, TO_PARENT):
            os.close(fd)  # the end of input must reach rank 0, and the end of rank 0 the loop
        return ranks.wait()


def torchrun(processes: int, path: str) -> list[str]:
    """The command that starts the ranks."""
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
    return [*run, "--nproc-per-node", str(processes), "-m", "trainer.rank", path]


def _loopback() -> str:
    return "lo0" if sys.platform == "darwin" else "lo"


if __name__ == "__main__":
    sys.exit(launch(int(sys.argv[1]), int(sys.argv[2])))
