"""A real PostgreSQL on loopback, for the time of a test run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from phasegate.network import free_port

_SECONDS = 30


@contextmanager
def postgres(folder: Path, user: str) -> Iterator[str]:
    """A server with an empty database ``mlflow``; its address.

    Args:
        folder: for data and logs; anybody may walk to it.
        user: owner of the database, who has no password.
    """
    found = _binaries()
    data = folder / "data"
    data.mkdir()
    as_owner: dict[str, Any] = {"cwd": "/"}
    if owner := _owner():
        shutil.chown(data, owner, owner)
        as_owner |= {"user": owner}
    port = free_port()

    def run(name: str, *arguments: str) -> None:
        command = [found / name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **as_owner)
        assert done.returncode == 0, done.stdout + done.stderr

    run("initdb", f"--pgdata={data}", f"--username={user}", "--auth=trust", "--no-sync")
    options = ["-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", data, "-F"]
    with (folder / "postgres.log").open("wb") as log:
        process = subprocess.Popen(
            [found / "postgres", *options], stdout=log, stderr=log, **as_owner
        )
    try:
        _await(found / "pg_isready", port, process)
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", user, "mlflow")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_SECONDS)


def _await(ready: Path, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while subprocess.run([ready, "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode:
        assert process.poll() is None, "PostgreSQL ended"
        assert time.monotonic() < deadline, "PostgreSQL does not answer"
        time.sleep(0.05)


def _binaries() -> Path:
    """The newest installed: Debian puts them into folders by version, off PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parts[-2]))
    if named := shutil.which("postgres"):
        folders.append(Path(named).resolve().parent)
    names = ("initdb", "postgres", "pg_isready", "createdb")
    for folder in reversed(folders):
        if all((folder / name).exists() for name in names):
            return folder
    pytest.skip("no PostgreSQL on this machine (apt-get install postgresql)")


def _owner() -> str:
    """PostgreSQL refuses to run as root: then it is its own user. Empty for whoever this is."""
    if os.geteuid():
        return ""
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("this is root, as whom PostgreSQL does not run, and there is no user postgres")
