"""What an HCL file says: blocks, arguments and expressions, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

Constant = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; the text of a string is as it means, without escapes."""

    value: Constant
    line: int


@dataclass(frozen=True, slots=True)
class Template:
    """A string with expressions in it; text and expressions in order."""

    parts: tuple[Expression, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is written out."""

    items: tuple[Expression, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """An object that is written out; keys without quotes are literals."""

    items: tuple[tuple[Expression, Expression], ...]
    line: int


@dataclass(frozen=True, slots=True)
class Name:
    """A bare name: the root of a reference, a variable of a ``for``, or a type's keyword."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Splat:
    """The step ``[*]`` or ``.*``."""


@dataclass(frozen=True, slots=True)
class Access:
    """Steps into a value: attribute names, indices, splats.

    Attributes:
        base: what is stepped into.
        steps: an attribute's name, an index, or a splat; in order.
        line: of the base.
    """

    base: Expression
    steps: tuple[str | Expression | Splat, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function's call; `spread` tells ``...`` after its last argument."""

    name: str
    arguments: tuple[Expression, ...]
    spread: bool
    line: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? yes : no``; an ``if`` in a template is one too."""

    condition: Expression
    yes: Expression
    no: Expression
    line: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with one or two operands."""

    operator: str
    operands: tuple[Expression, ...]
    line: int


@dataclass(frozen=True, slots=True)
class For:
    """A ``for`` expression, or one in a template.

    Attributes:
        names: one or two names that it gives to an element.
        collection: what it goes through.
        key: of an object's entry; None makes it a list.
        value: of an element.
        condition: which elements it takes; None takes all.
        grouped: whether values of one key make a list.
        line: where it begins.
    """

    names: tuple[str, ...]
    collection: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    grouped: bool
    line: int


Expression = (
    Literal | Template | Listing | Mapping | Name | Access | Call | Conditional | Operation | For
)


@dataclass(frozen=True, slots=True)
class Argument:
    """``name = value``."""

    name: str
    value: Expression
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block with its labels.

    Attributes:
        kind: such as ``resource``.
        labels: such as a type and a name.
        body: what it holds.
        line: of its first word.
        last: line of its closing brace.
    """

    kind: str
    labels: tuple[str, ...]
    body: Body
    line: int
    last: int


@dataclass(frozen=True, slots=True)
class Body:
    """Arguments and blocks.

    Attributes:
        arguments: in order, also those that are written twice.
        blocks: in order.
    """

    arguments: tuple[Argument, ...] = ()
    blocks: tuple[Block, ...] = ()

    def argument(self, name: str) -> Argument | None:
        """The first argument of a name, or None."""
        return next((one for one in self.arguments if one.name == name), None)

    def value(self, name: str) -> Expression | None:
        """Value of the first argument of a name, or None."""
        found = self.argument(name)
        return found.value if found else None

    def of_kind(self, kind: str) -> Iterator[Block]:
        """Blocks of one kind; a ``dynamic`` block stands for the block that it makes."""
        for block in self.blocks:
            if block.kind == kind:
                yield block
            elif block.kind == "dynamic" and block.labels[:1] == (kind,):
                for content in block.body.of_kind("content"):
                    yield Block(kind, (), content.body, block.line, block.last)


@dataclass(frozen=True, slots=True)
class Document:
    """One file.

    Attributes:
        name: as it was named.
        body: what it holds.
        lines: its text.
        text_lines: lines inside of heredocs, where ``#`` begins no comment.
        faults: line and description of each place that is no HCL.
    """

    name: str
    body: Body
    lines: list[str]
    text_lines: frozenset[int] = frozenset()
    faults: list[tuple[int, str]] = field(default_factory=list)


def parts(expression: Expression) -> Iterator[Expression]:
    """Expressions directly inside of another."""
    match expression:
        case Template(inner, _) | Listing(inner, _) | Call(_, inner, _, _) | Operation(_, inner, _):
            yield from inner
        case Mapping(items, _):
            for key, value in items:
                yield key
                yield value
        case Access(base, steps, _):
            yield base
            yield from (step for step in steps if not isinstance(step, str | Splat))
        case Conditional(condition, yes, no, _):
            yield from (condition, yes, no)
        case For(_, collection, key, value, condition, _, _):
            yield collection
            if key is not None:
                yield key
            yield value
            if condition is not None:
                yield condition


def within(expression: Expression) -> Iterator[Expression]:
    """An expression and all inside of it, in the order in which they are written."""
    left = [expression]
    while left:
        one = left.pop()
        yield one
        if not isinstance(one, Literal | Name):
            left.extend(reversed(list(parts(one))))


def expressions(body: Body) -> Iterator[tuple[Argument, Block | None]]:
    """All arguments of a body and of its blocks, each with the block that holds it directly."""
    for argument in body.arguments:
        yield argument, None
    for block in body.blocks:
        for argument, inner in expressions(block.body):
            yield argument, inner or block
