"""Where HCL asks for a new line, which tree-sitter's grammar does not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from infra.lint.hcl.templates import last_of, line_of

if TYPE_CHECKING:
    from tree_sitter import Node

Fault = tuple[int, str]
_ITEMS = frozenset({"attribute", "block"})


def in_body(node: Node) -> Iterator[Fault]:
    """Items of a body that begin where the one before ends."""
    items = [child for child in node.children if child.type in _ITEMS]
    for before, after in pairwise(items):
        if line_of(after) == last_of(before):
            yield line_of(after), "it belongs on a line of its own"


def in_block(node: Node) -> Iterator[Fault]:
    """Braces of a block that are not where they belong."""
    start = next((child for child in node.children if child.type == "block_start"), None)
    end = next((child for child in node.children if child.type == "block_end"), None)
    if start is None or end is None:
        return
    if line_of(start) != line_of(node):
        yield line_of(start), "the brace belongs on the line of the block's name"
        return
    body = next((child for child in node.children if child.type == "body"), None)
    items = [child for child in body.children if child.type in _ITEMS] if body else []
    if not items:
        return
    if line_of(start) == line_of(end):
        if len(items) > 1 or items[0].type == "block":
            yield line_of(start), "a block on one line holds one argument at most, and no block"
    elif line_of(items[0]) == line_of(start):
        yield line_of(items[0]), "what is in the block begins on a line of its own"
    elif last_of(items[-1]) == line_of(end):
        yield line_of(end), "the closing brace belongs on a line of its own"


def in_object(node: Node) -> Iterator[Fault]:
    """Entries of an object on one line without a comma between them."""
    parts = [child for child in node.children if child.type in {"object_elem", ","}]
    for before, after in pairwise(parts):
        both = before.type == after.type == "object_elem"
        if both and line_of(after) == last_of(before):
            yield line_of(after), "there is no comma between two entries of an object"
