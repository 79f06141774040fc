"""A file that is being ingested."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceFile:
    """One file of the source.

    Args:
        path: where its bytes are.
        name: what messages call it.
        disposable: a download of ours, which the store may take instead of copying it.
    """

    path: Path
    name: str
    disposable: bool = False
