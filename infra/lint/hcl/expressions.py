"""Expressions of HCL: tree-sitter's nodes, turned into ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from infra.lint.hcl import layout
from infra.lint.hcl.templates import TemplateReader, line_of
from infra.lint.hcl.tree import (
    Access,
    Call,
    Conditional,
    Expression,
    For,
    Listing,
    Literal,
    Mapping,
    Name,
    Operation,
    Splat,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_STEPS = frozenset({"get_attr", "index", "splat"})
_INTEGER = re.compile(r"[0-9]+\Z")


class ExpressionReader(TemplateReader):
    """Reads expressions of one file.

    Args:
        content: of the file.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._readers: dict[str, Callable[[Node], Expression]] = {
            "expression": self.expression,
            "literal_value": self._inner,
            "collection_value": self._inner,
            "for_expr": self._inner,
            "template_expr": self._inner,
            "operation": self._operation,
            "variable_expr": self._name,
            "string_lit": self._string,
            "quoted_template": self._string,
            "heredoc_template": self._heredoc,
            "numeric_lit": self._number,
            "bool_lit": self._boolean,
            "null_lit": self._null,
            "tuple": self._list,
            "object": self._object,
            "function_call": self._call,
            "conditional": self._conditional,
            "for_tuple_expr": self._for,
            "for_object_expr": self._for,
        }

    def expression(self, node: Node) -> Expression:
        return self._sequence([child for child in node.children if child.type != "comment"])

    def _sequence(self, nodes: list[Node]) -> Expression:
        """One value and the steps that follow it, which the grammar gives as neighbours."""
        if not nodes:
            return Name("", 0)
        if nodes[0].type == "(":
            base, rest = self.expression(nodes[1]), nodes[3:]
        else:
            base, rest = self._single(nodes[0]), nodes[1:]
        steps = [step for node in rest if node.type in _STEPS for step in self._steps(node)]
        return Access(base, tuple(steps), line_of(nodes[0])) if steps else base

    def _steps(self, node: Node) -> Iterator[str | Expression | Splat]:
        if node.type == "get_attr":
            yield self._text(node.named_children[-1])
        elif node.type == "index":
            inner = node.named_children[0]
            if inner.type == "legacy_index":
                yield Literal(int(self._text(inner).lstrip(".")), line_of(node))
            else:
                yield self.expression(inner.named_children[0])
        elif node.type in {"full_splat", "attr_splat"}:
            yield Splat()
            for child in node.named_children:
                yield from self._steps(child)
        else:
            for child in node.named_children:
                yield from self._steps(child)

    def _single(self, node: Node) -> Expression:
        reader = self._readers.get(node.type)
        return reader(node) if reader is not None else Name("", line_of(node))

    def _inner(self, node: Node) -> Expression:
        return self._single(node.named_children[0])

    def _name(self, node: Node) -> Expression:
        return Name(self._text(node), line_of(node))

    def _number(self, node: Node) -> Expression:
        text = self._text(node)
        return Literal(int(text) if _INTEGER.match(text) else float(text), line_of(node))

    def _boolean(self, node: Node) -> Expression:
        return Literal(self._text(node) == "true", line_of(node))

    def _null(self, node: Node) -> Expression:
        return Literal(None, line_of(node))

    def _list(self, node: Node) -> Expression:
        return Listing(tuple(self._expressions(node)), line_of(node))

    def _conditional(self, node: Node) -> Expression:
        condition, yes, no = self._expressions(node)
        return Conditional(condition, yes, no, line_of(node))

    def _expressions(self, node: Node) -> list[Expression]:
        return [self.expression(one) for one in node.named_children if one.type == "expression"]

    def _operation(self, outer: Node) -> Expression:
        node = outer.named_children[0]
        parts = [child for child in node.children if child.type != "comment"]
        if node.type == "unary_operation":
            inner = self._sequence(parts[1:])
            if (
                parts[0].type == "-"
                and isinstance(inner, Literal)
                and isinstance(inner.value, int | float)
            ):
                return Literal(-inner.value, line_of(node))
            return Operation(parts[0].type, (inner,), line_of(node))
        # Operators are the tokens without a name; parentheses around an operand are tokens too.
        depth, at = 0, 0
        for n, part in enumerate(parts):
            depth += {"(": 1, ")": -1}.get(part.type, 0)
            if n and depth == 0 and not part.is_named and part.type != ")":
                at = n
        operands = (self._sequence(parts[:at]), self._sequence(parts[at + 1 :]))
        return Operation(parts[at].type, operands, line_of(node))

    def _object(self, node: Node) -> Mapping:
        self.faults += layout.in_object(node)
        items = []
        for element in node.named_children:
            if element.type != "object_elem":
                continue
            key, value = (c for c in element.named_children if c.type == "expression")
            read = self.expression(key)
            if isinstance(read, Name):
                read = Literal(read.text, read.line)
            items.append((read, self.expression(value)))
        return Mapping(tuple(items), line_of(node))

    def _call(self, node: Node) -> Call:
        name = re.sub(r"\s+", "", self._text(node.named_children[0]))
        given = next((c for c in node.named_children if c.type == "function_arguments"), None)
        inside = given.named_children if given is not None else []
        arguments = tuple(self.expression(c) for c in inside if c.type == "expression")
        return Call(name, arguments, any(c.type == "ellipsis" for c in inside), line_of(node))

    def _for(self, node: Node) -> For:
        intro = next(c for c in node.named_children if c.type == "for_intro")
        names = tuple(self._text(c) for c in intro.named_children if c.type == "identifier")
        collection = next(c for c in intro.named_children if c.type == "expression")
        bodies = [self.expression(c) for c in node.named_children if c.type == "expression"]
        guard = next((c for c in node.named_children if c.type == "for_cond"), None)
        return For(
            names,
            self.expression(collection),
            bodies[0] if node.type == "for_object_expr" else None,
            bodies[-1],
            self.expression(guard.named_children[-1]) if guard is not None else None,
            any(c.type == "ellipsis" for c in node.named_children),
            line_of(node),
        )
