"""Real servers that tests share; each is started once, and only when a test asks for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from phasegate.contracts import Artifact
from phasegate.local.tracking_server import tracking_server
from phasegate.registry.server import await_answer

START_SECONDS = 300

# The first import of a library, or a busy machine, is not a failing test; and the same code gets
# the same verdict every time.
settings.register_profile("phasegate", deadline=None, derandomize=True)
settings.load_profile("phasegate")


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real MLflow server: SQLite, artifacts proxied by the server."""
    with tracking_server(tmp_path_factory.mktemp("mlflow")) as address:
        await_answer(address, seconds=START_SECONDS)
        yield address


@pytest.fixture
def mlflow(mlflow_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of a component that tracks with the server; its address."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    return mlflow_server


@dataclass(frozen=True)
class ComponentRun:
    """What a component left behind.

    Attributes:
        exit_code: 0, or what it exited with.
        folders: output artifact -> its folder.
        metadata: output artifact that was completed -> its metadata.
        values: output parameters.
    """

    exit_code: int
    folders: Mapping[str, Path]
    metadata: Mapping[str, Mapping[str, Any]]
    values: Mapping[str, Any]


@pytest.fixture
def run_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ComponentRun]:
    """Runs a component's `main` in this process, as Kubeflow Pipelines would call it."""

    def run(
        main: Callable[[], None],
        *,
        inputs: Mapping[str, Artifact],
        parameters: Mapping[str, Any],
        outputs: tuple[str, ...] = (),
        results: tuple[str, ...] = (),
    ) -> ComponentRun:
        folder = tmp_path / "outputs"
        document = {
            "inputs": {
                "parameterValues": dict(parameters),
                "artifacts": {
                    name: {"artifacts": [{"uri": str(one.path), "metadata": one.metadata}]}
                    for name, one in inputs.items()
                },
            },
            "outputs": {
                "artifacts": {
                    name: {"artifacts": [{"uri": str(folder / name), "metadata": {}}]}
                    for name in outputs
                },
                "parameters": {name: {"outputFile": str(folder / name)} for name in results},
                "outputFile": str(folder / "output.json"),
            },
        }
        monkeypatch.setattr(sys, "argv", ["component", "--executor-input", json.dumps(document)])
        exit_code = 0
        try:
            main()
        except SystemExit as end:
            exit_code = int(end.code or 0)
        written = json.loads((folder / "output.json").read_text())
        return ComponentRun(
            exit_code,
            {name: folder / name for name in outputs},
            {
                name: value["artifacts"][0]["metadata"]
                for name, value in written["artifacts"].items()
            },
            written["parameterValues"],
        )

    return run
