"""Generated types are what the clients' models say, and the check of them says what to write."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from phasegate.linting.reading import read
from phasegate.local.environments import environment
from phasegate.manifests.schema.definitions import (
    FOLDER,
    GATEWAY,
    KSERVE,
    KUBERNETES,
    bundled,
    with_definitions,
)
from phasegate.manifests.schema.structure import Misfit, Types, misfits

DEFINITIONS = os.environ.get("KSERVE_CRDS")
SERVICE = "serving.kserve.io/v1beta1/InferenceService"


def generate(folder: Path, *arguments: str) -> None:
    """Generate types in the environment that has the clients."""
    module = ["-m", "phasegate.manifests.schema.generate", "--output", str(folder), *arguments]
    subprocess.run([environment("core").python, *module], check=True)


def found(kind: str, text: str) -> list[Misfit]:
    schemas = bundled()
    (document,) = read("x", text.encode()).documents
    types = Types(schemas.definitions, custom="kserve" in kind)
    return list(misfits(document, schemas.kinds[kind], types))


def test_the_committed_types_are_those_of_the_clients(tmp_path: Path) -> None:
    generate(tmp_path)

    for name in (KSERVE, KUBERNETES):
        assert (tmp_path / name).read_text() == (FOLDER / name).read_text()


@pytest.mark.skipif(not DEFINITIONS, reason="KSERVE_CRDS names no folder of definitions")
def test_the_committed_types_of_the_gateway_are_those_of_its_definitions(tmp_path: Path) -> None:
    generate(tmp_path, "--gateway", str(DEFINITIONS))

    assert (tmp_path / GATEWAY).read_text() == (FOLDER / GATEWAY).read_text()


@pytest.mark.skipif(not DEFINITIONS, reason="KSERVE_CRDS names no folder of definitions")
def test_every_field_that_a_cluster_knows_is_known_to_us() -> None:
    full, ours = with_definitions(Path(DEFINITIONS or "")), bundled()

    def unknown(theirs: dict, mine: dict, path: str) -> list[str]:
        while "$ref" in mine:
            mine = ours.definitions[mine["$ref"]]
        missing = []
        if "properties" in theirs and "properties" in mine:
            for key, inner in theirs["properties"].items():
                if key not in mine["properties"]:
                    missing.append(f"{path}.{key}")
                else:
                    missing += unknown(inner, mine["properties"][key], f"{path}.{key}")
        if "items" in theirs and "items" in mine:
            missing += unknown(theirs["items"], mine["items"], f"{path}[]")
        return missing

    for kind in full.full & ours.kinds.keys():
        assert unknown(full.kinds[kind], ours.kinds[kind], kind) == []


def test_every_reference_leads_to_a_definition() -> None:
    schemas = bundled()

    def references(schema: object) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in schema.values()))

    assert references(schemas.definitions) | references(schemas.kinds) <= schemas.definitions.keys()


@pytest.mark.parametrize(
    ("field", "fix"),
    [
        ("minReplica: 1", "Did you mean minReplicas?"),
        ("MinReplicas: 1", "Did you mean minReplicas?"),
        ("storageUri: gs://a", "Did you mean storageUris?"),
        ("{model: {modelFormat: {name: a}}, storageUri: b}", "It belongs to spec.predictor.model:"),
        ("canary: []", "It belongs to spec: move it there."),
        ("nothingOfTheSort: 1", "Remove it."),
    ],
)
def test_an_unknown_field_comes_with_what_was_meant(field: str, fix: str) -> None:
    (misfit,) = found(SERVICE, f"spec:\n  predictor:\n    {field}")

    assert misfit.line == 3
    assert misfit.fix.startswith(fix)


@pytest.mark.parametrize(
    ("field", "what", "fix"),
    [
        ("minReplicas: '1'", "is a string ('1'), and has to be a whole number", "Take the quotes"),
        ("minReplicas: 1.5", "is a number (1.5), and has to be a whole number", "Give it a whole"),
        ("minReplicas: true", "is a boolean (true), and has to be a whole number", "Give it"),
        ("hostNetwork: 'true'", "is a string ('true'), and has to be true or false", "Take the"),
        ("nodeSelector: {gpu: 1}", "[gpu] is a whole number (1), and has to be a string", "Put it"),
        ("containers: {}", "is a mapping, and has to be a list", "Give it a list."),
        ("containers: [null]", "containers[0] is null, and has to be a mapping", "Give it"),
        ("overhead: {cpu: 0.5}", "is a number (0.5), and has to be a whole number or", "Put it in"),
    ],
)
def test_a_wrong_type_comes_with_the_right_one(field: str, what: str, fix: str) -> None:
    (misfit,) = found(SERVICE, f"spec:\n  predictor:\n    {field}")

    assert what in misfit.what
    assert misfit.fix.startswith(fix)


def test_null_is_as_good_as_absent() -> None:
    assert found(SERVICE, "spec:\n  predictor:\n    minReplicas:\n    model: null") == []


def test_a_quantity_of_a_workload_may_be_any_number() -> None:
    limits = "{cpu: 0.5, memory: 1e9, 'nvidia.com/gpu': 1}"
    text = (
        "spec: {containers: [{name: a, resources: {limits: " + limits + "}}]}\n"
        "apiVersion: v1\nkind: Pod\n"
    )

    assert found("v1/Pod", text) == []
