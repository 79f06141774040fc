"""MLflow's server on SQLite: ``python -m phasegate.local.mlflow_server FOLDER ARGUMENTS``.

A run may end while the server makes its tables, and half of them would keep every later server from
starting. So they are made beside, and moved to their place whole.
"""

from __future__ import annotations

import fcntl
import runpy
import sys
from pathlib import Path

from phasegate.local.tracking_server import DATABASE
from phasegate.tracking.schema import upgrade


def make_tables(folder: Path) -> None:
    """Make the database in a folder, unless it is there; several may do so at once."""
    database, partial = folder / DATABASE, folder / f"{DATABASE}.partial"
    with (folder / f"{DATABASE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if database.exists():
            return
        for left in folder.glob(f"{partial.name}*"):  # by whoever was killed here
            left.unlink()
        upgrade(f"sqlite:///{partial}")
        partial.rename(database)


if __name__ == "__main__":
    make_tables(Path(sys.argv[1]))
    sys.argv = ["mlflow", *sys.argv[2:]]
    runpy.run_module("mlflow", run_name="__main__", alter_sys=True)
