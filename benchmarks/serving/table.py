"""Measurements as Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column is text, the others are numbers."""
    print(f"| {' | '.join(header)} |")
    print("|" + "|".join(["---", *["---:"] * (len(header) - 1)]) + "|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)
