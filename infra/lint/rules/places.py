"""Where an expression stands, and what names mean there."""

from __future__ import annotations

from dataclasses import dataclass

FIXED = {
    "path": frozenset({"module", "root", "cwd"}),
    "terraform": frozenset({"workspace", "applying"}),
    "count": frozenset({"index"}),
    "each": frozenset({"key", "value"}),
}
NOT_EXPRESSIONS = {
    ("variable", "type"),
    ("lifecycle", "ignore_changes"),
    ("resource", "provider"),
    ("data", "provider"),
    ("ephemeral", "provider"),
    ("module", "providers"),
    ("dynamic", "iterator"),
    ("moved", "from"),
    ("moved", "to"),
    ("removed", "from"),
    ("run", "providers"),
    ("mock_provider", "source"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands.

    Attributes:
        file: of it.
        subject: the block at the top of the file.
        names: bound by surrounding loops and dynamic blocks.
        allowed: of each, count and self, those with a meaning here.
    """

    file: str
    subject: str
    names: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
