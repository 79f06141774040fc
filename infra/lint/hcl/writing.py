"""Expressions as text on one line."""

from __future__ import annotations

import json
import re

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
    Template,
)

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def written(expression: Expression) -> str:
    """An expression on one line, without the parentheses around operands.

    >>> from infra.lint.hcl.tree import Call, Name
    >>> written(Call("list", (Name("string", 1),), False, 1))
    'list(string)'
    """
    match expression:
        case Literal(value, _):
            return json.dumps(value, ensure_ascii=False)
        case Template(parts, _):
            return f'"{"".join(_in_template(part) for part in parts)}"'
        case Listing(items, _):
            return f"[{_listed(items)}]"
        case Mapping(items, _):
            inner = ", ".join(f"{_key(key)} = {written(value)}" for key, value in items)
            return f"{{ {inner} }}" if inner else "{}"
        case Name(text, _):
            return text
        case Access(base, steps, _):
            return written(base) + "".join(map(_step, steps))
        case Call(name, arguments, spread, _):
            return f"{name}({_listed(arguments)}{'...' if spread else ''})"
        case Conditional(condition, yes, no, _):
            return f"{written(condition)} ? {written(yes)} : {written(no)}"
        case Operation(operator, (only,), _):
            return f"{operator}{written(only)}"
        case Operation(operator, (left, right), _):
            return f"{written(left)} {operator} {written(right)}"
        case For():
            return _loop(expression)
    return ""


def _listed(items: tuple[Expression, ...]) -> str:
    return ", ".join(map(written, items))


def _key(key: Expression) -> str:
    if isinstance(key, Literal):
        text = str(key.value)
        return text if _PLAIN.match(text) else json.dumps(text, ensure_ascii=False)
    return f"({written(key)})"


def _step(step: str | Expression | Splat) -> str:
    if isinstance(step, str):
        return f".{step}"
    return "[*]" if isinstance(step, Splat) else f"[{written(step)}]"


def _in_template(part: Expression) -> str:
    if isinstance(part, Literal):
        return json.dumps(str(part.value), ensure_ascii=False)[1:-1]
    return f"${{{written(part)}}}"


def _loop(loop: For) -> str:
    value = written(loop.value)
    if loop.key is not None:
        value = f"{written(loop.key)} => {value}{'...' if loop.grouped else ''}"
    guard = f" if {written(loop.condition)}" if loop.condition is not None else ""
    inner = f"for {', '.join(loop.names)} in {written(loop.collection)} : {value}{guard}"
    return f"[{inner}]" if loop.key is None else f"{{ {inner} }}"
