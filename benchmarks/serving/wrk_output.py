"""What one run of wrk measured, from what `post.lua` prints at its end."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One run of wrk.

    Attributes:
        requests: answers that were received.
        seconds: how long the run took.
        p50: median latency, milliseconds.
        p99: 99th percentile of latency, milliseconds.
        refused: answers with a status of 400 or more.
        broken: connections that failed, broke or timed out.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int
    broken: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    @property
    def failures(self) -> int:
        """Requests without a good answer."""
        return self.refused + self.broken


def parse(output: str) -> Measured:
    """Read wrk's standard output, whose last line is the script's.

    Raises:
        ValueError: when that line is missing, as when wrk ended early.
    """
    lines = output.strip().splitlines()
    try:
        found = json.loads(lines[-1])
        return Measured(
            requests=found["requests"],
            seconds=found["microseconds"] / 1e6,
            p50=found["p50"] / 1e3,
            p99=found["p99"] / 1e3,
            refused=found["refused"],
            broken=found["broken"],
        )
    except (IndexError, KeyError, TypeError, ValueError):
        raise ValueError(f"wrk measured nothing; it printed: {output.strip()[-500:]}") from None
