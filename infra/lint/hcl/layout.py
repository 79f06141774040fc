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


def in_value(attribute: Node) -> Iterator[Fault]:
    """Parts of an argument's value on other lines than they may be.

    A line ends a value, except inside of parentheses and brackets, and of templates.
    """
    yield from _on_one_line([child for child in attribute.children if child.type != "comment"])
    left = [(child, True) for child in attribute.children]
    while left:
        node, ends = left.pop()
        if node.type == "object":
            entries = [child for child in node.children if child.type == "object_elem"]
            left += [(entry, True) for entry in entries]
            continue
        if node.type in _WITHOUT_LINES or node.child_count == 0:
            ends = False
        children = [child for child in node.children if child.type != "comment"]
        if ends and node.type in _ON_ONE_LINE:
            yield from _on_one_line(children)
        depth = 0
        for child in children:
            depth += {"(": 1, ")": -1}.get(child.type, 0)
            if child.child_count:
                left.append((child, ends and depth == 0))


_ON_ONE_LINE = frozenset(
    {"expression", "conditional", "binary_operation", "unary_operation", "object_elem"}
)
_WITHOUT_LINES = frozenset(
    {
        "function_arguments",
        "tuple",
        "index",
        "for_tuple_expr",
        "for_object_expr",
        "template_expr",
        "string_lit",
    }
)


def _on_one_line(parts: list[Node]) -> Iterator[Fault]:
    depth = 0
    for before, after in pairwise(parts):
        depth += {"(": 1, ")": -1}.get(before.type, 0)
        closes = after.type == ")"
        if depth == 0 and not closes and line_of(after) != last_of(before):
            yield line_of(after), "a value goes on in another line; parentheses would allow it"
            return
