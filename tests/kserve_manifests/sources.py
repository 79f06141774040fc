"""The manifests: as kustomize renders them, or a mode's own files where there is no kustomize."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from phasegate.local.environments import ROOT

FOLDER = ROOT / "kserve_manifests"
OVERLAYS = ("gateway/dev", "gateway/prod", "serverless/dev", "serverless/prod")
MODES = ("gateway", "serverless")
Object = dict[str, Any]

_LEAST = 5  # kustomize 4 knows no labels in templates


@cache
def kustomize() -> tuple[str, ...]:
    """The command that renders a folder; empty where none is installed, or an old one."""
    for command, version in (
        (("kustomize", "build"), ("kustomize", "version")),
        (("kubectl", "kustomize"), ("kubectl", "version", "--client", "--output=json")),
    ):
        if shutil.which(command[0]) is None:
            continue
        said = subprocess.run(version, capture_output=True, text=True, check=False).stdout
        found = re.search(r"(?:kustomizeVersion\W+|^)v(\d+)\.", said, re.MULTILINE)
        if found and int(found[1]) >= _LEAST:
            return command
    return ()


@cache
def _rendered(folder: Path) -> str:
    done = subprocess.run([*kustomize(), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rendered(folder: Path) -> list[Object]:
    """The objects that kustomize makes of a folder; skips the test where there is no kustomize."""
    if not kustomize():
        pytest.skip("neither kustomize 5 nor a kubectl that brings it (1.27) is installed")
    return list(yaml.safe_load_all(_rendered(folder)))


def of_mode(mode: str) -> list[Object]:
    """A mode's objects as its files have them, with the placeholder `model` for a name."""
    objects = _read(FOLDER / "modes" / mode) + documents(FOLDER / "settings" / "settings.yaml")
    for one in objects:
        # As the settings and the naming do it.
        labels = one["metadata"].setdefault("labels", {})
        labels |= {"app.kubernetes.io/part-of": "phasegate", "phasegate.dev/model": "model"}
        if one["kind"] == "Deployment":
            one["spec"]["template"]["metadata"]["labels"] |= labels
    return objects


def _read(folder: Path) -> list[Object]:
    kustomization = documents(folder / "kustomization.yaml")[0]
    objects: list[Object] = []
    for name in [*kustomization.get("resources", ()), *kustomization.get("components", ())]:
        path = folder / name
        objects += _read(path) if path.is_dir() else documents(path)
    for one in kustomization.get("configMapGenerator", ()):
        pairs = [name.rpartition("=")[::2] for name in one["files"]]
        data = {key or file: (folder / file).read_text(encoding="utf-8") for key, file in pairs}
        about = {"name": one["name"], "labels": one.get("options", {}).get("labels", {})}
        objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": data})
    for patch in kustomization.get("patches", ()):
        (operations,) = documents(folder / patch["path"])
        for one in objects:
            names = {"kind": one["kind"], "name": one["metadata"]["name"]}
            if patch["target"].items() <= names.items():
                patched(one, operations)
    return objects


def documents(path: Path) -> list[Any]:
    """The documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def patched(value: Any, operations: list[Object]) -> None:
    """Carry out the operations of a JSON patch that these manifests use."""
    for one in operations:
        *parents, last = one["path"].removeprefix("/").split("/")
        place = value
        for name in parents:
            place = place[int(name) if isinstance(place, list) else name]
        if isinstance(place, list) and last == "-":
            place.append(one["value"])
            continue
        key = int(last) if isinstance(place, list) else last
        if one["op"] == "test":
            assert place[key] == one["value"], one
        elif one["op"] == "remove":
            del place[key]
        else:
            assert one["op"] == "add" or key in range(len(place)) or key in place, one
            place[key] = one["value"]


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    """Those of a kind."""
    return [one for one in objects if one["kind"] == kind]


def only(objects: list[Object], kind: str, name: str = "") -> Object:
    """The one of a kind, or of a kind and a name."""
    found = of_kind(objects, kind)
    (one,) = (each for each in found if not name or each["metadata"]["name"] == name)
    return one


def canonical(value: object) -> str:
    """JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True)
