"""Options that every program that writes the prediction log has."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_privacy_options(group: argparse._ArgumentGroup) -> None:
    """Add ``--sensitive``, pairs of column and rule, and ``--log-key-file``."""
    group.add_argument(
        "--sensitive", action="append", default=[], type=_rule, metavar="COLUMN=hash|drop",
        help="personal data: log a keyed hash, or nothing; any number of times",
    )  # fmt: skip
    group.add_argument(
        "--log-key-file", type=Path, help="key of those hashes; readable by the owner alone"
    )


def _rule(text: str) -> tuple[str, str]:
    column, _, rule = text.rpartition("=")
    if not column or rule not in ("hash", "drop"):
        raise argparse.ArgumentTypeError(f"'{text}' is not COLUMN=hash or COLUMN=drop")
    return column, rule
