"""Copying and hashing of files, as cheaply as the file system allows."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from phasegate.errors import BadInput

# Large enough to amortise a system call, small enough to stay in a core's L2 cache.
_CHUNK = 1 << 20
_FICLONE = 0x40049409
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def hash_file(path: Path) -> str:
    """Hex sha256 of a file; releases the GIL, so threads hash in parallel."""
    digest = hashlib.sha256()
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    with open(path, "rb", buffering=0) as source:
        while size := source.readinto(buffer):
            digest.update(view[:size])
    return digest.hexdigest()


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file and return the hex sha256 of exactly the bytes that were written."""
    digest = hashlib.sha256()
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    with open(source, "rb", buffering=0) as reader, open(target, "xb") as writer:
        while size := reader.readinto(buffer):
            digest.update(view[:size])
            writer.write(view[:size])
    return digest.hexdigest()


def clone(source: Path, target: Path) -> bool:
    """Share the source's blocks with a new file (reflink); False where that is not possible.

    Unlike a hard link, a later change of the source does not reach the clone.
    """
    with open(source, "rb") as reader, open(target, "xb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _FICLONE, reader.fileno())
            return True
        except OSError:
            pass
    target.unlink()
    return False


def copy(source: Path, target: Path) -> None:
    """Copy a file inside the kernel.

    Raises:
        BadInput: the source changed while it was copied.
    """
    with open(source, "rb") as reader, open(target, "xb") as writer:
        before = os.fstat(reader.fileno())
        left = before.st_size
        try:
            while left:
                done = os.copy_file_range(reader.fileno(), writer.fileno(), left)
                if not done:
                    break
                left -= done
        except OSError as error:
            if error.errno in _FULL:
                raise
            # Not between these file systems: the plain way.
            reader.seek(0)
            writer.seek(0)
            writer.truncate()
            shutil.copyfileobj(reader, writer, _CHUNK)
        after = os.fstat(reader.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadInput("the file changed while it was read", where=str(source), fix="Run again")


def sync(path: Path) -> None:
    """Wait until a file's (or folder's) bytes are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path) -> None:
    """Make a folder and its parents, each of them on the disk before the next is made."""
    absent = []
    while not folder.is_dir():
        absent.append(folder)
        folder = folder.parent
    for one in reversed(absent):
        one.mkdir(exist_ok=True)
        sync(one.parent)


def is_full(error: OSError) -> bool:
    """Whether a write failed for want of room: disk, quota or file size limit."""
    return error.errno in _FULL


def no_room(folder: Path, needed: int) -> BadInput:
    """The error for a file of ``needed`` bytes that found no room under ``folder``."""
    free = shutil.disk_usage(folder).free
    return BadInput(
        f"no room for {needed:,} bytes ({free:,} bytes are free on that disk)",
        where=str(folder),
        fix="Free some space, raise the quota, or choose another store, then run again",
    )
