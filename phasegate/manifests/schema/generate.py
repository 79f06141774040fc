"""Generate the types of KServe and Kubernetes from their Python clients' own models.

    .venv/core/bin/python -m phasegate.manifests.schema.generate

The clients are in the environment *core*; the lint reads the generated files and needs neither.
Types of the Gateway API come from its published definitions, which a folder has to hold:

    .venv/author/bin/python -m phasegate.manifests.schema.generate --gateway FOLDER
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from phasegate.manifests.schema.definitions import (
    FOLDER,
    GATEWAY,
    KSERVE,
    KUBERNETES,
    gateway_types,
)
from phasegate.manifests.schema.kinds import KSERVE_KINDS, KUBERNETES_KINDS

# Where the client's type is wider than JSON's, or where it loses what it is.
_SCALARS: dict[str, dict[str, Any]] = {
    "bool": {"type": "boolean"},
    "bytes": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "datetime": {"type": "string"},
    "object": {"any": True},
    "IntOrString": {"x-kubernetes-int-or-string": True},
    "ResourceQuantity": {"quantity": True},
    "V1beta1MetricQuantity": {"quantity": True},
    "KnativeURL": {"type": "string"},
    "KnativeVolatileTime": {"type": "string"},
}
# Fields that the clients describe as strings, and that take numbers as well.
_QUANTITIES = frozenset(
    {
        "allocated_resources",
        "average_value",
        "capacity",
        "default_request",
        "divisor",
        "hard",
        "limits",
        "overhead",
        "requests",
        "size_limit",
    }
)
_QUANTITIES_OF = {
    "V1LimitRangeItem": {"default", "max", "max_limit_request_ratio", "min"},
    "V2HPAScalingRules": {"tolerance"},
    "V2MetricTarget": {"value"},
}
# Required by a client, and not by KServe's definitions, which share the type or default the field.
_OPTIONAL = {
    "V1HTTPGetAction": {"port"},
    "V1TCPSocketAction": {"port"},
    "V1beta1ARTExplainerSpec": {"name"},
}
# Required by the API, and not by the client.
_REQUIRED = {
    "V1alpha1SupportedModelFormat": ["name"],
    "V1beta1ModelFormat": ["name"],
}
_INT_OR_STRING = frozenset({"max_surge", "max_unavailable", "min_available", "port", "target_port"})


def client_types(kserve: Any, kubernetes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Types of KServe and of Kubernetes, each as kinds and definitions."""
    models = {"kserve": kserve, "kubernetes": kubernetes}
    kserve_kinds = {
        f"{version}/{kind}": f"V{version.rsplit('/v', 1)[1]}{kind}"
        for version, kinds in KSERVE_KINDS.items()
        for kind in kinds
    }
    kubernetes_kinds = {
        f"{version}/{kind}": f"V{version.rsplit('v', 1)[1]}{kind}"
        for version, kinds in KUBERNETES_KINDS.items()
        for kind in kinds
    }
    definitions = _reachable([*kserve_kinds.values(), *kubernetes_kinds.values()], models)
    ours = {
        name
        for name, definition in definitions.items()
        if hasattr(kserve, name) or "any" in definition
    }
    return (
        {
            "kinds": kserve_kinds,
            "definitions": {name: definitions[name] for name in sorted(ours)},
        },
        {
            "kinds": kubernetes_kinds,
            "definitions": {name: definitions[name] for name in sorted(definitions.keys() - ours)},
        },
    )


def _reachable(names: list[str], models: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        model = getattr(models["kserve"], name, None) or _kubernetes(name, models["kubernetes"])
        if model is None:
            found[name] = {"any": True}  # a type that the client does not describe
            continue
        found[name] = _definition(model)
        waiting += _references(found[name])
    return found


def _kubernetes(name: str, models: Any) -> Any:
    qualified = re.fullmatch(r"K8sIoApi[A-Z][a-z]+(V[0-9].*)", name)
    return getattr(models, qualified[1] if qualified else name, None)


def _definition(model: Any) -> dict[str, Any]:
    status = model.attribute_map.get("status")
    required = sorted(
        {model.attribute_map[name] for name in _required(model)}
        - _OPTIONAL.get(model.__name__, set())
        | set(_REQUIRED.get(model.__name__, ()))
    )
    definition: dict[str, Any] = {
        "properties": {
            model.attribute_map[name]: _type(kind, name, model.__name__)
            for name, kind in sorted(model.openapi_types.items())
        }
    }
    if status and "kind" in model.attribute_map:  # written by controllers only
        definition["properties"]["status"] = {"any": True}
    if required:
        definition["required"] = required
    return definition


def _required(model: Any) -> Iterator[str]:
    """Attributes that the model refuses to be without: pydantic's, or a setter's."""
    if hasattr(model, "model_fields"):
        yield from (name for name, field in model.model_fields.items() if field.is_required())
        return
    blank = model.__new__(model)
    blank.local_vars_configuration = type("Checked", (), {"client_side_validation": True})()
    for name in model.attribute_map:
        try:
            setattr(blank, name, None)
        except ValueError as error:
            if "must not be `None`" in str(error):
                yield name
        except TypeError:
            pass


def _type(kind: str, name: str, model: str) -> dict[str, Any]:
    if match := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
        return {"items": _type(match[1], "", model)}
    if match := re.fullmatch(r"[Dd]ict[(\[]str, (.*)[)\]]", kind):
        return {"additionalProperties": _type(match[1], name, model)}
    if kind == "object" and name in _INT_OR_STRING:
        return _SCALARS["IntOrString"]
    if kind == "str" and (name in _QUANTITIES or name in _QUANTITIES_OF.get(model, ())):
        return _SCALARS["ResourceQuantity"]
    return _SCALARS.get(kind) or {"$ref": kind}


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)


def write(path: Path, source: str, types: dict[str, Any]) -> None:
    """Write types, one definition a line, so that a change of version reads as a difference."""
    lines = [
        f"  {json.dumps(key)}: {json.dumps(value, sort_keys=True, separators=(',', ':'))}"
        for key, value in types["definitions"].items()
    ]
    kinds = json.dumps(types["kinds"], indent=1, sort_keys=True)
    definitions = ",\n".join(lines)
    path.write_text(
        f'{{"source": {json.dumps(source)},\n"kinds": {kinds},\n'
        f'"definitions": {{\n{definitions}\n}}}}\n',
        encoding="utf-8",
    )


def main() -> None:
    """Write the generated files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", type=Path, help="folder of the Gateway API's definitions")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder for the files")
    told = parser.parse_args()
    if told.gateway:
        source = "definitions of Gateway API v1.5.1, standard channel (Apache-2.0)"
        write(told.output / GATEWAY, source, gateway_types(told.gateway))
        return
    import kserve.models
    import kubernetes.client.models

    ours, theirs = client_types(kserve.models, kubernetes.client.models)
    for name, client, types in ((KSERVE, "kserve", ours), (KUBERNETES, "kubernetes", theirs)):
        source = f"models of the Python client {client} {version(client)} (Apache-2.0)"
        write(told.output / name, source, types)


if __name__ == "__main__":
    main()
