"""Processes of this machine, by their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def alive(pids: Iterable[int]) -> list[int]:
    """Those processes that are there."""
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]
