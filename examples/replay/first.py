"""The first champion: through the training pipeline and all of its gates, by `phasegate run`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ruamel.yaml import YAML

from examples.replay.warehouse import Warehouse
from phasegate.clock import VARIABLE
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import ROOT

PROJECT = Path(__file__).with_name("card-fraud.yaml")


def write_project(project_file: Path, warehouse: Warehouse, workspace: Path) -> Path:
    """The project file, with the data of a workspace; returns where it is."""
    yaml = YAML()
    document = yaml.load(project_file.read_text(encoding="utf-8"))
    document["data"]["source"] = str(warehouse.training.resolve())
    document["release"]["labels"]["source"] = str((warehouse.folder / "labels").resolve())
    document["monitoring"]["skew"]["events"] = str((warehouse.folder / "events").resolve())
    path = workspace / project_file.name
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    return path


def train_first(
    project: Path, workspace: Path, variables: Mapping[str, str], now: datetime
) -> None:
    """Train and register a champion; what the pipeline says is seen as it says it.

    Args:
        now: event time.

    Raises:
        BadInput: a gate stopped it, or the pipeline failed.
    """
    command = [sys.executable, "-m", "phasegate.cli", "run", str(project)]
    done = subprocess.run(
        [*command, "--workspace", str(workspace)],
        env={**os.environ, **variables, "PYTHONPATH": str(ROOT), VARIABLE: now.isoformat()},
        check=False,
    )
    if done.returncode != ExitCode.PASSED:
        raise BadInput(
            f"the first model's training ended with exit code {done.returncode}",
            where=str(project),
        )
