"""A file that is being ingested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[float, str], None]
"""Told the fraction done, 0 to 1, and what is being done."""


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
