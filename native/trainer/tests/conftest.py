"""Before torch is imported: the threads' waiting of the real child, and as many threads as tiny models deserve."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
