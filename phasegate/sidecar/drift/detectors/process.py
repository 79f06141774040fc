"""The detectors' process: started when first asked, at low priority, ended when idle."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.sidecar.drift.detectors.findings import Findings, Library
from phasegate.sidecar.drift.samples import to_bytes

_SECONDS = 120.0
_IDLE_SECONDS = 300.0
_NICE = 10
_VARIABLES = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "TRANSFORMERS_VERBOSITY": "error",  # which alibi-detect imports, and which misses PyTorch
    "PYTHONWARNINGS": "ignore",
}


class Detectors:
    """Tests by one library. For one thread.

    A process of its own keeps some 300 MB of libraries out of the sidecar, and the sidecar alive
    whatever they do; it starts with the first window that ends.

    Args:
        library: whose tests.
        folder: for the samples that are compared.
        seconds: that one window may take, the library's import included.
    """

    def __init__(self, library: Library, folder: Path, seconds: float = _SECONDS) -> None:
        self._library, self._folder, self._seconds = library, folder, seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._used, self._is_closed = 0.0, False
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, reference: Path, window: pa.Table, level: float, rows: int) -> Findings:
        """Compare a window's sample with the reference's; never raises for what libraries do."""
        sample = self._folder / "window.arrow"
        sample.write_bytes(to_bytes(window))
        question = {
            "library": self._library, "reference": str(reference), "window": str(sample),
            "rows": rows, "level": level, "seed": 0,
        }  # fmt: skip
        answer = self._ask(question)
        if answer is None:  # once more: a process can be killed for reasons of its machine
            answer = self._ask(question)
        if answer is None:
            return Findings(self._library, (), "the detectors' process ended or took too long")
        try:
            return Findings.from_json({"library": self._library, "tests": [], **answer})
        except BadInput as error:
            return Findings(self._library, (), str(error))

    def end_if_idle(self) -> None:
        """End the process when nothing was asked for some minutes."""
        if self._process and time.monotonic() - self._used > _IDLE_SECONDS:
            self._end()

    def close(self) -> None:
        """End the process for good; who waits for an answer in another thread gets a problem."""
        self._is_closed = True
        self._end()

    def _end(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def _ask(self, question: dict[str, object]) -> dict[str, object] | None:
        if self._is_closed:
            return None
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            line = self._read_line(self._process.stdout.fileno())
            self._used = time.monotonic()
            return json.loads(line)
        except (OSError, ValueError):
            self._end()
            return None

    def _read_line(self, pipe: int) -> bytes:
        deadline, line = time.monotonic() + self._seconds, b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise TimeoutError
            more = os.read(pipe, 1 << 16)
            if not more:
                raise OSError("the process ended")
            line += more
        return line

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["nice", "-n", str(_NICE), sys.executable, "-m", "phasegate.sidecar.drift.detectors"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_VARIABLES},
        )
