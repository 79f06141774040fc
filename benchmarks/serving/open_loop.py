"""Requests at a steady rate, from a process of its own so that nothing here slows them down.

``python -m benchmarks.serving.open_loop URL`` reads a window a line on its standard input, JSON of
`Window`'s arguments, sends it, and writes what came of it as a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

from benchmarks.serving.model import one_tensor, rows
from benchmarks.serving.processor import LOAD_CORE, pinned
from phasegate.local.serving.requests import Request
from phasegate.local.serving.sending import send
from phasegate.progress import no_progress
from phasegate.traffic.headers import ENTITY, REQUEST_ID

BODIES, ENTITIES = 64, 1000


@dataclass(frozen=True)
class Window:
    """Some seconds of requests.

    Attributes:
        seconds: how long.
        rate: requests a second.
        prefix: of their ids, which end with a number.
        rows: of each request.
    """

    seconds: float
    rate: float
    prefix: str
    rows: int = 1

    @property
    def count(self) -> int:
        """Requests in all."""
        return round(self.seconds * self.rate)

    def requests(self) -> Iterator[Request]:
        """The requests: features that repeat, entities that come back, ids of their own."""
        bodies = [one_tensor(rows(self.rows, seed)) for seed in range(min(BODIES, self.count))]
        for number in range(self.count):
            headers = {
                "content-type": "application/json",
                REQUEST_ID: f"{self.prefix}{number}",
                ENTITY: f"entity-{number % ENTITIES}",
            }
            yield Request(bodies[number % len(bodies)], headers)


@dataclass(frozen=True)
class Seen:
    """What users saw in a window.

    Attributes:
        requests: sent.
        errors: without a good answer.
        by_role: good answers, by the role of who gave them.
        latencies: of each answer, milliseconds.
    """

    requests: int
    errors: int
    by_role: Mapping[str, int]
    latencies: Sequence[float]


class OpenLoop:
    """A process that sends windows of requests to a URL, within the ``with`` body."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.serving.open_loop", self._url]
        with pinned(LOAD_CORE):
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        if error is not None:
            self._process.terminate()
        self._process.wait()

    def start(self, window: Window) -> None:
        """Begin to send; `seen` ends it."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asdict(window)) + "\n")
        self._process.stdin.flush()

    def seen(self) -> Seen:
        """Wait for the window's end.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator has ended")
        return Seen(**json.loads(line))

    def run(self, window: Window) -> Seen:
        """Send a window and wait for its end."""
        self.start(window)
        return self.seen()


def main(url: str) -> None:
    """Send windows until standard input ends."""
    for line in sys.stdin:
        window = Window(**json.loads(line))
        sent = send(
            window.requests(), url,
            total=window.count, rate=window.rate, in_flight=512, timeout=30, progress=no_progress,
        )  # fmt: skip
        latencies = [round(seconds * 1000, 3) for seconds in sent.latencies]
        seen = Seen(sent.requests, sent.errors, dict(sent.by_role), latencies)
        print(json.dumps(asdict(seen)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
