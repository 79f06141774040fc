"""Changes of single lines, so that all else in a file stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replace:
    """One text of a line gives way to another.

    Attributes:
        line: from 1.
        old: pattern of what is replaced; the line has to match it, or stays.
        new: what takes its place.
    """

    line: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Lines come before another.

    Attributes:
        line: from 1; they come before it, as deep as it is.
        key: what that line has to begin with, or nothing is inserted.
        new: the lines.
    """

    line: int
    key: str
    new: tuple[str, ...]


Edit = Replace | Insert


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits that fit; those that do not are left out."""
    lines = text.split("\n")
    for edit in sorted(
        dict.fromkeys(edits), key=lambda edit: (-edit.line, isinstance(edit, Insert))
    ):
        old = lines[edit.line - 1]
        if isinstance(edit, Replace):
            lines[edit.line - 1] = re.sub(edit.old, lambda _, new=edit.new: new, old, count=1)
        elif old.lstrip().startswith(edit.key):
            indent, end = old[: len(old) - len(old.lstrip())], "\r" if old.endswith("\r") else ""
            lines[edit.line - 1 : edit.line - 1] = [f"{indent}{new}{end}" for new in edit.new]
    return "\n".join(lines)
