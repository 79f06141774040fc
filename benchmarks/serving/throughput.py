"""Requests a second against MLServer's XGBoost runtime and a bare KServe ModelServer.

``python -m benchmarks.serving.throughput``: one booster, REST v2 JSON, single rows and batches.
Each server has a core to itself and wrk the other one; rounds are interleaved, and ratios are
medians of the rounds' own, to the first server. Prints Markdown, and how far scores differ. Needs
wrk, and environments: ``python3.11 -m phasegate.local.environments core mlserver``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.serving.load import Load, write_bodies
from benchmarks.serving.model import rows, saved_model
from benchmarks.serving.processor import cpu_seconds
from benchmarks.serving.servers import (
    BareKServe,
    MLServer,
    Phasegate,
    PhasegateNamed,
    PhasegateStandard,
    PhasegateUnlogged,
    Server,
)
from benchmarks.serving.table import median_ratio, print_table
from benchmarks.serving.wrk_output import Measured
from phasegate.errors import BadInput, ExitCode
from phasegate.serving.client import ServingFailure

SERVERS: dict[str, type[Server]] = {
    "mlserver": MLServer,
    "kserve": BareKServe,
    "phasegate": Phasegate,
    "named": PhasegateNamed,
    "standard": PhasegateStandard,
    "unlogged": PhasegateUnlogged,
}
BODIES = 64
WARM_UP = Load(seconds=1)


@dataclass(frozen=True)
class Round:
    """One run of wrk on one server, and the processor time that the server took for a request."""

    measured: Measured
    cpu_microseconds: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS)[:5])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 100])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each run")
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    load = Load(options.seconds, options.connections)
    try:
        with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
            folder = Path(temporary)
            model = saved_model(folder / "model")
            servers = [
                stack.enter_context(SERVERS[name](folder / "model", folder / name))
                for name in options.servers
            ]
            sample = rows(1000, seed=1)
            print_agreement(servers, sample, model.score(sample.astype(np.float32)))
            for count in options.rows:
                bodies = [rows(count, seed) for seed in range(BODIES)]
                print_speed(count, measure(servers, bodies, load, options.rounds, folder))
    except (BadInput, ServingFailure) as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED


def print_agreement(servers: Sequence[Server], sample: np.ndarray, expected: np.ndarray) -> None:
    """Say how far each server's scores are from XGBoost's own in this process."""
    print_table(
        ("server", f"largest difference from XGBoost over {len(sample):,} rows"),
        [
            (server.title, f"{np.abs(server.scores(sample) - expected).max():.1e}")
            for server in servers
        ],
    )


def measure(
    servers: Sequence[Server], matrices: Sequence[np.ndarray], load: Load, rounds: int, folder: Path
) -> dict[str, list[Round]]:
    """Rounds of each server by its name, taken in turn.

    Raises:
        BadInput: when a request fails, because then nothing was measured.
    """
    files = {
        server.title: write_bodies(folder / server.title, [server.body(one) for one in matrices])
        for server in servers
    }
    for server in servers:
        WARM_UP.run(server.url, files[server.title])
    results: dict[str, list[Round]] = {server.title: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            results[server.title].append(one_round(server, files[server.title], load))
    return results


def one_round(server: Server, bodies: Path, load: Load) -> Round:
    """One run of wrk.

    Raises:
        BadInput: when a request fails.
    """
    before = cpu_seconds(server.pid)
    measured = load.run(server.url, bodies)
    used = cpu_seconds(server.pid) - before
    if measured.failures:
        raise BadInput(
            f"{measured.failures} of {measured.requests} requests failed",
            where=server.title,
            expected="none",
        )
    return Round(measured, used / measured.requests * 1e6)


def print_speed(count: int, results: dict[str, list[Round]]) -> None:
    """One line for each server; ratios are to the first."""
    peer = next(iter(results.values()))
    header = (
        f"{count:,} row{'s' * (count > 1)}", "requests/s", "p50 ms", "p99 ms", "CPU µs/request",
        "requests/s, ratio", "p99, ratio", "CPU, ratio",
    )  # fmt: skip
    print_table(
        header,
        [
            (
                name,
                f"{median(one.measured.rate for one in found):,.0f}",
                f"{median(one.measured.p50 for one in found):.2f}",
                f"{median(one.measured.p99 for one in found):.2f}",
                f"{median(one.cpu_microseconds for one in found):,.0f}",
                f"**{_ratio(found, peer, lambda one: one.measured.rate):.2f}**",
                f"{_ratio(found, peer, lambda one: one.measured.p99):.2f}",
                f"{_ratio(found, peer, lambda one: one.cpu_microseconds):.2f}",
            )
            for name, found in results.items()
        ],
    )


def _ratio(these: Sequence[Round], those: Sequence[Round], of: Callable[[Round], float]) -> float:
    return median_ratio([of(one) for one in these], [of(one) for one in those])


if __name__ == "__main__":
    sys.exit(main())
