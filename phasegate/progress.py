"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Told the fraction done, 0 to 1, and what is being done."""


def no_progress(_fraction: float, _message: str) -> None:
    """Progress that nobody asked for."""


def between(progress: Progress, start: float, stop: float) -> Progress:
    """Progress of a part of the work, which is the whole's from one fraction to another."""
    return lambda fraction, message: progress(start + (stop - start) * fraction, message)
