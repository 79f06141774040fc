"""Schemas are reduced to what is checked, know where they come from, and are held to the pins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.lint.lint import ROOT, examine
from infra.lint.modules import read_tree
from infra.lint.schema.reduction import reduced
from infra.lint.schema.store import LANGUAGE, SUMS, from_json, load, seal, source, write
from infra.lint.schema.update import update
from infra.lint.schema.used import admits, exact, exact_pins, used_types
from phasegate.errors import BadInput, Unavailable

SAMPLE: dict[str, Any] = {
    "provider": {"version": 0, "block": {"attributes": {"region": {"type": "string"}}}},
    "functions": {
        "join": {
            "parameters": [{"name": "a", "type": "string"}],
            "variadic_parameter": {"name": "b", "type": "string"},
            "return_type": "string",
        }
    },
    "resource_schemas": {
        "acme_lamp": {
            "version": 1,
            "block": {
                "description": "A lamp.",
                "attributes": {
                    "name": {"type": "string", "description": "Its name.", "required": True},
                    "id": {"type": "string", "computed": True},
                    "watts": {"type": "number", "optional": True},
                    "colour": {"type": "string", "optional": True, "deprecated": True},
                    "dimmer": {
                        "optional": True,
                        "nested_type": {
                            "nesting_mode": "single",
                            "attributes": {"steps": {"type": "number", "required": True}},
                        },
                    },
                },
                "block_types": {
                    "bulb": {
                        "nesting_mode": "list",
                        "min_items": 1,
                        "max_items": 2,
                        "block": {"attributes": {"socket": {"type": "string", "required": True}}},
                    }
                },
            },
        },
        "acme_door": {"version": 0, "block": {}},
    },
    "data_source_schemas": {},
}
TREE = """terraform {
  required_version = ">= 1.9, < 2.0"
  backend "gcs" {}
  required_providers {
    acme = {
      source  = "acme/acme"
      version = "= 1.2.3"
    }
  }
}
"""


def sample() -> dict[str, Any]:
    used = {"resource": frozenset({"acme_lamp"}), "data": frozenset(), "ephemeral": frozenset()}
    provenance = {"provider": "registry.terraform.io/acme/acme", "version": "1.2.3"}
    return {"provenance": provenance, **reduced(SAMPLE, used)}


def a_tree(folder: Path, text: str) -> Path:
    tree = folder / "terraform"
    (tree / "home").mkdir(parents=True)
    (tree / "home" / "versions.tf").write_text(TREE)
    (tree / "home" / "main.tf").write_text(text)
    write(tree / "schemas", "acme-acme.json", sample())
    seal(tree / "schemas")
    return tree


def test_descriptions_and_unused_types_are_left_out_and_names_are_kept() -> None:
    found = sample()
    assert "escription" not in json.dumps(found)
    assert list(found["resource"]) == ["acme_lamp"]
    assert found["resource_names"] == ["acme_door", "acme_lamp"]
    provider = from_json(found)
    lamp = provider.kinds["resource"]["acme_lamp"]
    assert (lamp.blocks["bulb"].least, lamp.blocks["bulb"].most) == (1, 2)
    assert not lamp.attributes["id"].settable
    assert provider.functions == {"join": (1, None)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('resource "acme_lamp" "a" {\n  name = "x"\n  bulb {\n    socket = "e27"\n  }\n}\n', []),
        ('resource "acme_door" "a" {\n}\n', [("PGT109", 1)]),
        ('resource "acme_window" "a" {\n}\n', [("PGT101", 1)]),
        ('resource "acme_lamp" "a" {\n  name = "x"\n}\n', [("PGT105", 1)]),
        (
            'resource "acme_lamp" "a" {\n  name   = "x"\n  colour = "red"\n  id     = "y"\n'
            '  bulb {\n    socket = ["e27"]\n  }\n}\n',
            [("PGT108", 3), ("PGT106", 4), ("PGT107", 6)],
        ),
        (
            'resource "acme_lamp" "a" {\n  name   = "x"\n  dimmer = { step = 3 }\n'
            '  dynamic "bulb" {\n    for_each = ["e27"]\n    content {\n'
            "      sockets = bulb.value\n    }\n  }\n}\n",
            [("PGT107", 3), ("PGT103", 4), ("PGT102", 7)],
        ),
        (
            'resource "acme_lamp" "a" {\n  name = provider::acme::join()\n'
            "  bulb {\n    socket = acme_lamp.a.bulb[0].sockets\n  }\n}\n",
            [("PGT210", 2), ("PGT207", 4)],
        ),
    ],
)
def test_a_tree_is_held_to_a_schema(
    tmp_path: Path, text: str, found: list[tuple[str, int]]
) -> None:
    tree = a_tree(tmp_path, text)
    assert [(one.code, one.line) for one in examine(tree).findings] == found


def test_an_edited_schema_is_refused(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, "")
    path = tree / "schemas" / "acme-acme.json"
    path.write_text(path.read_text().replace("watts", "volts"))
    with pytest.raises(BadInput, match="it was edited"):
        examine(tree)
    path.unlink()
    with pytest.raises(BadInput, match=SUMS):
        examine(tree)


def test_the_schemas_are_of_the_pinned_versions_and_say_where_they_come_from() -> None:
    tree = read_tree(ROOT)
    pins = exact_pins(tree)
    schemas = load(ROOT / "schemas")
    assert {name: one.version for name, one in schemas.providers.items()} == pins
    for path in (ROOT / "schemas").glob("*.json"):
        provenance = json.loads(path.read_text())["provenance"]
        if path.name != LANGUAGE:
            assert len(provenance["commit"]) == 40
            assert provenance["repository"].startswith("github.com/")
            assert path.name == f"{source(provenance['provider']).replace('/', '-')}.json"
    assert schemas.functions


@pytest.mark.parametrize(
    ("constraint", "version", "does"),
    [
        ("~> 7.45", "7.45.0", True),
        ("~> 7.45", "7.99.1", True),
        ("~> 7.45", "8.0.0", False),
        ("~> 7.45.0", "7.46.0", False),
        (">= 1.9, < 2.0", "1.11.4", True),
        (">= 1.9, < 2.0", "2.0.0", False),
        ("= 7.45.0", "7.45.0", True),
        ("7.45.0", "7.45.1", False),
        ("!= 7.45.0", "7.45.0", False),
    ],
)
def test_constraints_admit_versions(constraint: str, version: str, does: bool) -> None:
    assert admits(constraint, version) is does


def test_exact_constraints_name_a_version() -> None:
    found = [exact(one) for one in ("= 7.45.0", "7.45.0", "~> 7.45", ">= 7.45.0", "")]
    assert found == ["7.45.0", "7.45.0", None, None, None]


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not on PATH")
def test_without_providers_an_update_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = a_tree(tmp_path, "")
    nowhere = tmp_path / "nowhere.tfrc"
    nowhere.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}"\n  }}\n}}\n'
    )
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(nowhere))
    before = (tree / "schemas" / "acme-acme.json").read_bytes()
    with pytest.raises(Unavailable, match="TF_CLI_CONFIG_FILE"):
        update(read_tree(tree), tree / "schemas", {})
    assert (tree / "schemas" / "acme-acme.json").read_bytes() == before


def test_the_schemas_are_what_the_providers_say(tmp_path: Path) -> None:
    """Made anew from the providers of a root that is initialised, they come out the same."""
    root = os.environ.get("PHASEGATE_TERRAFORM_ROOT")
    if not root or not shutil.which("terraform"):
        pytest.skip("PHASEGATE_TERRAFORM_ROOT names no initialised root with all providers")
    version = json.loads(
        subprocess.run(
            ["terraform", "version", "-json"], capture_output=True, check=True, text=True
        ).stdout
    )["terraform_version"]
    if version != load(ROOT / "schemas").terraform:
        pytest.skip(f"terraform is {version}")
    folder = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", folder)
    tree = read_tree(ROOT)
    assert used_types(tree)["resource"]
    update(tree, folder, {}, Path(root))
    assert (folder / SUMS).read_text() == (ROOT / "schemas" / SUMS).read_text()
