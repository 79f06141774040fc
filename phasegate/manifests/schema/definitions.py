"""Schemas of kinds: the generated data, or custom resource definitions from a folder."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.manifests.schema.compact import compact

FOLDER = Path(__file__).parent
KSERVE, KUBERNETES, GATEWAY = "kserve-0.21.json", "kubernetes-1.37.json", "gateway-api-1.5.json"
_GATEWAY_VERSION = "gateway.networking.k8s.io/v1/"


@dataclass(frozen=True, slots=True)
class Schemas:
    """What is known of kinds.

    Attributes:
        kinds: schema by ``group/version/Kind``.
        definitions: schemas that ``$ref`` names.
        full: kinds whose schema is the cluster's own definition.
    """

    kinds: dict[str, Any]
    definitions: dict[str, Any]
    full: frozenset[str] = frozenset()


@functools.lru_cache
def bundled() -> Schemas:
    """Types that come with us."""
    kinds: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for name in (KSERVE, KUBERNETES, GATEWAY):
        types = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        definitions |= types["definitions"]
        kinds |= {kind: {"$ref": definition} for kind, definition in types["kinds"].items()}
    return Schemas(kinds, definitions)


def with_definitions(folder: Path) -> Schemas:
    """Types that come with us, and in place of them what the folder defines.

    Raises:
        BadInput: the folder is not there, or holds no definition.
    """
    ours = bundled()
    theirs = {kind: compact(schema) for kind, schema in read_definitions(folder).items()}
    if not theirs:
        raise BadInput("no custom resource definition is in it", where=str(folder))
    return Schemas(ours.kinds | theirs, ours.definitions, frozenset(theirs))


def read_definitions(folder: Path) -> dict[str, Any]:
    """Structural schemas of the custom resource definitions in a folder, by kind.

    Raises:
        BadInput: the folder is not there, or a file in it is not YAML.
    """
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    if not folder.is_dir():
        raise BadInput("there is no such folder", where=str(folder), expected="definitions in YAML")
    found: dict[str, Any] = {}
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            documents = list(yaml.load_all(path.read_bytes(), Loader=loader))
        except yaml.YAMLError as error:
            raise BadInput(f"it is not YAML: {error}", where=str(path)) from error
        for document in documents:
            if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
                try:
                    found |= _versions(document)
                except (AttributeError, KeyError, TypeError) as error:
                    raise BadInput(
                        f"it is no whole definition: {type(error).__name__} {error}",
                        where=str(path),
                    ) from error
    return found


def gateway_types(folder: Path) -> dict[str, Any]:
    """Types of the Gateway API from its published definitions, as generated data holds them."""
    schemas = {
        kind: compact(schema)
        for kind, schema in sorted(read_definitions(folder).items())
        if kind.startswith(_GATEWAY_VERSION)
    }
    names = {kind: kind.removeprefix(_GATEWAY_VERSION) for kind in schemas}
    return {
        "kinds": names,
        "definitions": {names[kind]: schema for kind, schema in schemas.items()},
    }


def _versions(document: dict[str, Any]) -> dict[str, Any]:
    spec = document["spec"]
    return {
        f"{spec['group']}/{version['name']}/{spec['names']['kind']}": version["schema"][
            "openAPIV3Schema"
        ]
        for version in spec["versions"]
        if version.get("served", True) and "openAPIV3Schema" in version.get("schema", {})
    }
