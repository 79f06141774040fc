"""Read HCL: tree-sitter's concrete tree, turned into ours."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from infra.lint.hcl import layout
from infra.lint.hcl.expressions import ExpressionReader
from infra.lint.hcl.templates import last_of, line_of, unescaped
from infra.lint.hcl.tree import Argument, Block, Body, Document

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_SAID_OF_A_FAULT = 40


def read(path: Path, name: str | None = None) -> Document:
    """Read one file.

    Args:
        path: of it.
        name: for findings; its path by default.
    """
    return parse(name or str(path), path.read_bytes())


@functools.lru_cache(maxsize=2048)
def parse(name: str, content: bytes) -> Document:
    """Read HCL; what is none of it is left out, and told in `Document.faults`.

    The same content is read once: steps of a run, and tests, come by again.
    """
    tree = _parser().parse(content)
    lines = content.decode("utf-8", errors="replace").split("\n")
    reader = _Reader(content)
    found = next((child for child in tree.root_node.children if child.type == "body"), None)
    faults = list(_faults(tree.root_node, content)) if tree.root_node.has_error else []
    body = reader.body(found) if found is not None else Body()
    faults += reader.faults
    return Document(name, body, lines, frozenset(reader.text_lines), faults)


@functools.cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_hcl

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def _faults(node: Node, content: bytes) -> Iterator[tuple[int, str]]:
    if node.is_missing:
        line = content[: node.start_byte].rstrip().count(b"\n") + 1
        yield line, f"something is missing, perhaps {node.type!r}"
    elif node.type == "ERROR":
        text = content[node.start_byte : node.end_byte].decode("utf-8", errors="replace")
        shown = " ".join(text.split())[:_SAID_OF_A_FAULT]
        yield line_of(node), f"{shown!r} is not understood"
    elif node.has_error:
        for child in node.children:
            yield from _faults(child, content)


class _Reader(ExpressionReader):
    def body(self, node: Node) -> Body:
        self.faults += layout.in_body(node)
        arguments, blocks = [], []
        for child in node.children:
            if child.type == "attribute":
                self.faults += layout.in_value(child)
                name, *_, value = child.named_children
                if value.type == "expression":
                    arguments.append(
                        Argument(self._text(name), self.expression(value), line_of(child))
                    )
            elif child.type == "block":
                blocks.append(self._block(child))
        return Body(tuple(arguments), tuple(blocks))

    def _block(self, node: Node) -> Block:
        self.faults += layout.in_block(node)
        kind, *rest = node.named_children
        labels = tuple(
            self._label(child) for child in rest if child.type in {"string_lit", "identifier"}
        )
        inner = next((child for child in rest if child.type == "body"), None)
        body = self.body(inner) if inner is not None else Body()
        return Block(self._text(kind), labels, body, line_of(node), last_of(node))

    def _label(self, node: Node) -> str:
        text = self._text(node)
        return unescaped(text[1:-1]) if node.type == "string_lit" else text
