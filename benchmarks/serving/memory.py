"""Memory of predictor and sidecar while a million requests are answered, logged and sealed.

``python -m benchmarks.serving.memory``: single rows, several requests in flight, without pause.
Prints Markdown: resident memory after each part, and how much it varies over the last half.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.deployment import sidecar
from benchmarks.serving.load import Load, write_bodies
from benchmarks.serving.model import one_tensor, rows, saved_model
from benchmarks.serving.processor import resident_bytes
from benchmarks.serving.rounds import one_round
from benchmarks.serving.servers import Phasegate
from benchmarks.serving.table import print_table
from phasegate.errors import BadInput, ExitCode
from phasegate.server_process import ServerFailure
from phasegate.serving.client import ServingFailure

BODIES = 1000
FIRST_SECONDS = 2


@dataclass(frozen=True)
class Sample:
    """Resident memory after so many requests, bytes."""

    requests: int
    predictor: int
    sidecar: int


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=10)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            saved_model(folder / "model")
            bodies = write_bodies(
                folder / "bodies", [one_tensor(rows(1, seed)) for seed in range(BODIES)]
            )
            spool = folder / "spool"
            with (
                sidecar(folder / "sidecar", spool) as sealing,
                Phasegate(folder / "model", folder / "predictor", spool=spool) as predictor,
            ):
                samples = measure(predictor, sealing.pid, bodies, options)
                written = predictor.counter("phasegate_log_records_total")
                dropped = predictor.counter("phasegate_log_dropped_total")
    except (BadInput, ServerFailure, ServingFailure) as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    print_samples(samples)
    print(f"{written:,.0f} records logged, {dropped:,.0f} dropped.")
    return ExitCode.PASSED


def measure(
    predictor: Phasegate, sidecar: int, bodies: Path, options: argparse.Namespace
) -> list[Sample]:
    """Samples after each part, of about equal numbers of requests.

    Raises:
        BadInput: when a request fails.
    """
    first = Load(FIRST_SECONDS, options.connections)
    found = one_round(predictor.url, predictor.pid, bodies, first).measured
    done, samples = found.requests, []
    while done < options.requests:
        due = options.requests * (len(samples) + 1) // options.parts
        seconds = max(1, math.ceil((due - done) / found.rate))
        part = Load(seconds, options.connections)
        found = one_round(predictor.url, predictor.pid, bodies, part).measured
        done += found.requests
        samples.append(Sample(done, resident_bytes(predictor.pid), resident_bytes(sidecar)))
    return samples


def print_samples(samples: Sequence[Sample]) -> None:
    """One line for each sample, and one for the spread."""
    table = [
        (f"{one.requests:,}", f"{one.predictor / 2**20:.1f}", f"{one.sidecar / 2**20:.1f}")
        for one in samples
    ]
    late = samples[len(samples) // 2 :]
    spreads = [_spread([one.predictor for one in late]), _spread([one.sidecar for one in late])]
    table.append(("largest to smallest, last half", *(f"**+{spread:.1%}**" for spread in spreads)))
    print_table(("requests", "predictor MiB", "sidecar MiB"), table)


def _spread(values: Sequence[int]) -> float:
    return max(values) / min(values) - 1


if __name__ == "__main__":
    sys.exit(main())
