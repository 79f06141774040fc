"""Check a document against a structural schema: fields, types, required fields, values."""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from phasegate.linting.node import Node
from phasegate.manifests.schema.suggestion import Place, Schema, resolved, suggestion

_QUANTITY = re.compile(
    r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?[0-9]+))?\Z"
)
_QUANTITY_TEXT = "a quantity such as 500m, 2 or 1.5Gi"
_LONGEST_MATCHED = 4096  # a pattern may take time that grows with the square of the text
_QUOTED = "a whole number or a string"
_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Types:
    """What a schema refers to.

    Attributes:
        definitions: schemas by name.
        custom: whether the kind is a custom resource. Its quantities may be whole numbers or
            strings; those of Kubernetes' own kinds may be any number.
    """

    definitions: dict[str, Schema]
    custom: bool = False


class Fault(enum.Enum):
    """In what way a document does not fit."""

    UNKNOWN = enum.auto()
    TYPE = enum.auto()
    MISSING = enum.auto()
    VALUE = enum.auto()


@dataclass(frozen=True, slots=True)
class Misfit:
    """One place where a document does not fit its schema."""

    fault: Fault
    line: int
    what: str
    fix: str


def misfits(node: Node, schema: Schema, types: Types) -> Iterator[Misfit]:
    """Everything that does not fit.

    Args:
        node: the document.
        schema: its schema.
        types: what ``$ref`` in it names.
    """
    yield from _check(node, schema, types, Place(""))


def _check(node: Node, schema: Schema, types: Types, place: Place) -> Iterator[Misfit]:
    schema = resolved(schema, types.definitions)
    if "any" in schema:
        return
    value = node.value
    expected = _mismatch(value, schema, types)
    if expected:
        yield _wrong_type(node, expected, place)
        return
    if isinstance(value, dict):
        yield from _mapping(node, value, schema, types, place)
    elif isinstance(value, list):
        yield from _length(node, len(value), schema, "Items", "items", place)
        item_schema = schema.get("items")
        if item_schema is not None:
            for index, item in enumerate(value):
                here = Place(f"{place.path}[{index}]", place.parent, place.known)
                yield from _check(item, item_schema, types, here)
    else:
        yield from _value(node, value, schema, place)


def _mapping(
    node: Node,
    value: dict[str, Node],
    schema: Schema,
    types: Types,
    place: Place,
) -> Iterator[Misfit]:
    properties = schema.get("properties")
    others = schema.get("additionalProperties")
    for key in schema.get("required", ()):
        if key not in value or value[key].value is None:
            yield Misfit(
                Fault.MISSING,
                value[key].line if key in value else node.line,
                f"{place / key} is missing",
                f"Set {place / key}.",
            )
    yield from _length(node, len(value), schema, "Properties", "entries", place)
    for key, child in value.items():
        if child.value is None:  # Kubernetes reads null as absent
            continue
        if properties is not None and key in properties:
            known = frozenset(properties)
            here = Place(place / key, place, known)
            yield from _check(child, properties[key], types, here)
        elif isinstance(others, dict):
            yield from _check(child, others, types, Place(f"{place.path}[{key}]"))
        elif properties and not others and not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield Misfit(
                Fault.UNKNOWN,
                child.line,
                f"{place / key} is no field of this kind",
                suggestion(key, value, properties, types.definitions, place),
            )


def _mismatch(value: object, schema: Schema, types: Types) -> str | None:
    """What was expected, or None where the type fits."""
    if schema.get("quantity"):
        if isinstance(value, float) and types.custom:
            return _QUOTED
        fits = isinstance(value, str | int | float) and not isinstance(value, bool)
        return None if fits else _QUANTITY_TEXT
    if schema.get("x-kubernetes-int-or-string"):
        fits = isinstance(value, str | int) and not isinstance(value, bool)
        return None if fits else _QUOTED
    kind = schema.get("type") or _implied(schema)
    match kind:
        case "string":
            fits = isinstance(value, str)
        case "integer":
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "number":
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            fits = isinstance(value, bool)
        case "array":
            fits = isinstance(value, list)
        case "object":
            fits = isinstance(value, dict)
        case _:
            fits = True
    return None if fits else _TYPES[kind]


def _implied(schema: Schema) -> str:
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema else ""


def _wrong_type(node: Node, expected: str, place: Place) -> Misfit:
    shown = "" if isinstance(node.value, dict | list | None) else f" ({_shown(node.value)})"
    fix = f"Give it {expected}."
    if expected in ("a string", _QUOTED) and isinstance(node.value, bool | int | float):
        fix = "Put it in quotes."
    elif expected in ("a whole number", "true or false") and isinstance(node.value, str):
        fix = "Take the quotes off." if _looks_like(node.value, expected) else fix
    return Misfit(
        Fault.TYPE,
        node.line,
        f"{place.path or 'the document'} is {node.kind()}{shown}, and has to be {expected}",
        fix,
    )


def _looks_like(text: str, expected: str) -> bool:
    return text.lstrip("-").isdigit() if expected == "a whole number" else text in ("true", "false")


def _value(node: Node, value: object, schema: Schema, place: Place) -> Iterator[Misfit]:
    if schema.get("quantity") and isinstance(value, str) and not _QUANTITY.match(value):
        yield _wrong_value(node, place, f"has to be {_QUANTITY_TEXT}")
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(map(str, schema["enum"]))
        yield _wrong_value(node, place, f"has to be one of {allowed}")
    if isinstance(value, str):
        too_long = list(_length(node, len(value), schema, "Length", "characters", place))
        yield from too_long
        pattern = _pattern(schema["pattern"]) if "pattern" in schema else None
        readable = not too_long and len(value) <= _LONGEST_MATCHED
        if pattern is not None and readable and not pattern.search(value):
            yield _wrong_value(node, place, f"has to match {schema['pattern']}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"{low if low is not None else '…'} to {high if high is not None else '…'}"
            yield _wrong_value(node, place, f"has to be in {bounds}")


def _length(
    node: Node, length: int, schema: Schema, suffix: str, unit: str, place: Place
) -> Iterator[Misfit]:
    low, high = schema.get(f"min{suffix}", 0), schema.get(f"max{suffix}")
    if length < low or (high is not None and length > high):
        bound = f"at least {low}" if length < low else f"at most {high}"
        yield Misfit(
            Fault.VALUE,
            node.line,
            f"{place.path} has {length} {unit}, and may have {bound}",
            f"Give it {bound} {unit}.",
        )


def _wrong_value(node: Node, place: Place, rule: str) -> Misfit:
    return Misfit(
        Fault.VALUE, node.line, f"{place.path} is {_shown(node.value)}, and {rule}", f"It {rule}."
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:57]}...") if isinstance(value, str) else text


@functools.lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)  # Go's RE2 is nearly a subset of Python's syntax
    except re.error:
        return None
