"""Docker's rules for .dockerignore, so that tests can ask what an engine would be sent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rule:
    """One line.

    Attributes:
        expression: of the paths that it speaks of, themselves or as a folder above.
        excludes: False for a line that begins with ``!``.
    """

    expression: re.Pattern[str]
    excludes: bool


def rules(text: str) -> list[Rule]:
    """The rules of a .dockerignore file, in their order."""
    lines = [line.strip() for line in text.splitlines()]
    return [
        Rule(_expression(line.removeprefix("!").strip("/")), not line.startswith("!"))
        for line in lines
        if line and not line.startswith("#")
    ]


def is_sent(path: str, given: list[Rule]) -> bool:
    """Whether the engine gets a file: the last rule decides that speaks of it or a folder above."""
    parts = path.split("/")
    places = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    for rule in reversed(given):
        if any(rule.expression.fullmatch(place) for place in places):
            return not rule.excludes
    return True


def sent(root: Path, given: list[Rule]) -> Iterator[str]:
    """Files below a folder that the engine would get; environments are not walked through."""
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name for name in folders if Path(folder, name, "pyvenv.cfg").exists() is False
        ]
        for name in names:
            path = Path(folder, name).relative_to(root).as_posix()
            if is_sent(path, given):
                yield path


def _expression(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern)
    for wildcard, expression in ((r"\*\*/", "(?:.*/)?"), (r"\*\*", ".*"), (r"\*", "[^/]*")):
        text = text.replace(wildcard, expression)
    text = re.sub(r"\\\[(.*?)\\\]", r"[\1]", text)
    return re.compile(text.replace(r"\?", "[^/]"))
