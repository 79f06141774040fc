"""The pinned schemas: files beside the tree, each with where it comes from, and their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.lint.schema.model import BlockSchema, Provider, Type, block_schema
from infra.lint.schema.reduction import KINDS
from phasegate.errors import BadInput

SUMS = "SHA256SUMS"
LANGUAGE = "terraform.json"
UPDATE = "python -m infra.lint schema --update"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    Attributes:
        least: how many arguments at least.
        most: how many at most; None for any number.
        returns: its type.
    """

    least: int
    most: int | None
    returns: Type


@dataclass(frozen=True)
class Schemas:
    """All pinned schemas.

    Attributes:
        providers: by source, such as ``hashicorp/google``.
        functions: of the language, by name; empty where they are not pinned.
        terraform: version that the functions are of.
    """

    providers: Mapping[str, Provider]
    functions: Mapping[str, Function]
    terraform: str = ""


def load(folder: Path) -> Schemas:
    """Read the schemas of a folder.

    Raises:
        BadInput: one is not what the folder's digests say.
    """
    files = sorted(folder.glob("*.json"))
    recorded = _sums(folder)
    if {path.name for path in files} != set(recorded):
        raise BadInput(
            "its files are not those that it has digests of", where=f"{folder}/{SUMS}", fix=UPDATE
        )
    providers: dict[str, Provider] = {}
    functions: dict[str, Function] = {}
    terraform = ""
    for path in files:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != recorded[path.name]:
            raise BadInput(
                f"its digest is not the one in {SUMS}: it was edited", where=str(path), fix=UPDATE
            )
        raw = json.loads(content)
        if path.name == LANGUAGE:
            terraform = raw["provenance"]["version"]
            functions = {
                name: Function(one["least"], one["most"], one["returns"])
                for name, one in raw["functions"].items()
            }
        else:
            provider = from_json(raw)
            providers[source(provider.address)] = provider
    return Schemas(providers, functions, terraform)


def source(address: str) -> str:
    """``hashicorp/google`` of ``registry.terraform.io/hashicorp/google``."""
    return "/".join(address.split("/")[-2:])


def from_json(raw: Mapping[str, Any]) -> Provider:
    """A provider from its file."""
    provenance = raw["provenance"]
    return Provider(
        provenance["provider"],
        provenance["version"],
        block_schema(raw["provider"]),
        {kind: {name: block_schema(one) for name, one in raw[kind].items()} for kind in KINDS},
        {kind: frozenset(raw[f"{kind}_names"]) for kind in KINDS},
        {
            name: (one["parameters"], None if one["variadic"] else one["parameters"])
            for name, one in raw["functions"].items()
        },
    )


def write(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    """Write one schema; `seal` makes the digests anew afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def seal(folder: Path) -> None:
    """Write the digests of the files as they are now."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("*.json"))
    ]
    (folder / SUMS).write_text("".join(lines))


def _sums(folder: Path) -> dict[str, str]:
    path = folder / SUMS
    if not path.is_file():
        return {}
    rows = (line.split() for line in path.read_text().splitlines() if line.strip())
    return {name: digest for digest, name in rows}


def built_in() -> Provider:
    """Terraform's own provider, which has no schema to fetch: it is part of the program."""

    def attributes(**flags: str) -> dict[str, Any]:
        return {
            name: {"type": "dynamic", **dict.fromkeys(f.split(), True)} for name, f in flags.items()
        }

    remote = attributes(
        backend="required",
        config="optional",
        defaults="optional",
        outputs="computed",
        workspace="optional",
    )
    data = attributes(
        input="optional", triggers_replace="optional", output="computed", id="computed"
    )
    return Provider(
        "terraform.io/builtin/terraform",
        "",
        BlockSchema(),
        {
            "resource": {"terraform_data": block_schema({"attributes": data})},
            "data": {"terraform_remote_state": block_schema({"attributes": remote})},
            "ephemeral": {},
        },
        {
            "resource": frozenset({"terraform_data"}),
            "data": frozenset({"terraform_remote_state"}),
            "ephemeral": frozenset(),
        },
        {"encode_tfvars": (1, 1), "decode_tfvars": (1, 1), "encode_expr": (1, 1)},
    )
