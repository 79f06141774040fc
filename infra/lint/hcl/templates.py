"""Strings and heredocs of HCL, with what is written into them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from infra.lint.hcl.tree import Conditional, Expression, For, Literal, Template

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(["\\nrt]))|(\$\$|%%)(?=\{)')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def line_of(node: Node) -> int:
    """The line that a node begins on, from 1."""
    return node.start_point[0] + 1


def last_of(node: Node) -> int:
    """The line that a node ends on, from 1."""
    return node.end_point[0] + 1


class TemplateReader(ABC):
    """Reads strings; what is inside of them, by `expression`.

    Args:
        content: of the file.
    """

    def __init__(self, content: bytes) -> None:
        self.text_lines: set[int] = set()
        self.faults: list[tuple[int, str]] = []
        self._content = content

    @abstractmethod
    def expression(self, node: Node) -> Expression:
        """The expression of a node."""

    def _string(self, node: Node) -> Expression:
        self._note_text(line_of(node) + 1, last_of(node))
        parts = self._template(node.named_children[1:-1], node.start_byte + 1, node.end_byte - 1)
        return _joined(parts, line_of(node))

    def _heredoc(self, node: Node) -> Expression:
        self._note_text(line_of(node) + 1, last_of(node))
        first, *inside, last = [c for c in node.named_children if c.type != "heredoc_start"]
        start = self._content.index(b"\n", first.end_byte) + 1
        end = self._content.rindex(b"\n", 0, last.start_byte) + 1
        return _joined(self._template(inside, start, end, escapes=False), line_of(node))

    def _note_text(self, first: int, last: int) -> None:
        self.text_lines.update(range(first, last + 1))

    def _template(
        self, nodes: list[Node], start: int, end: int, *, escapes: bool = True
    ) -> list[Expression]:
        """Text and expressions between two places; the grammar's own text lacks its blanks."""
        found: list[Expression] = []
        at = start

        def text_until(stop: int) -> None:
            raw = self._content[at:stop].decode("utf-8", errors="replace")
            if raw:
                line = self._content.count(b"\n", 0, at) + 1
                found.append(Literal(unescaped(raw, escapes), line))
                if escapes and "\n" in raw:
                    self.faults.append((line, "a string in quotes ends on the line it begins on"))

        for node in nodes:
            if node.type == "template_literal":
                continue
            text_until(node.start_byte)
            at = node.end_byte
            found.append(self._inserted(node, escapes))
        text_until(end)
        return found

    def _inserted(self, node: Node, escapes: bool) -> Expression:
        inner = node.named_children
        if node.type == "template_interpolation":
            value = next((c for c in inner if c.type == "expression"), None)
            return self.expression(value) if value is not None else Literal("", line_of(node))
        if node.type == "template_directive":
            return self._inserted(inner[0], escapes)
        if node.type == "template_if":
            condition = next(c for c in inner[0].named_children if c.type == "expression")
            branches = [c for c in inner[1:] if c.type not in {"template_if_end"}]
            cut = next((n for n, c in enumerate(branches) if c.type == "template_else_intro"), None)
            yes = branches[:cut] if cut is not None else branches
            no = branches[cut + 1 :] if cut is not None else []
            return Conditional(
                self.expression(condition),
                self._branch(yes, escapes),
                self._branch(no, escapes),
                line_of(node),
            )
        if node.type == "template_for":
            intro = inner[0]
            names = tuple(self._text(c) for c in intro.named_children if c.type == "identifier")
            collection = next(c for c in intro.named_children if c.type == "expression")
            value = self._branch(inner[1:-1], escapes)
            return For(names, self.expression(collection), None, value, None, False, line_of(node))
        return Literal("", line_of(node))

    def _branch(self, nodes: list[Node], escapes: bool) -> Expression:
        if not nodes:
            return Literal("", 0)
        parts = self._template(nodes, nodes[0].start_byte, nodes[-1].end_byte, escapes=escapes)
        return _joined(parts, line_of(nodes[0]))

    def _text(self, node: Node) -> str:
        return self._content[node.start_byte : node.end_byte].decode("utf-8", errors="replace")


def _joined(parts: list[Expression], line: int) -> Expression:
    if not parts:
        return Literal("", line)
    if len(parts) == 1 and isinstance(parts[0], Literal):
        return Literal(parts[0].value, line)
    return Template(tuple(parts), line)


def unescaped(text: str, escapes: bool = True) -> str:
    def one(match: re.Match[str]) -> str:
        if match[4]:
            return match[4][0]
        if not escapes:
            return match[0]
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _PLAIN[match[3]]

    return _ESCAPE.sub(one, text)
