"""Generate the types of compiled pipelines from the messages that KFP itself reads them with.

`phasegate compile` writes them; the lint reads the generated file and needs no kfp.
"""

from __future__ import annotations

import json
from typing import Any

# In JSON, 64-bit whole numbers may be strings, and a duration is one.
_SCALARS: dict[str, dict[str, Any]] = {
    "bool": {"type": "boolean"},
    "double": {"type": "number"},
    "int32": {"type": "integer"},
    "int64": {"x-kubernetes-int-or-string": True},
    "string": {"type": "string"},
}
_WELL_KNOWN: dict[str, dict[str, Any]] = {
    "google.protobuf.Duration": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?s$"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {"any": True},
}
_REQUIRED = {
    "PipelineSpec": ["pipelineInfo", "root", "schemaVersion"],
    "PipelineInfo": ["name"],
    "PipelineTaskSpec": ["componentRef"],
    "ComponentRef": ["name"],
}
_PREFIX = "ml_pipelines."


def pipeline_types() -> str:
    """Schemas of all messages by name, as JSON."""
    from kfp.pipeline_spec import pipeline_spec_pb2 as messages

    found: dict[str, Any] = {}
    for message in (
        messages.PipelineSpec,
        messages.PipelineDeploymentConfig,
        messages.PlatformSpec,
    ):
        _describe(message.DESCRIPTOR, found)
    found["PipelineSpec"]["properties"]["deploymentSpec"] = {"$ref": "PipelineDeploymentConfig"}
    return json.dumps({"definitions": found}, indent=1, sort_keys=True) + "\n"


def _describe(message: Any, found: dict[str, Any]) -> str:
    name = message.full_name.removeprefix(_PREFIX)
    if name not in found:
        found[name] = {}  # a message may hold itself
        found[name] |= {
            "properties": {field.json_name: _field(field, found) for field in message.fields}
        }
        if name in _REQUIRED:
            found[name]["required"] = _REQUIRED[name]
    return name


def _field(field: Any, found: dict[str, Any]) -> dict[str, Any]:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        return {"additionalProperties": _single(message.fields_by_name["value"], found)}
    single = _single(field, found)
    return {"items": single, "type": "array"} if field.is_repeated else single


def _single(field: Any, found: dict[str, Any]) -> dict[str, Any]:
    if field.enum_type is not None:
        return {"enum": [value.name for value in field.enum_type.values], "type": "string"}
    if field.message_type is not None:
        known = _WELL_KNOWN.get(field.message_type.full_name)
        return known or {"$ref": _describe(field.message_type, found)}
    names = {1: "double", 3: "int64", 5: "int32", 8: "bool", 9: "string"}
    return _SCALARS[names[field.type]]
