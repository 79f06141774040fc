"""Temporary folders that a killed process cannot leave behind for long.

A workspace's name says who owns it: host, process, a random part. Whoever opens the store next
removes those whose process is gone, and any that are older than a day.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OLD_SECONDS = 24 * 3600
_live: set[str] = set()


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """A folder under ``root`` for as long as the block runs."""
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"
    folder = root / name
    _live.add(name)
    try:
        folder.mkdir(parents=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _live.discard(name)


def sweep(root: Path) -> None:
    """Remove workspaces under ``root`` that nobody can be using any more."""
    if not root.is_dir():
        return
    for folder in root.iterdir():
        if folder.name not in _live and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime > _OLD_SECONDS:
            return True
    except FileNotFoundError:
        return False
    host, _, rest = folder.name.rpartition("-")[0].rpartition("-")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    # A restarted container has the host name and the process id of the one that died.
    return int(rest) == os.getpid() or not Path(f"/proc/{rest}").exists()
