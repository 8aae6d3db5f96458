"""Checks of the learner on a GPU, for a machine that has one: `python -m gpucheck`. The tests run them small on a CPU."""
