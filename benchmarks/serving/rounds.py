"""Runs of wrk on servers that are compared: what each cost, and medians of their ratios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.serving.load import Load
from benchmarks.serving.processor import cpu_seconds
from benchmarks.serving.table import print_table
from benchmarks.serving.wrk_output import Measured
from phasegate.errors import BadInput


@dataclass(frozen=True)
class Round:
    """One run of wrk on one server, and the processor time that the server took for a request."""

    measured: Measured
    cpu_microseconds: float


def one_round(url: str, pid: int, bodies: Path, load: Load) -> Round:
    """One run of wrk on a URL that a process answers.

    Raises:
        BadInput: when a request fails, because then nothing was measured.
    """
    before = cpu_seconds(pid)
    measured = load.run(url, bodies)
    used = cpu_seconds(pid) - before
    if measured.failures:
        raise BadInput(
            f"{measured.failures} of {measured.requests} requests failed",
            where=url,
            expected="none",
        )
    return Round(measured, used / measured.requests * 1e6)


def print_rounds(title: str, lines: Sequence[tuple[str, Sequence[Round], Sequence[Round]]]) -> None:
    """Print medians of rounds, a line for each name, and their ratios to others'.

    Args:
        title: of the first column.
        lines: name, rounds, and the rounds to compare them with.
    """
    columns = {
        "requests/s": (lambda one: one.measured.rate, ",.0f"),
        "p50 ms": (lambda one: one.measured.p50, ".2f"),
        "p99 ms": (lambda one: one.measured.p99, ".2f"),
        "CPU µs/request": (lambda one: one.cpu_microseconds, ",.0f"),
    }
    print_table(
        (title, *columns, *(f"{name.split()[0]}, ratio" for name in columns)),
        [
            (
                name,
                *(f"{median(map(of, these)):{form}}" for of, form in columns.values()),
                *(f"{_ratio(these, those, of):.2f}" for of, _ in columns.values()),
            )
            for name, these, those in lines
        ],
    )


def _ratio(these: Sequence[Round], those: Sequence[Round], of: Callable[[Round], float]) -> float:
    """Median of the ratios round by round: what slows one round down slows both sides of it."""
    return median(of(one) / of(other) for one, other in zip(these, those, strict=True))
