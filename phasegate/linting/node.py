"""A value of a YAML or JSON document that knows its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

Scalar = str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """A mapping, a list or a scalar, as Kubernetes' own reader would understand it.

    Attributes:
        value: child nodes by key, child nodes in order, or the scalar itself.
        line: line of the field: of its key in a mapping, of its start otherwise; from 1.
        size: number of nodes in it, aliases counted each time.
        duplicates: keys that a mapping has more than once, each with its line.
    """

    value: dict[str, Node] | list[Node] | Scalar
    line: int
    size: int = 1
    duplicates: list[tuple[str, int]] = field(default_factory=list)

    def at(self, *path: str | int) -> Node | None:
        """The node at a path of keys and indices, or None where there is none."""
        node: Node = self
        for step in path:
            found = None
            if isinstance(node.value, dict) and isinstance(step, str):
                found = node.value.get(step)
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                found = node.value[step]
            if found is None:
                return None
            node = found
        return node

    def text(self, *path: str | int) -> str | None:
        """The string at a path, or None where there is none, or something else."""
        node = self.at(*path)
        return node.value if node is not None and isinstance(node.value, str) else None

    def integer(self, *path: str | int) -> int | None:
        """The whole number at a path, or None where there is none, or something else."""
        node = self.at(*path)
        if node is None or isinstance(node.value, bool) or not isinstance(node.value, int):
            return None
        return node.value

    def entries(self, *path: str | int) -> Iterator[tuple[str, Node]]:
        """Keys and values of the mapping at a path; nothing where there is none."""
        node = self.at(*path)
        if node is not None and isinstance(node.value, dict):
            yield from node.value.items()

    def items(self, *path: str | int) -> Iterator[Node]:
        """Items of the list at a path; nothing where there is none."""
        node = self.at(*path)
        if node is not None and isinstance(node.value, list):
            yield from node.value

    def plain(self) -> object:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def kind(self) -> str:
        """What the value is, in words."""
        match self.value:
            case None:
                return "null"
            case bool():
                return "a boolean"
            case int():
                return "a whole number"
            case float():
                return "a number"
            case str():
                return "a string"
            case list():
                return "a list"
        return "a mapping"
