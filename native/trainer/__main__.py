"""`python -m trainer PARENT_PID`: the learner process. Says hello at once; torch is imported with the first request."""

import os
import sys
from functools import cache

from .protocol import Arrays, Head
from .serve import Verb, serve

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported: the model is a local file
os.environ.setdefault("TQDM_DISABLE", "1")  # people read the log when something fails
# Waiting threads sleep instead of spinning: with other work (a compiler, the sampler) on the same cores, spinning threads
# made an update of 7 tokens take 21 s instead of 0.6 s.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

VERBS = ("open", "logprobs", "update", "save", "restore", "rest", "wake")


@cache
def _verbs() -> dict[str, Verb]:
    from .session import verbs  # torch and transformers take seconds to import; the heartbeat already runs

    return verbs()


def _late(name: str) -> Verb:
    def verb(head: Head, arrays: Arrays) -> tuple[Head, Arrays]:
        return _verbs()[name](head, arrays)

    return verb


if __name__ == "__main__":
    serve({name: _late(name) for name in VERBS}, parent=int(sys.argv[1]))
