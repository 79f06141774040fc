"""Tables of a local MLflow server are whole or not there, whoever is killed making them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from phasegate.local.environments import ROOT
from phasegate.local.mlflow_server.__main__ import make_tables

MAKES = (
    "import sys; from pathlib import Path;"
    "from phasegate.local.mlflow_server import preload; preload();"
    "from phasegate.local.mlflow_server.__main__ import make_tables;"
    "make_tables(Path(sys.argv[1]))"
)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", MAKES, str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _tables(database: Path) -> set[str]:
    with sqlite3.connect(database) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def test_who_is_killed_while_making_tables_leaves_none(tmp_path: Path) -> None:
    """A run that bad input ends in its first second kills the server as early as that."""
    process = _start(tmp_path)
    partial, until = tmp_path / "mlflow.db.partial", time.monotonic() + 120
    while not (partial.exists() and partial.stat().st_size > 0):
        assert time.monotonic() < until
        assert process.poll() is None
    process.kill()
    process.wait()
    assert not (tmp_path / "mlflow.db").exists()
    assert _start(tmp_path).wait() == 0
    assert {"runs", "label_schemas", "alembic_version"} <= _tables(tmp_path / "mlflow.db")
    assert not list(tmp_path.glob("*.partial*"))


def test_two_at_once_make_them_once(tmp_path: Path) -> None:
    started = [_start(tmp_path) for _ in range(2)]
    assert [one.wait() for one in started] == [0, 0]
    assert "runs" in _tables(tmp_path / "mlflow.db")


def test_tables_that_are_there_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("mine")
    make_tables(tmp_path)
    assert (tmp_path / "mlflow.db").read_text() == "mine"
