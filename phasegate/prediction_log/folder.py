"""What lies in a spool folder, and who may change it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.prediction_log.segment import CLOSED, OPEN, read_segment
from phasegate.prediction_log.segment_writer import finish, lock


@dataclass
class Adopted:
    """What became of the segments whose writers are gone.

    Attributes:
        closed: segments that were finished, under their new names.
        torn: records that their writers did not complete; their appends never returned.
        unreadable: files that are no segments or could not be changed, left as they are.
    """

    closed: list[Path] = field(default_factory=list)
    torn: int = 0
    unreadable: list[Path] = field(default_factory=list)


def closed_segments(folder: Path) -> list[Path]:
    """Finished segments; those of one writer in the order they were written in."""
    return sorted(folder.glob(f"*{CLOSED}"))


def open_segments(folder: Path) -> list[Path]:
    """Segments in use, prepared, or abandoned; those of one writer in the order of use."""
    return sorted(folder.glob(f"*{OPEN}"))


def adopt_abandoned(folder: Path) -> Adopted:
    """Finish the segments whose writers are gone, and remove those without records.

    Any number of processes may do this at a time, and be killed at it.
    """
    adopted = Adopted()
    for path in open_segments(folder):
        try:
            _adopt(path, adopted)
        except (BlockingIOError, FileNotFoundError):
            continue
        except (OSError, BadInput):
            adopted.unreadable.append(path)
    return adopted


def writable_folder(folder: Path) -> Path:
    """The folder, made when absent.

    Raises:
        BadInput: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the prediction log's folder cannot be made ({error.strerror})", where=str(folder)
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput("the prediction log's folder cannot be written", where=str(folder))
    return folder


@contextmanager
def measured(folder: Path) -> Iterator[int]:
    """Bytes of all files in the folder; no other writer adds to them while the block runs.

    Raises:
        BlockingIOError: another writer is in such a block.
        OSError: the folder cannot be read.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield bytes_in(folder)
    finally:
        os.close(handle)


def bytes_in(folder: Path) -> int:
    """Sum of the sizes of the files in a folder.

    Raises:
        OSError: the folder cannot be read.
    """
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                total += entry.stat().st_size
    return total


def _adopt(path: Path, adopted: Adopted) -> None:
    with open(path, "r+b", buffering=0) as file:
        lock(file, path)
        if not any(file.read(8)):
            # Killed while the file was being made: the magic number is written last.
            finish(file, path, 0)
            return
        content = read_segment(path)
        closed = finish(file, path, content.valid_bytes if content.payloads else 0)
        adopted.torn += content.torn
        if closed:
            adopted.closed.append(closed)
