"""A custom resource's structural schema: defaults, unknown fields, and what breaks it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: dict[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}
_OPEN = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"


def fill(value: Any, schema: Schema) -> None:
    """Put defaults where a field is not there, in place."""
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name not in value and "default" in inner:
                value[name] = copy.deepcopy(inner["default"])
            if name in value:
                fill(value[name], inner)
        extra = schema.get("additionalProperties")
        if isinstance(extra, Mapping):
            for one in value.values():
                fill(one, extra)
    elif isinstance(value, list) and "items" in schema:
        for one in value:
            fill(one, schema["items"])


def prune(value: Any, schema: Schema, path: str = "") -> list[str]:
    """Take out fields that the schema does not know, in place; their paths."""
    gone: list[str] = []
    if isinstance(value, dict):
        known, extra = schema.get("properties", {}), schema.get("additionalProperties")
        for name in list(value):
            here = f"{path}.{name}" if path else name
            if not path and name in ("apiVersion", "kind", "metadata"):
                continue
            if name in known:
                gone += prune(value[name], known[name], here)
            elif isinstance(extra, Mapping):
                gone += prune(value[name], extra, here)
            elif not extra and not schema.get(_OPEN):
                del value[name]
                gone.append(here)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            gone += prune(one, schema.get("items", {_OPEN: True}), f"{path}[{place}]")
    return gone


def mistyped(value: Any, schema: Schema, path: str = "") -> str:
    """The first thing that server-side apply cannot read, or "": it is stricter than others."""
    if value is None:
        return ""
    kind = schema.get("type")
    if kind == "object" or isinstance(value, dict):
        return _mistyped_map(value, schema, path)
    if kind == "array":
        if not isinstance(value, list):
            return f"{path}: expected list, got {_go(value)}"
        found = (
            mistyped(one, schema.get("items", {_OPEN: True}), f"{path}[{place}]")
            for place, one in enumerate(value)
        )
        return next(filter(None, found), "")
    wanted = {"string": "string", "boolean": "boolean"}.get(kind or "")
    if kind in ("integer", "number") and not _fits(value, "number"):
        return f"{path}: expected numeric (int or float), got {_go(value)}"
    if wanted and not _fits(value, kind or ""):
        return f"{path}: expected {wanted}, got {_go(value)}"
    return ""


def _mistyped_map(value: Any, schema: Schema, path: str) -> str:
    if not isinstance(value, dict):
        return f"{path}: expected map, got {_go(value)}"
    known, extra = schema.get("properties", {}), schema.get("additionalProperties")
    for name, one in value.items():
        if not path and name in ("apiVersion", "kind", "metadata"):
            continue
        if name not in known and not extra and not schema.get(_OPEN):
            return f"{path}.{name}: field not declared in schema"
        inner = known.get(name, extra if isinstance(extra, Mapping) else {_OPEN: True})
        if found := mistyped(one, inner, f"{path}.{name}"):
            return found
    return ""


def violations(value: Any, schema: Schema, path: str = "") -> Iterator[dict[str, str]]:
    """What breaks the schema: reason, message and field of each, as the real API words them."""
    kind = schema.get("type")
    if value is None and schema.get("nullable"):
        return
    if kind and not schema.get(_INT_OR_STRING) and not _fits(value, kind):
        said = _schema_type(value)
        message = f'Invalid value: "{said}": {path} in body must be of type {kind}: "{said}"'
        yield _cause("FieldValueTypeInvalid", path, message)
        return
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(json.dumps(one) for one in schema["enum"])
        message = f"Unsupported value: {json.dumps(value)}: supported values: {allowed}"
        yield _cause("FieldValueNotSupported", path, message)
    for message in _bounds(value, schema):
        said = json.dumps(value) if isinstance(value, str) else _size(value)
        yield _cause("FieldValueInvalid", path, f"Invalid value: {said}: {path} in body {message}")
    if isinstance(value, dict):
        yield from _in_map(value, schema, path)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from violations(one, schema.get("items", {}), f"{path}[{place}]")


def _in_map(value: dict[str, Any], schema: Schema, path: str) -> Iterator[dict[str, str]]:
    for name in schema.get("required", []):
        if name not in value:
            here = f"{path}.{name}" if path else name
            yield _cause("FieldValueRequired", here, "Required value")
    known, extra = schema.get("properties", {}), schema.get("additionalProperties")
    for name, one in value.items():
        if not path and name in ("apiVersion", "kind", "metadata"):
            continue
        inner = known.get(name, extra if isinstance(extra, Mapping) else {})
        yield from violations(one, inner, f"{path}.{name}" if path else name)


def _bounds(value: Any, schema: Schema) -> Iterator[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield f"should be greater than or equal to {schema['minimum']}"
        if value > schema.get("maximum", value):
            yield f"should be less than or equal to {schema['maximum']}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"should be at least {schema['minLength']} chars long"
        if len(value) > schema.get("maxLength", len(value)):
            yield f"should be at most {schema['maxLength']} chars long"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"should match '{schema['pattern']}'"
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"should have at least {schema['minItems']} items"
        if len(value) > schema.get("maxItems", len(value)):
            yield f"should have at most {schema['maxItems']} items"


def _cause(reason: str, field: str, message: str) -> dict[str, str]:
    return {"reason": reason, "message": message, "field": field}


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES[kind])


def _size(value: Any) -> str:
    return str(len(value)) if isinstance(value, list) else json.dumps(value)


def _schema_type(value: Any) -> str:
    if value is None:
        return "null"
    return next(name for name, kind in _TYPES.items() if _fits(value, name) and kind)


def _go(value: Any) -> str:
    return {dict: "map", list: "list", bool: "boolean", str: "string"}.get(type(value), "numeric")
