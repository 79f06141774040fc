"""Evidence from logs of pairs: rows a second, peak memory, and the size of what is kept.

``python -m benchmarks.release.evidence --rows 1000000 10000000``: each number in a process of its
own, with a business metric, its bounds, and a slice. Prints Markdown.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

from benchmarks.serving.table import print_table


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(*measured(options.one))
        return 0
    rows = []
    for number in options.rows:
        command = [sys.executable, "-m", "benchmarks.release.evidence", "--one", str(number)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        seconds, peak, size = output.split()
        rows.append(
            [
                f"{number:,} pairs",
                f"{float(seconds):.1f} s",
                f"{number / float(seconds):,.0f}",
                f"{int(peak) / 1024:,.0f} MiB",
                f"{int(size):,} bytes",
            ]
        )
    print_table(["log", "time", "rows a second", "peak memory", "evidence"], rows)
    return 0


def measured(rows: int) -> tuple[float, int, int]:
    """Seconds, peak memory in KiB, and bytes of the statistics of so many pairs."""
    import duckdb

    from phasegate.digests import canonical_json
    from phasegate.prediction_log.pairs import Coverage
    from phasegate.release.gathering.pair_statistics import pair_statistics
    from phasegate.release.policy import BusinessMetric, Policy
    from phasegate.values import to_json

    metric = BusinessMetric(
        "saved",
        "CASE WHEN decision = 1 AND label THEN amount WHEN decision = 1 THEN -5 ELSE 0 END",
        lower=-5,
        upper=1000,
    )
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        pairs = connection.sql(synthetic(rows))
        started = time.perf_counter()
        found = pair_statistics(
            connection,
            pairs,
            Coverage(rows, rows, {}, 0, 0, 0),
            Policy((), slices=("category",), metric=metric),
        )
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, peak, len(canonical_json(to_json(found)))


def synthetic(rows: int) -> str:
    """SQL of pairs that are made while they are read: ten requests of each entity."""

    def share(seed: int) -> str:
        return f"((hash(i, {seed}) % 1000000) / 1000000.0::DOUBLE)"

    sides = ", ".join(
        f"{share(seed)} AS {role}_score, ({share(seed)} < 0.02)::TINYINT AS {role}_decision,"
        f" (500 + {share(seed + 1)} * 4000)::BIGINT AS {role}_latency_us"
        for role, seed in (("champion", 1), ("challenger", 3))
    )
    return f"""
        SELECT lpad(i::VARCHAR, 32, '0') AS request_id, 0 AS "row",
            make_timestamp(1740787200000000 + i * 10000) AS event_time,
            'customer-' || hash(i) % {max(rows // 10, 1)} AS entity, {sides},
            {{'amount': {share(5)} * 1000, 'category': 'c' || hash(i, 6) % 20}} AS features,
            {share(7)} < 0.01 AS label
        FROM range({rows}) AS t(i)"""


if __name__ == "__main__":
    sys.exit(main())
