"""Reduce what Terraform says of providers to what is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = {
    "resource": "resource_schemas",
    "data": "data_source_schemas",
    "ephemeral": "ephemeral_resource_schemas",
}
_FLAGS = ("required", "optional", "computed", "deprecated", "sensitive", "write_only")


def reduced(raw: Mapping[str, Any], used: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """One provider's schema without descriptions, and with the schemas of used types only.

    Args:
        raw: the provider's part of ``terraform providers schema -json``.
        used: types whose schemas are kept, by ``resource``, ``data``, ``ephemeral``.
    """
    found: dict[str, Any] = {
        "provider": _block(raw["provider"]["block"]),
        "functions": {
            name: {
                "parameters": len(one.get("parameters", [])),
                "variadic": "variadic_parameter" in one,
            }
            for name, one in sorted(raw.get("functions", {}).items())
        },
    }
    for kind, key in KINDS.items():
        schemas = raw.get(key, {})
        kept = sorted(used.get(kind, frozenset()) & schemas.keys())
        found[kind] = {name: _block(schemas[name]["block"]) for name in kept}
        found[f"{kind}_names"] = sorted(schemas)
    return found


def _block(raw: Mapping[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = {}
    if raw.get("attributes"):
        block["attributes"] = {
            name: _attribute(one) for name, one in sorted(raw["attributes"].items())
        }
    if raw.get("block_types"):
        block["block_types"] = {
            name: _nested(one) for name, one in sorted(raw["block_types"].items())
        }
    if raw.get("deprecated"):
        block["deprecated"] = True
    return block


def _attribute(raw: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {flag: True for flag in _FLAGS if raw.get(flag)}
    if "nested_type" in raw:
        nested = raw["nested_type"]
        kept["nested_type"] = {
            "nesting_mode": nested["nesting_mode"],
            "attributes": {
                name: _attribute(one) for name, one in sorted(nested["attributes"].items())
            },
        }
    else:
        kept["type"] = raw["type"]
    return kept


def _nested(raw: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: raw[key] for key in ("nesting_mode", "min_items", "max_items") if raw.get(key)}
    return {**kept, "block": _block(raw["block"])}
