"""Conditions of tasks, as far as a lint has to read them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
      inputs\.parameter_values\[\s*(?P<input>'[^']*'|"[^"]*")\s*\]
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<compare>==|!=|<=|>=|<|>)
    | (?P<other>&&|\|\||[^\s'"])
    )""",
    re.VERBOSE,
)
_OPERANDS = frozenset({"input", "text", "number", "name"})
_COMPARED = frozenset({"input", "text", "number"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a condition.

    Attributes:
        kind: input, text, number, name, compare or other.
        text: as it stands; of an input, its name.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Operand:
    """What a comparison compares.

    Attributes:
        token: an input, a text, a number, or a name such as true.
        cast: function around it, such as int; empty where there is none.
    """

    token: Token
    cast: str = ""


def tokens(condition: str) -> list[Token] | None:
    """The pieces of a condition, or None where a quote in it is never closed."""
    found, position = [], 0
    while condition[position:].strip():
        match = _TOKEN.match(condition, position)
        if match is None or match.lastgroup is None:
            return None
        kind, text = match.lastgroup, match[match.lastgroup]
        found.append(Token(kind, text[1:-1] if kind == "input" else text))
        position = match.end()
    return found


def broken_by_quote(condition: str) -> bool:
    """Whether a text in it ends before its end, because it has a quote in it.

    >>> broken_by_quote("x == 'he'ads'"), broken_by_quote("x == 'heads' && y == 'a'")
    (True, False)
    """
    found = tokens(condition)
    if found is None:
        return True
    return any(
        "text" in (one.kind, other.kind)
        and one.kind in _OPERANDS
        and other.kind in _OPERANDS
        and "in" not in (one.text, other.text)
        for one, other in itertools.pairwise(found)
    )


def inputs(condition: str) -> list[str]:
    """Names of inputs that a condition reads."""
    return [token.text for token in tokens(condition) or () if token.kind == "input"]


def functions(condition: str) -> Iterator[str]:
    """Functions that a condition calls."""
    found = tokens(condition) or []
    for one, other in itertools.pairwise(found):
        if one.kind == "name" and other.text == "(" and one.text != "in":
            yield one.text


def comparisons(condition: str) -> Iterator[tuple[Operand, Operand]]:
    """Pairs of what is compared, where both are plain enough to be read."""
    found = tokens(condition) or []
    for index, token in enumerate(found):
        if token.kind == "compare":
            left, right = _before(found, index), _after(found, index)
            if left is not None and right is not None:
                yield left, right


def _before(found: list[Token], index: int) -> Operand | None:
    if index >= 1 and found[index - 1].kind in _OPERANDS:
        return Operand(found[index - 1])
    if index >= 4 and found[index - 1].text == ")" and found[index - 3].text == "(":
        cast, inner = found[index - 4], found[index - 2]
        if cast.kind == "name" and inner.kind in _COMPARED:
            return Operand(inner, cast.text)
    return None


def _after(found: list[Token], index: int) -> Operand | None:
    rest = [*found[index + 1 : index + 5], *[Token("other", "")] * 4]
    if rest[0].text == "-" and rest[1].kind == "number":
        return Operand(Token("number", f"-{rest[1].text}"))
    if rest[0].kind == "name" and rest[1].text == "(":
        fits = rest[2].kind in _COMPARED and rest[3].text == ")"
        return Operand(rest[2], rest[0].text) if fits else None
    return Operand(rest[0]) if rest[0].kind in _OPERANDS else None
