"""What processes cost: which core they run on, their processor time, their memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]
"""The server that is measured has one core to itself, so that ratios are about servers alone."""

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Processes started within run on one core, as do all that they start."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """Processor time, user and system, of a process and of its living descendants."""
    # The name, in brackets, may hold spaces; what follows it does not.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS + sum(map(cpu_seconds, _children(pid)))


def resident_bytes(pid: int) -> int:
    """Memory that a process holds, without its descendants."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]
