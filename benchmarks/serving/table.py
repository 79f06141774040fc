"""Measurements as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column is text, the others are numbers."""
    print(f"| {' | '.join(header)} |")
    print("|" + "|".join(["---", *["---:"] * (len(header) - 1)]) + "|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def median_ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """Median of the ratios round by round: what slows one round down slows both sides of it."""
    return median(one / other for one, other in zip(these, those, strict=True))
