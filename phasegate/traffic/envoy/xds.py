"""Envoy's configuration as plain values: the pieces that every resource is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phasegate.digests import digest_json

Resource = dict[str, Any]

METADATA = "phasegate"  # namespace of what we write into Envoy's resources and read back


def typed(name: str, **fields: Any) -> Resource:
    """A message of a named type, wherever Envoy accepts any type."""
    return {"@type": f"type.googleapis.com/{name}", **fields}


def extension(name: str, kind: str, **fields: Any) -> Resource:
    """A filter, cluster type or other extension: its name and its typed configuration."""
    return {"name": name, "typed_config": typed(kind, **fields)}


def seconds(value: float) -> str:
    """A duration in Envoy's notation."""
    return f"{value:g}s"


def overwrite(header: str, value: str) -> Resource:
    """Sets a header, whatever a client or an earlier attempt wrote there."""
    return {
        "header": {"key": header, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }


def share(basis_points: int) -> Resource:
    """A fraction of the requests."""
    return {"default_value": {"numerator": basis_points, "denominator": "TEN_THOUSAND"}}


def discovery_response(resources: Sequence[Resource]) -> Resource:
    """A file that Envoy subscribes to; its version is the digest of what it holds."""
    version = digest_json(list(resources))[:16]
    return {"version_info": version, "resources": list(resources)}
