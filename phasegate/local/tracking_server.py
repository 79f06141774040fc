"""The MLflow tracking server that a local run starts when none is given."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from phasegate.local.processes import order, start_waiting, stop_group
from phasegate.local.workspace import Workspace
from phasegate.network import free_port
from phasegate.registry.address import ADDRESS, STARTING

DATABASE = "mlflow.db"
START_SECONDS = 300
SERVER_VARIABLES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # it scores traces, of which there are none
}


def server_arguments(folder: Path, port: int) -> list[str]:
    """Arguments of ``mlflow`` for a server on loopback whose data lie in a folder."""
    return [
        "server",
        "--host=127.0.0.1",
        f"--port={port}",
        "--workers=1",
        f"--backend-store-uri=sqlite:///{folder / DATABASE}",
        f"--artifacts-destination={folder / 'artifacts'}",
        "--serve-artifacts",
    ]


@contextmanager
def tracking_server(folder: Path) -> Iterator[str]:
    """An MLflow server on SQLite for the time of the context; its address.

    It is started, not awaited: clients retry until it answers, so that its start-up overlaps with
    the first steps.

    Args:
        folder: gets the database, the artifacts and what the server prints.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (folder / "server.log").open("ab") as log:
        process = start_waiting(Path(sys.executable), "phasegate.local.mlflow_server", log)
        try:
            order(process, [str(folder), *server_arguments(folder, port)], SERVER_VARIABLES)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop_group(process)


@contextmanager
def tracking_variables(workspace: Workspace) -> Iterator[Mapping[str, str]]:
    """Environment variables that lead steps to the tracking server.

    It is the one that ``MLFLOW_TRACKING_URI`` names, or one of our own for the context's time,
    which starts while the first steps run, and for which steps then wait.
    """
    if given := os.environ.get(ADDRESS):
        yield {ADDRESS: given}
        return
    with tracking_server(workspace.tracking) as address:
        yield {ADDRESS: address, STARTING: str(START_SECONDS)}
