"""Workers as processes of this machine, over loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import phasegate
from phasegate.errors import BadInput, ExitCode, Unavailable
from phasegate.network import free_port
from phasegate.progress import Progress
from phasegate.training.distributed.group import PORT, RANK, TRACKER, WORKERS

_POLL_SECONDS = 0.05
# For the others to notice that one is gone: what they say may be the reason.
_GRACE_SECONDS = 2.0
_TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Worker:
    rank: int
    process: subprocess.Popen[bytes]
    errors: Path

    @property
    def code(self) -> int | None:
        return self.process.poll()

    @property
    def last_words(self) -> str:
        with self.errors.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            lines = file.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""


class Processes:
    """One process for each worker; none outlives this one.

    Attributes:
        image: none; they run this code.
    """

    image = ""

    def store(self) -> AbstractContextManager[str]:
        """A temporary folder: a training that is tried again starts anew."""
        return tempfile.TemporaryDirectory(prefix="phasegate-training-")

    def run(self, store: str, job: str, workers: int, progress: Progress) -> None:
        """See `Launcher.run`."""
        port = free_port()
        with tempfile.TemporaryDirectory(prefix="phasegate-workers-") as folder:
            started: list[_Worker] = []
            listener: threading.Thread | None = None
            try:
                for rank in range(workers):
                    errors = Path(folder) / f"worker-{rank}.txt"
                    process = _start(store, job, rank, workers, port, errors)
                    started.append(_Worker(rank, process, errors))
                assert started[0].process.stdout
                listener = _listen(started[0].process.stdout, progress)
                _await(started)
            finally:
                _stop(started)
                if listener is not None:
                    listener.join()


def _start(
    store: str, job: str, rank: int, workers: int, port: int, errors: Path
) -> subprocess.Popen[bytes]:
    with errors.open("wb") as file:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                __package__,
                f"--store={store}",
                f"--job={job}",
                "--end-with-input",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if rank == 0 else subprocess.DEVNULL,
            stderr=file,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(phasegate.__file__).parents[1]),
                "TMPDIR": str(errors.parent),  # what a killed worker leaves goes with it
                TRACKER: "127.0.0.1",
                PORT: str(port),
                RANK: str(rank),
                WORKERS: str(workers),
            },
        )


def _listen(output: IO[bytes], progress: Progress) -> threading.Thread:
    """Pass on what rank 0 tells, until it ends."""

    def read() -> None:
        with output:
            for line in output:
                if told := _told(line):
                    progress(*told)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _told(line: bytes) -> tuple[float, str] | None:
    """Share and message of a line; None of one that XGBoost printed."""
    try:
        value = json.loads(line)
        return float(value["share"]), str(value["message"])
    except (ValueError, KeyError, TypeError):
        return None


def _await(workers: Sequence[_Worker]) -> None:
    while True:
        codes = [worker.code for worker in workers]
        if all(code == 0 for code in codes):
            return
        if any(code not in (None, 0) for code in codes):
            first = [worker for worker in workers if worker.code not in (None, 0)]
            until = time.monotonic() + _GRACE_SECONDS
            while any(worker.code is None for worker in workers) and time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
            raise _failure(workers, first[0])
        time.sleep(_POLL_SECONDS)


def _failure(workers: Sequence[_Worker], first: _Worker) -> BadInput:
    """One message for all: of a worker that refused its input; else of one that was killed."""
    for worker in workers:
        if worker.code == ExitCode.BAD_INPUT:
            return BadInput(worker.last_words)
    killed = next((one for one in workers if one.code is not None and one.code < 0), first)
    code = killed.code or 0
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    words = f" ({killed.last_words})" if killed.last_words else ""
    return Unavailable(
        f"worker {killed.rank} of {len(workers)} {how}{words}; the others were stopped, and"
        " nothing was written",
        where="distributed training",
        fix="run it again; where memory ran out, use fewer local workers or a cluster",
    )


def _stop(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        if worker.code is None:
            worker.process.kill()
        worker.process.wait()
        assert worker.process.stdin
        worker.process.stdin.close()
