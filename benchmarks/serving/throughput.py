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
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.serving.load import Load, write_bodies
from benchmarks.serving.model import rows, saved_model
from benchmarks.serving.rounds import Round, one_round, print_rounds
from benchmarks.serving.servers import (
    BareKServe,
    MLServer,
    Phasegate,
    PhasegateNamed,
    PhasegateStandard,
    PhasegateUnlogged,
    Server,
)
from benchmarks.serving.table import print_table
from phasegate.errors import BadInput, ExitCode
from phasegate.models import Model
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
            matrices = {
                count: [rows(count, seed) for seed in range(BODIES)] for count in options.rows
            }
            print_agreement(servers, model, matrices)
            for count, bodies in matrices.items():
                results = measure(servers, bodies, load, options.rounds, folder)
                peer = results[servers[0].title]
                print_rounds(
                    f"rows: {count:,}", [(name, found, peer) for name, found in results.items()]
                )
            require_whole_logs(servers)
    except (BadInput, ServingFailure) as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED


def print_agreement(
    servers: Sequence[Server], model: Model, matrices: Mapping[int, Sequence[np.ndarray]]
) -> None:
    """Say how far each server's scores are from XGBoost's own, by rows in a request."""

    def largest(server: Server, requests: Sequence[np.ndarray]) -> float:
        expected = model.score(np.concatenate(requests).astype(np.float32))
        found = np.concatenate([server.scores(one) for one in requests])
        return float(np.abs(found - expected).max())

    print_table(
        ("largest difference from XGBoost", *(f"rows: {count:,}" for count in matrices)),
        [
            (server.title, *(f"{largest(server, some):.1e}" for some in matrices.values()))
            for server in servers
        ],
    )


def require_whole_logs(servers: Sequence[Server]) -> None:
    """Refuse measurements of a server that was spared some of its work.

    Raises:
        BadInput: a prediction log, which nobody empties here, has run out of room.
    """
    for server in servers:
        dropped = server.counter("phasegate_log_dropped_total")
        if dropped:
            raise BadInput(
                f"{dropped:,.0f} records were not logged",
                where=server.title,
                fix="fewer rounds, or shorter ones",
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
            done = one_round(server.url, server.pid, files[server.title], load)
            results[server.title].append(done)
    return results


if __name__ == "__main__":
    sys.exit(main())
