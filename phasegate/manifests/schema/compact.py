"""Structural schemas of custom resources without what their check does not read."""

from __future__ import annotations

from typing import Any

_UNREAD = frozenset({"allOf", "anyOf", "default", "description", "format", "not", "oneOf", "title"})
_UNREAD_EXTENSIONS = ("x-kubernetes-list", "x-kubernetes-map", "x-kubernetes-validations")


def compact(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a kind; its status, which only controllers write, may be anything."""
    kept = _without_unread(schema)
    if "status" in kept.get("properties", {}):
        kept["properties"]["status"] = {"any": True}
    return kept


def _without_unread(schema: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _without_unread(inner) for name, inner in value.items()}
        elif key in _UNREAD or key.startswith(_UNREAD_EXTENSIONS):
            continue
        else:
            kept[key] = _without_unread(value) if isinstance(value, dict) else value
    return kept
