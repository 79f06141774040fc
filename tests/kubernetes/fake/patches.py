"""Merge patch (RFC 7386) and JSON patch (RFC 6902)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


class Unpatchable(Exception):
    """The patch does not fit the object."""


def merge(value: Any, patch: Any) -> Any:
    """The value after a merge patch: null takes a field away, a list is replaced as a whole."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result = dict(value) if isinstance(value, Mapping) else {}
    for key, one in patch.items():
        if one is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), one)
    return result


def operate(value: Any, operations: list[Mapping[str, Any]]) -> Any:
    """The value after a JSON patch's operations, all or none.

    Raises:
        Unpatchable: a path is not there, or a test does not hold.
    """
    value = copy.deepcopy(value)
    try:
        for one in operations:
            _apply(value, one)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise Unpatchable(str(error)) from None
    return value


def _apply(value: Any, operation: Mapping[str, Any]) -> None:
    path, verb = operation["path"], operation["op"]
    if verb in ("move", "copy"):
        found = copy.deepcopy(_look(value, operation["from"]))
        if verb == "move":
            _apply(value, {"op": "remove", "path": operation["from"]})
        _apply(value, {"op": "add", "path": path, "value": found})
        return
    parent, key = _look(value, path.rpartition("/")[0]), _unescaped(path.rpartition("/")[2])
    if verb == "test":
        if _look(value, path) != operation["value"]:
            raise Unpatchable(f"testing value {path} failed")
    elif isinstance(parent, list):
        place = len(parent) if key == "-" else int(key)
        if verb != "add":
            del parent[place]
        if verb != "remove":
            parent.insert(place, operation["value"])
    elif verb == "remove":
        del parent[key]
    elif verb == "replace" and key not in parent:
        raise Unpatchable(f"replace operation does not apply: doc is missing key: {path}")
    else:
        parent[key] = operation["value"]


def _look(value: Any, path: str) -> Any:
    for one in path.split("/")[1:]:
        value = value[int(one)] if isinstance(value, list) else value[_unescaped(one)]
    return value


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
