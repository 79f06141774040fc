"""Python environments, each built from one hashed lock; standard library only.

``python3.11 -m phasegate.local.environments author core tfdv`` makes what is not there yet. The
container images are built from the same locks.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from phasegate.errors import BadInput, ExitCode

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 3


@dataclass(frozen=True)
class Environment:
    """A virtual environment and the lock that it is made from.

    Attributes:
        folder: the virtual environment.
        lock: requirements with hashes.
    """

    folder: Path
    lock: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def lock_digest(self) -> str:
        """sha256 of its lock."""
        return hashlib.sha256(self.lock.read_bytes()).hexdigest()

    @property
    def is_current(self) -> bool:
        """Whether it was completely built from the lock as it is now."""
        stamp = self._stamp
        return stamp.is_file() and stamp.read_text() == self.lock_digest

    def require_current(self) -> None:
        """Refuse to go on with other libraries than the lock says.

        Raises:
            BadInput: when the environment is absent, or was built from another lock.
        """
        if not self.is_current:
            raise BadInput(
                f"the environment is not built from {self.lock.name} as it is now",
                where=str(self.folder),
                fix="make environments",
            )

    @property
    def _stamp(self) -> Path:
        return self.folder / "phasegate-lock.sha256"

    def build(self) -> None:
        """Make it from its lock, unless it is current.

        Raises:
            BadInput: when the installation fails, with the installer's last lines.
        """
        if self.is_current:
            return
        if "pyfarmhash==" in self.lock.read_text() and not shutil.which("cc"):
            raise BadInput(
                "there is no C compiler, which pyfarmhash, a dependency of TFDV, is built with",
                fix="apt-get install gcc python3.11-dev",
            )
        uv = _uv()
        self._stamp.unlink(missing_ok=True)
        if not self.python.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            _run([uv, "venv", "--quiet", "--python", sys.executable, str(self.folder)])
        target = ["--quiet", "--python", str(self.python)]
        # Steps are short: without bytecode most of their time would be spent compiling imports.
        _run([uv, "pip", "sync", *target, "--compile-bytecode", "--require-hashes", str(self.lock)])
        self._add_project()
        self._stamp.write_text(self.lock_digest)

    def _add_project(self) -> None:
        """Put the project's source on the environment's path, and its command beside Python."""
        packages = next((self.folder / "lib").glob("python3*/site-packages"))
        (packages / "phasegate.pth").write_text(f"{ROOT}\n")
        command = self.folder / "bin" / "phasegate"
        command.write_text('#!/bin/sh\nexec "${0%/*}/python" -m phasegate.cli "$@"\n')
        command.chmod(0o755)


def environment(name: str) -> Environment:
    """An environment of this checkout, by the name of its lock.

    Raises:
        BadInput: when there is no such lock.
    """
    lock = ROOT / "requirements" / f"{name}.txt"
    if not lock.is_file():
        known = sorted(path.stem for path in lock.parent.glob("*.txt"))
        raise BadInput(f"there is no environment '{name}'", expected=f"one of {', '.join(known)}")
    return Environment(_folder(name), lock)


def recorded_environment(lock_text: str) -> Environment:
    """An environment for a lock that was recorded with a model; kept by the lock's digest."""
    digest = hashlib.sha256(lock_text.encode()).hexdigest()[:16]
    folder = _folder("recorded") / digest
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "lock.txt"
    lock.write_text(lock_text)
    return Environment(folder / "venv", lock)


def _folder(name: str) -> Path:
    return Path(os.environ.get("PHASEGATE_ENVIRONMENTS", ROOT / ".venv")) / name


def _uv() -> str:
    """Path of the pinned uv, installed by pip from its own hashed lock."""
    installer = _folder("uv")
    lock = ROOT / "requirements" / "uv.txt"
    uv = installer / "bin" / "uv"
    stamp = installer / "phasegate-lock.sha256"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not (uv.exists() and stamp.is_file() and stamp.read_text() == digest):
        shutil.rmtree(installer, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(installer)])
        pip = [str(installer / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run([*pip, "--disable-pip-version-check", "--require-hashes", "-r", str(lock)])
        stamp.write_text(digest)
    return str(uv)


def _run(command: list[str]) -> None:
    """Run an installer, again if it fails: package indexes have bad moments."""
    for attempt in range(1, ATTEMPTS + 1):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if attempt < ATTEMPTS:
            time.sleep(2**attempt)
    tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
    raise BadInput(
        f"'{Path(command[0]).name} {' '.join(command[1:3])}' failed {ATTEMPTS} times:\n{tail}\n",
        fix="check the network and the package index, then run the same command again",
    )


def main() -> int:
    """Build the named environments, saying what is done."""
    parser = argparse.ArgumentParser(description="Build environments from their locks.")
    parser.add_argument("names", nargs="+", metavar="NAME", help="core, tfdv, author or test")
    try:
        for name in parser.parse_args().names:
            wanted = environment(name)
            if not wanted.is_current:
                print(f"environment {name}: building from {wanted.lock.name} ...", flush=True)
                started = time.monotonic()
                wanted.build()
                print(f"environment {name}: ready in {time.monotonic() - started:.0f} s")
    except BadInput as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED


if __name__ == "__main__":
    sys.exit(main())
