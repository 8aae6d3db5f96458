"""The device's name, and memory of the device and of this process in bytes: used, free, peak. Knows no model (see memory.py)."""

import ctypes
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch


def give_back_freed_memory() -> None:
    """glibc raises the size above which a freed block returns to the system, up to 32 MB, when it sees larger ones freed. Then
    the short-lived tensors of a forward pass leave holes between those kept for the backward pass, and an update of 762
    tokens of a 135M model peaked at 3.0 GB instead of 2.2. Here the size keeps its initial value. No-op elsewhere."""
    _set_malloc(mmap_threshold=128 * 1024, trim_threshold=128 * 1024)


@contextmanager
def freed_memory_kept(keep: bool) -> Iterator[None]:
    """Inside, freed blocks of up to 32 MB stay with the process, if `keep`: the system clears every page that it gives anew,
    which took half of an update's time on a CPU. For the holes see above; at the end all that is free returns. glibc only."""
    if not keep:
        yield
        return
    _set_malloc(mmap_threshold=32 * 1024 * 1024, trim_threshold=2**31 - 1)
    try:
        yield
    finally:
        give_back_freed_memory()
        give_back_free_pages()


def give_back_free_pages() -> None:
    """Returns to the system what glibc holds of freed memory. No-op elsewhere."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _set_malloc(mmap_threshold: int, trim_threshold: int) -> None:
    """Bytes: M_TRIM_THRESHOLD is -1 and M_MMAP_THRESHOLD -3 in malloc.h. Setting them stops their growth."""
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, mmap_threshold)
        mallopt(-1, trim_threshold)


def device_name(device: torch.device) -> str:
    """The device name as stored with a run: "cpu", "mps", or "cuda:0 (NVIDIA H100 80GB HBM3)"."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def held_bytes(device: torch.device) -> int:
    """Used now: by tensors on a GPU, else by the process."""
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    if device.type == "mps":
        return int(torch.mps.current_allocated_memory())
    return _status("VmRSS") or _highest()


def free_bytes(device: torch.device) -> int:
    """What can still be allocated without swapping."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + unused
    if device.type == "mps":
        return max(0, int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory()))
    return _free_memory()


def most_bytes(device: torch.device) -> int:
    """What a process may use at most, whatever is free: Apple's GPUs use less than all of the memory that they share."""
    return int(torch.mps.recommended_max_memory()) if device.type == "mps" else sys.maxsize


def give_back_cached(device: torch.device) -> None:
    """Returns a GPU's freed memory to it: torch keeps it for its next tensors, and the engine cannot use it meanwhile. The CPU's
    is returned as it is freed."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def restart_peak(device: torch.device) -> None:
    """Restarts the peak where the system allows it (CUDA, Linux); elsewhere the peak is that of the whole process."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        with suppress(OSError):  # a hardened container
            Path("/proc/self/clear_refs").write_text("5")


def peak_bytes(device: torch.device) -> int:
    """Peak memory since `restart_peak`."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return _status("VmHWM") or _highest()


def _status(name: str) -> int:
    """A line of /proc/self/status; 0 if there is none."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _highest() -> int:
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _free_memory() -> int:
    """The system's total, or a container's lower limit; half of the machine's memory where it is unknown (macOS)."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    with suppress(OSError, ValueError):  # no such group, or "max"
        group = Path("/sys/fs/cgroup")
        free = min(free, int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return max(0, free)
