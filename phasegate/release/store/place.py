"""What releases need of a store: small files, made once or replaced by compare-and-set."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from phasegate.errors import BadInput

LIMIT = 4 << 20  # bytes of a file


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was read.

    Attributes:
        content: its bytes.
        generation: which of a bucket's versions they are; 0 in a folder, which compares bytes.
    """

    content: bytes
    generation: int = 0


class Place(Protocol):
    """Files of at most `LIMIT` bytes, by name.

    Every method raises `Unavailable` when the store did not answer, and `BadInput` when it refused
    or a file is larger.
    """

    uri: str

    def names(self, prefix: str) -> list[str]:
        """Names that start with ``prefix``, which ends with ``/``; sorted."""

    def read(self, name: str) -> Seen | None:
        """The file, or None where there is none."""

    def create(self, name: str, content: bytes) -> bool:
        """Make a file that never changes.

        Returns:
            Whether the name was free, as far as the last answer tells.
        """

    def replace(self, name: str, content: bytes, seen: Seen | None) -> bool:
        """Replace a file if it is still as it was seen; whole, on the disk, or not at all.

        Returns:
            Whether it was, as far as the last answer tells.
        """


def check_size(size: int, where: str) -> None:
    """Refuse what is larger than a file here may be.

    Raises:
        BadInput: it is.
    """
    if size > LIMIT:
        raise BadInput(f"{size:,} bytes", where=where, expected=f"{LIMIT:,} at most")


@contextmanager
def as_file(content: bytes) -> Iterator[Path]:
    """The bytes as a file, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="phasegate-") as folder:
        path = Path(folder) / "content"
        path.write_bytes(content)
        yield path
