"""Playact's learner: LoRA training of the sampled GGUF, driven by frames from the TypeScript loop (native/README.md)."""
