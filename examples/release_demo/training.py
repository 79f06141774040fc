"""The demo's models, each through the whole training pipeline and all of its gates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from examples.release_demo.tables import Tables
from phasegate.digests import digest_file, digest_json
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import ROOT
from phasegate.project.load import load_project

PROJECT = Path(__file__).with_name("project.yaml")
_FINISHED = "trained.json"


@dataclass(frozen=True)
class Recipe:
    """What makes a model differ from that of the project file.

    Attributes:
        name: of the recipe.
        export: of the training data.
        training: settings that replace those of the section ``training``.
        what: told to people.
    """

    name: str
    export: str
    training: Mapping[str, Any]
    what: str


@dataclass(frozen=True)
class Trained:
    """A model that passed every offline gate.

    Attributes:
        reference: ``NAME/VERSION`` in the registry.
        digest: hex sha256 of the model.
        precision: offline, on its own test rows.
        recall: offline, on its own test rows.
        recipe: digest of what it was made from.
    """

    reference: str
    digest: str
    precision: float
    recall: float
    recipe: str = field(default="")


def train(
    recipes: list[Recipe], tables: Tables, workspace: Path, say: Callable[[str], None]
) -> dict[str, Trained]:
    """Train what the workspace does not have yet; the first recipe becomes champion.

    The tracking server is the one that the environment names.

    Args:
        say: told of each model.

    Raises:
        BadInput: a gate stopped one of them, or the pipeline failed.
    """
    trained: dict[str, Trained] = {}
    for recipe in recipes:
        folder = workspace / "models" / recipe.name
        project = _write_project(recipe, tables, folder)
        parameters = load_project(project).parameters()
        wanted = digest_json([parameters, digest_file(tables.export(recipe.export))])
        if (found := _finished(folder, wanted)) is None:
            found = _run(project, workspace, wanted)
            (folder / _FINISHED).write_text(json.dumps(found.__dict__, indent=2))
            how = "passed every gate"
        else:
            how = "trained before"
        say(
            f"{recipe.name:<12} {found.reference}  {found.digest[:12]}  {how}: offline precision "
            f"{found.precision:.3f}, recall {found.recall:.3f}   {recipe.what}"
        )
        trained[recipe.name] = found
    return trained


def _write_project(recipe: Recipe, tables: Tables, folder: Path) -> Path:
    yaml = YAML()
    document = yaml.load(PROJECT.read_text(encoding="utf-8"))
    document["data"]["source"] = str(tables.export(recipe.export).resolve())
    document["training"].update(recipe.training)
    document["release"]["labels"]["source"] = str(tables.labels.resolve())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PROJECT.name
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    return path


def _finished(folder: Path, recipe: str) -> Trained | None:
    try:
        found = Trained(**json.loads((folder / _FINISHED).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.recipe == recipe else None


def _run(project: Path, workspace: Path, recipe: str) -> Trained:
    command = [sys.executable, "-m", "phasegate.cli", "run", str(project), "--json"]
    done = subprocess.run(
        [*command, "--workspace", str(workspace)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != ExitCode.PASSED:
        why = json.loads(done.stdout)["verdicts"] if done.stdout else done.stderr[-2000:]
        raise BadInput(
            f"training ended with exit code {done.returncode}: {why}", where=str(project)
        )
    summary = json.loads(done.stdout)
    registered, metrics = summary["registered"], summary["metrics"]
    return Trained(
        f"{registered['name']}/{registered['version']}",
        registered["model_digest"],
        metrics["precision"],
        metrics["recall"],
        recipe,
    )
