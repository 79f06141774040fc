"""Rows a minute and peak memory of the simulator: `python -m benchmarks.simulate --rows N`."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from phasegate.simulation import Simulation, write

_DAYS = 180


def main() -> None:
    """Write a simulation of about so many rows to a temporary folder and report its cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    customers = max(round(arguments.rows / (_DAYS * 2.0)), 1)
    simulation = Simulation(
        date(2026, 1, 1), _DAYS, customers=customers, terminals=max(customers // 5, 20)
    )
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        written = write(simulation, Path(folder), threads=arguments.threads)
        seconds = time.perf_counter() - begin
    # Bytes on macOS, kilobytes elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(f"rows         {written.rows:>14,}")
    print(f"threads      {arguments.threads:>14,}")
    print(f"seconds      {seconds:>14.2f}")
    print(f"rows/minute  {written.rows / seconds * 60:>14,.0f}")
    print(f"MB on disk   {written.bytes / 1e6:>14.1f}")
    print(f"peak MiB     {peak / 2**20:>14.0f}")


if __name__ == "__main__":
    main()
