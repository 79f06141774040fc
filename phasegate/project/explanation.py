"""Say what is wrong with a project file: the key, its line, and what is allowed there."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError, best_match

from phasegate.errors import BadInput


def explain(path: Path, document: Any, errors: list[ValidationError]) -> BadInput:
    """The most telling of the errors, with its place, its key and what is allowed there.

    Args:
        path: the file.
        document: what ruamel.yaml read, which knows its lines.
        errors: at least one.
    """
    unknown = [error for error in errors if error.validator == "additionalProperties"]
    error = unknown[0] if unknown else best_match(errors)
    keys = [str(key) for key in error.absolute_path]
    value = error.instance
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        name = next(key for key in value if key not in allowed)
        close = difflib.get_close_matches(str(name), allowed, n=1)
        return BadInput(
            f"unknown key '{'.'.join([*keys, str(name)])}'",
            where=place(path, document, [*error.absolute_path, name]),
            expected=f"one of {', '.join(allowed)}",
            fix=f"did you mean '{close[0]}'?" if close else None,
        )
    where = place(path, document, error.absolute_path)
    if error.validator == "required":
        absent = next(key for key in error.validator_value if key not in value)
        doc = error.schema.get("properties", {}).get(absent, {}).get("description")
        return BadInput(f"key '{'.'.join([*keys, absent])}' is missing", where=where, expected=doc)
    key = ".".join(keys) or "the file"
    if "propertyNames" in error.absolute_schema_path:
        return BadInput(
            f"'{key}' has the key {_shown(value)}",
            where=place(path, document, [*error.absolute_path, value]),
            expected=_expectation(error),
        )
    return BadInput(f"'{key}' is {_shown(value)}", where=where, expected=_expectation(error))


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _expectation(error: ValidationError) -> str:
    wanted = error.validator_value
    match error.validator:
        case "enum":
            return "one of " + ", ".join(json.dumps(choice) for choice in wanted)
        case "const":
            return json.dumps(wanted)
        case "type":
            return "a value of type " + (wanted if isinstance(wanted, str) else " or ".join(wanted))
        case "pattern" if "(s|m|h|d)" in wanted:
            return "a duration such as 30m, 12h or 7d"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            low = error.schema.get("minimum", error.schema.get("exclusiveMinimum", "any"))
            high = error.schema.get("maximum", error.schema.get("exclusiveMaximum", "any"))
            return f"a number from {low} to {high}"
    text = error.schema.get("description", error.message).rstrip(".")
    return text[:1].lower() + text[1:]


def place(path: Path, document: Any, keys: Any) -> str:
    """``project.yaml, line 12``: the line of the deepest of the keys that the document has.

    Args:
        path: the file.
        document: what ruamel.yaml read, which knows its lines.
        keys: from the top, names in mappings and positions in lists.
    """
    line, node = None, document
    for key in keys:
        try:
            position = node.lc.key(key) if isinstance(node, dict) else node.lc.item(key)
            line, node = position[0] + 1, node[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return f"{path}, line {line}" if line else str(path)
