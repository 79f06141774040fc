"""How a field's value is merged: as a whole, key by key, or item by item.

Custom resources say it in their schema. For kinds that are part of Kubernetes a short table says
it for the lists and maps that Phasegate's manifests have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any] | None

_KEYED = {
    "conditions": ["type"],
    "containers": ["name"],
    "env": ["name"],
    "imagePullSecrets": ["name"],
    "initContainers": ["name"],
    "ownerReferences": ["uid"],
    "volumeMounts": ["mountPath"],
    "volumes": ["name"],
}
_SETS = {"finalizers"}
_WHOLE_MAPS = {"labelSelector", "nodeSelector", "selector"}
_PORT_KEYS = (["containerPort", "protocol"], ["port", "protocol"])


def child(schema: Schema, name: str) -> Schema:
    """The schema of a map's value; None where Kubernetes's own table holds."""
    if schema is None:
        return None
    if name in schema.get("properties", {}):
        found: Mapping[str, Any] = schema["properties"][name]
        return found
    extra = schema.get("additionalProperties")
    return extra if isinstance(extra, Mapping) else {}


def root_child(schema: Schema, name: str) -> Schema:
    """The schema of a part of an object; metadata is Kubernetes's own in every kind."""
    return None if name == "metadata" else child(schema, name)


def item(schema: Schema) -> Schema:
    """The schema of a list's items."""
    return None if schema is None else schema.get("items", {})


def is_whole(schema: Schema, name: str, value: Any) -> bool:
    """Whether the value has one owner, whatever is inside it."""
    if isinstance(value, Mapping):
        if schema is None:
            return name in _WHOLE_MAPS
        return schema.get("x-kubernetes-map-type") == "atomic"
    if isinstance(value, list):
        return keys_of(schema, name, value) is None
    return True


def keys_of(schema: Schema, name: str, value: list[Any]) -> list[str] | None:
    """What identifies a list's items: names of fields, [] for the item itself, None if nothing."""
    if schema is not None:
        kind = schema.get("x-kubernetes-list-type", "atomic")
        if kind == "map":
            return list(schema["x-kubernetes-list-map-keys"])
        return [] if kind == "set" else None
    if name in _SETS:
        return []
    if name == "ports":
        fits = [keys for keys in _PORT_KEYS if all(keys[0] in one for one in value)]
        return fits[0] if fits and value else None
    return _KEYED.get(name)


def element(one: Any, keys: list[str], schema: Schema) -> str:
    """The path element of a list's item: ``k:{...}`` by its keys, ``v:...`` by its value."""
    if not keys:
        return f"v:{_compact(one)}"
    defaults = {
        key: (child(item(schema), key) or {}).get("default", "TCP" if key == "protocol" else None)
        for key in keys
        if key not in one
    }
    found = {key: one[key] if key in one else defaults[key] for key in sorted(keys)}
    return f"k:{_compact({key: value for key, value in found.items() if value is not None})}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
