"""The MLflow tracking server that a local run starts when none is given."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOP_SECONDS = 10.0


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def server_command(folder: Path, port: int) -> list[str]:
    """Command line of an MLflow server whose data lie in a folder, on loopback."""
    return [
        sys.executable, "-m", "mlflow", "server",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts",
    ]  # fmt: skip


@contextmanager
def tracking_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """An MLflow server on SQLite for the time of the context; its address.

    It is started, not awaited: clients retry until it answers, so that its start-up overlaps with
    the first steps.

    Args:
        folder: gets the database, the artifacts and what the server prints.
        port: port to listen on; by default a free one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    with (folder / "server.log").open("ab") as file:
        process = subprocess.Popen(
            server_command(folder, port),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop_group(process)


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """End the server with its workers, which are in a session of their own."""
    for signal_number in (15, 9):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        try:
            process.wait(STOP_SECONDS)
            break
        except subprocess.TimeoutExpired:
            continue
