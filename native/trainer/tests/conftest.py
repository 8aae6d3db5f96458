"""Before torch is imported: threads wait as in the real child, and as few threads as tiny models need."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
