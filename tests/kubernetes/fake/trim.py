"""Make the small CRDs of this folder from the published ones.

    python -m tests.kubernetes.fake.trim FOLDER_OF_CRDS

Types, defaults, limits and list types stay. Descriptions and CEL rules go, and so do the details of
pod specs, which take 2 MB: below the depth that is given here a field takes anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_GONE = {"description", "x-kubernetes-validations", "format", "title", "example", "externalDocs"}
_OPEN = "x-kubernetes-preserve-unknown-fields"
_DEEP = 99
# file -> (versions, depth below spec, deeper where the path starts so)
_KINDS: dict[str, tuple[set[str], int, dict[str, int]]] = {
    "serving.kserve.io_inferenceservices": (
        {"v1beta1"},
        3,
        {"spec.predictor.model": 5, "status": _DEEP, "spec.canary": 2},
    ),
    "serving.kserve.io_servingruntimes": ({"v1alpha1"}, 3, {}),
    "serving.kserve.io_clusterservingruntimes": ({"v1alpha1"}, 3, {}),
    "gatewayapi_httproute": ({"v1"}, _DEEP, {}),
    "gatewayapi_gateway": ({"v1"}, 3, {}),
    "knative_service": ({"v1"}, 3, {"status": _DEEP, "spec.traffic": _DEEP}),
}


def main() -> None:
    """Write one JSON file for each kind."""
    source, target = Path(sys.argv[1]), Path(__file__).parent / "crds"
    for name, (versions, depth, deeper) in _KINDS.items():
        (crd,) = yaml.safe_load_all((source / f"{name}.yaml").read_text(encoding="utf-8"))
        kept = []
        for version in crd["spec"]["versions"]:
            if version["name"] not in versions:
                continue
            schema = version["schema"]["openAPIV3Schema"]
            kept.append(
                {
                    "name": version["name"],
                    "served": True,
                    "storage": True,
                    "subresources": version.get("subresources", {}),
                    "schema": {"openAPIV3Schema": _trimmed(schema, "", depth, deeper)},
                }
            )
        names = {key: crd["spec"]["names"][key] for key in ("kind", "plural", "singular")}
        spec = {
            "group": crd["spec"]["group"],
            "names": names,
            "scope": crd["spec"]["scope"],
            "versions": kept,
        }
        value = {
            "apiVersion": crd["apiVersion"],
            "kind": crd["kind"],
            "metadata": {"name": crd["metadata"]["name"]},
            "spec": spec,
        }
        text = json.dumps(value, separators=(",", ":"), sort_keys=True)
        (target / f"{names['plural']}.{spec['group']}.json").write_text(text + "\n")


def _trimmed(
    schema: Mapping[str, Any], path: str, depth: int, deeper: Mapping[str, int]
) -> dict[str, Any]:
    level = path.count(".") + 1 if path else 0
    allowed = max([depth, *(more for start, more in deeper.items() if path.startswith(start))])
    kept = {key: one for key, one in schema.items() if key not in _GONE}
    kept.pop("properties", None)
    if level >= allowed and schema.get("type") in ("object", "array", None):
        for key in ("items", "additionalProperties", "required", "default"):
            kept.pop(key, None)
        listed = {"items": {_OPEN: True}} if schema.get("type") == "array" else {_OPEN: True}
        if keys := schema.get("x-kubernetes-list-map-keys"):
            of_keys = {
                key: _trimmed(schema["items"]["properties"][key], "", _DEEP, {}) for key in keys
            }
            needed = [key for key in keys if "default" not in of_keys[key]]
            one = {"type": "object", "properties": of_keys, "required": needed, _OPEN: True}
            listed = {"items": one}
        return {**kept, **listed}
    if "properties" in schema:
        kept["properties"] = {
            name: _trimmed(inner, f"{path}.{name}" if path else name, depth, deeper)
            for name, inner in schema["properties"].items()
        }
    if "items" in schema:
        kept["items"] = _trimmed(schema["items"], path, depth, deeper)
    if isinstance(schema.get("additionalProperties"), Mapping):
        extra = schema["additionalProperties"]
        kept["additionalProperties"] = _trimmed(extra, path, depth, deeper)
    return kept


if __name__ == "__main__":
    main()
