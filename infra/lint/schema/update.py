"""Make the pinned schemas anew, by asking the providers themselves through Terraform."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.lint.modules import Tree
from infra.lint.schema.reduction import reduced
from infra.lint.schema.store import LANGUAGE, UPDATE, seal, source, write
from infra.lint.schema.used import exact_pins, used_types
from phasegate.errors import BadInput, Unavailable

TIMEOUT_S = 600


def update(
    tree: Tree, folder: Path, commits: Mapping[str, str], initialised: Path | None = None
) -> list[str]:
    """Write the schemas of all providers that the roots pin.

    Args:
        tree: whose resource types are kept.
        folder: of the schemas.
        commits: repository and commit of providers that were built from source, by source, as
            ``github.com/hashicorp/terraform-provider-google@COMMIT``.
        initialised: a root whose providers are installed; by default a folder of its own is
            initialised with all pins.
    Returns:
        A line on each file.
    Raises:
        BadInput: Terraform is not there, or pins are missing.
        Unavailable: the providers cannot be installed.
    """
    pins = exact_pins(tree)
    if not pins:
        raise BadInput("no root pins a provider exactly", where=str(tree.root))
    version = _json(["terraform", "version", "-json"], tree.root)["terraform_version"]
    before = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    if initialised is not None:
        raw = _json(["terraform", "providers", "schema", "-json"], initialised)
    else:
        with tempfile.TemporaryDirectory() as place:
            raw = _from_pins(Path(place), pins)
    used = used_types(tree)
    told = [_language(folder, version, tree.root)]
    schemas = raw.get("provider_schemas", {})
    for address in sorted(schemas):
        name = source(address)
        if name not in pins:
            continue
        file = f"{name.replace('/', '-')}.json"
        commit = commits.get(name) or _kept(before.get(file, {}), pins[name])
        repository, _, revision = commit.partition("@")
        provenance = {
            "provider": address,
            "version": pins[name],
            "repository": repository or None,
            "commit": revision or None,
            "terraform": version,
            "made_by": f"terraform providers schema -json, reduced by {UPDATE}",
        }
        content = reduced(schemas[address], used)
        write(folder, file, {"provenance": provenance, **content})
        told.append(f"{file}: {name} {pins[name]}, {len(content['resource'])} resource types")
    seal(folder)
    return told


def _kept(before: Mapping[str, Any], version: str) -> str:
    """Repository and commit that were recorded for the same version."""
    old = before.get("provenance", {})
    if old.get("version") != version or not old.get("commit"):
        return ""
    return f"{old['repository']}@{old['commit']}"


def _from_pins(place: Path, pins: Mapping[str, str]) -> dict[str, Any]:
    wanted = {
        name.replace("/", "-"): {"source": name, "version": f"= {version}"}
        for name, version in pins.items()
    }
    configuration = {"terraform": {"required_providers": wanted}}
    (place / "main.tf.json").write_text(json.dumps(configuration))
    done = _run(["terraform", "init", "-backend=false", "-input=false", "-no-color"], place)
    if done.returncode != 0:
        tail = " ".join((done.stderr or done.stdout).split())[-300:]
        raise Unavailable(
            f"the providers cannot be installed: {tail}",
            fix="name a mirror in TF_CLI_CONFIG_FILE, or run it where the registry answers",
        )
    return _json(["terraform", "providers", "schema", "-json"], place)


def _language(folder: Path, version: str, place: Path) -> str:
    raw = _json(["terraform", "metadata", "functions", "-json"], place)
    functions = {}
    for name, one in sorted(raw["function_signatures"].items()):
        least = len(one.get("parameters", []))
        functions[name] = {
            "least": least,
            "most": None if "variadic_parameter" in one else least,
            "returns": one["return_type"],
        }
    provenance = {
        "version": version,
        "made_by": f"terraform metadata functions -json, reduced by {UPDATE}",
    }
    write(folder, LANGUAGE, {"provenance": provenance, "functions": functions})
    return f"{LANGUAGE}: terraform {version}, {len(functions)} functions"


def _json(command: list[str], place: Path) -> dict[str, Any]:
    done = _run(command, place)
    if done.returncode != 0:
        raise BadInput(
            f"'{' '.join(command)}' failed: {' '.join(done.stderr.split())[-300:]}",
            where=str(place),
            fix="initialise the root with terraform init -backend=false",
        )
    return json.loads(done.stdout)


def _run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=place, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except FileNotFoundError as error:
        raise BadInput("terraform is not on PATH", fix="install Terraform 1.9 or newer") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"'{' '.join(command)}' took over {TIMEOUT_S} s") from error
