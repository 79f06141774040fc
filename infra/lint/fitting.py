"""Whether an expression can have a type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
from infra.lint.modules import Module
from infra.lint.schema.model import Type
from infra.lint.schema.store import Schemas
from infra.lint.types import ANY, attribute_type, declared, field_name, follow, words

_SEQUENCES = frozenset({"list", "set", "tuple"})
_BOOLEAN_OPERATORS = frozenset({"&&", "||", "==", "!=", "<", ">", "<=", ">=", "!"})


@dataclass(frozen=True, slots=True)
class Fitting:
    """Whether expressions of a module fit types.

    Attributes:
        module: that the expressions are in.
        schemas: of resources that they refer to.
    """

    module: Module
    schemas: Schemas

    def misfits(self, expression: Expression, wanted: Type) -> Iterator[tuple[int, str]]:
        """Line and description of each part that cannot have a type."""
        if wanted == ANY or wanted is None:
            return
        match expression:
            case Literal(None, _):
                return
            case Conditional(_, yes, no, _):
                yield from self.misfits(yes, wanted)
                yield from self.misfits(no, wanted)
                return
            case Template((only,), _):
                yield from self.misfits(only, wanted)
                return
            case Literal(value, line) if isinstance(wanted, str):
                if not _converts(value, wanted):
                    yield line, f"{_said(value)} is not {words(wanted)}"
                return
            case Listing(items, _) if wanted[0] in {"list", "set"}:
                for item in items:
                    yield from self.misfits(item, wanted[1])
                return
            case Mapping(items, _) if wanted[0] == "map":
                for _, value in items:
                    yield from self.misfits(value, wanted[1])
                return
            case Mapping(items, line) if wanted[0] == "object":
                yield from self._object(items, line, wanted)
                return
        found = self.kind(expression)
        if not _same_category(found, wanted):
            yield expression.line, f"{words(found)} is given where {words(wanted)} belongs"

    def _object(
        self, items: tuple[tuple[Expression, Expression], ...], line: int, wanted: Type
    ) -> Iterator[tuple[int, str]]:
        fields = wanted[1]
        # A provider's object may leave fields out; a variable says which.
        optional = set(wanted[2]) if len(wanted) > 2 else set(fields)
        given = {field_name(key): (key.line, value) for key, value in items}
        if "" in given:
            return
        for name, (at, value) in given.items():
            if name in fields:
                yield from self.misfits(value, fields[name])
            else:
                known = ", ".join(sorted(fields))
                yield at, f"the object has no field {name!r}, only {known}"
        for name in fields:
            if name not in given and name not in optional:
                yield line, f"the object lacks its field {name!r}"

    def kind(self, expression: Expression, depth: int = 0) -> Type:
        """The type of an expression, as far as it shows."""
        if depth > 20:
            return ANY
        match expression:
            case Literal(None, _):
                return ANY
            case Literal(value, _):
                return _kind_of(value)
            case Template((only,), _):
                return self.kind(only, depth + 1)
            case Template():
                return "string"
            case Listing():
                return ["tuple", []]
            case Mapping():
                return ["object", {}]
            case Operation(operator, _, _):
                return "bool" if operator in _BOOLEAN_OPERATORS else "number"
            case Conditional(_, yes, no, _):
                found = self.kind(yes, depth + 1)
                return found if found != ANY else self.kind(no, depth + 1)
            case For(_, _, key, _, _, _, _):
                return ["tuple", []] if key is None else ["object", {}]
            case Call(name, _, _, _):
                function = self.schemas.functions.get(name)
                return function.returns if function else ANY
            case Access(Name(root, _), steps, _) if isinstance(steps[0], str):
                return self._reference(root, steps, depth)
        return ANY

    def _reference(self, root: str, steps: tuple, depth: int) -> Type:
        module = self.module
        if root == "var" and steps[0] in module.variables:
            return follow(declared(module.variables[steps[0]].block.body.value("type")), steps[1:])
        if root == "local" and steps[0] in module.locals and len(steps) == 1:
            return self.kind(module.locals[steps[0]][1].value, depth + 1)
        if root in {"each", "count", "self", "module", "path", "terraform", "local", "var"}:
            return ANY
        kind = "data" if root == "data" else "resource"
        type_name, rest = (steps[0], steps[2:]) if root == "data" else (root, steps[1:])
        while rest and not isinstance(rest[0], str | Splat):
            rest = rest[1:]
        source = module.provider_source(type_name.partition("_")[0])
        provider = self.schemas.providers.get(source)
        schema = provider.kinds[kind].get(type_name) if provider else None
        if schema is None or not rest or not isinstance(rest[0], str):
            return ANY
        return follow(attribute_type(schema, rest[0]), rest[1:])


def _kind_of(value: object) -> Type:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else "string"


def _converts(value: object, wanted: str) -> bool:
    """Whether Terraform converts a constant: it does between strings and the others."""
    kind = _kind_of(value)
    if wanted in {"string", kind}:
        return True
    if kind != "string":
        return False
    if wanted == "bool":
        return value in {"true", "false", "1", "0"}
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _category(kind: Type) -> str:
    if isinstance(kind, str) or kind is None:
        return "any" if kind in {ANY, None} else "one"
    return "sequence" if kind[0] in _SEQUENCES else "fields"


def _same_category(found: Type, wanted: Type) -> bool:
    first, second = _category(found), _category(wanted)
    if "any" in {first, second}:
        return True
    if first == second == "one":
        return found == wanted or "string" in {found, wanted}
    return first == second


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
