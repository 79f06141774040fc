"""Featurize against pandas groupby-rolling: seconds, ratio, peak memory, linearity.

    python benchmarks/featurize.py --rows 1000000
    python benchmarks/featurize.py --rows 1000000 2000000 5000000 10000000 --peer-rows 1000000

Each measurement is a process of its own, so that peak memory is that of the one thing measured.
Nine features: count, sum and mean over 1, 7 and 30 days by customer. `kernel` and `pandas` work on
the same columns in memory, best of the repetitions; `step` is the whole component, from Parquet to
Parquet.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

DAYS = 180
EVENTS_PER_CUSTOMER = 100
THREADS = 2
Times = tuple[float, float]


def generate(rows: int, path: Path) -> None:
    """Events of random customers in time order; the same for the same number of rows."""
    with duckdb.connect(config={"threads": THREADS}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"""
            COPY (
                SELECT TIMESTAMP '2024-01-01' + to_microseconds(
                           i * {DAYS * 86_400_000_000 // rows}) AS event_time,
                       (hash(i) % {max(1, rows // EVENTS_PER_CUSTOMER)})::BIGINT AS customer_id,
                       (hash(i + 1000000007) % 50000) / 100.0 AS amount,
                       (hash(i + 2000000011) % 100 = 0)::INTEGER AS is_fraud
                FROM range({rows}) AS source(i)
            ) TO '{path}' (FORMAT parquet)
            """
        )


def definitions() -> Any:
    from phasegate.features.definitions import FeatureDefinitions

    window = {
        "entity": "customer_id",
        "value": "amount",
        "aggregates": ["count", "sum", "mean"],
        "over": ["1d", "7d", "30d"],
    }
    data = {"time": "event_time", "entity": "customer_id", "label": {"column": "is_fraud"}}
    return FeatureDefinitions.parse({"windows": [window]}, data)


def kernel(path: Path, repetitions: int) -> list[Times]:
    """Entity codes, windows, aggregates by row group: from columns in memory to the same."""
    from phasegate.features.in_memory import aggregate, entity_codes
    from phasegate.features.windows import window_statistics
    from phasegate.features.writer import ROW_GROUP

    with duckdb.connect(config={"threads": THREADS}) as connection:
        connection.execute("SET enable_progress_bar = false")
        table = connection.sql(
            f"SELECT epoch_us(event_time) AS time, customer_id, amount::DOUBLE AS amount "
            f"FROM '{path}'"
        ).to_arrow_table()
    moments, amounts = table["time"].to_numpy(), {"amount": table["amount"].to_numpy()}
    declared = definitions()
    place = {item: position for position, item in enumerate(declared.statistics)}

    def run() -> None:
        results = window_statistics(
            moments,
            entity_codes(table["customer_id"]),
            amounts,
            declared.statistics,
            threads=THREADS,
        )
        for start in range(0, len(results), ROW_GROUP):
            group = results[start : start + ROW_GROUP]
            for feature in declared.windows:
                aggregate(feature.aggregate, group[:, place[feature.statistic]])

    return [timed(run) for _ in range(repetitions)]


def step(path: Path, repetitions: int) -> list[Times]:
    """Parquet to Parquet."""
    from phasegate.features.compute import compute_features

    output = path.with_name("features.parquet")
    return [
        timed(lambda: compute_features([path], definitions(), output, threads=THREADS))
        for _ in range(repetitions)
    ]


def pandas(path: Path, repetitions: int) -> list[Times]:
    """The usual way: sort, then nine rolling aggregates by group."""
    import pandas

    frame = pandas.read_parquet(path, columns=["event_time", "customer_id", "amount"])

    def run() -> None:
        ordered = frame.sort_values(["customer_id", "event_time"], kind="stable")
        grouped = ordered.set_index("event_time").groupby("customer_id", sort=False)["amount"]
        for days in (1, 7, 30):
            rolling = grouped.rolling(f"{days}D", closed="left")
            for aggregate in ("count", "sum", "mean"):
                column = np.empty(len(frame))
                column[ordered.index] = getattr(rolling, aggregate)().to_numpy()

    return [timed(run) for _ in range(repetitions)]


def timed(run: Callable[[], object]) -> Times:
    """Wall-clock and CPU seconds of one call; the latter hardly depend on who else is busy."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(
    function: Callable[[Path, int], list[Times]], path: Path, repetitions: int
) -> dict[str, float]:
    """Best seconds, least CPU seconds and peak resident MiB of a function in a fresh process."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(function, path, repetitions, sender))
    process.start()
    sender.close()
    times, peak = receiver.recv()
    process.join()
    best, least = (round(min(column), 3) for column in zip(*times, strict=True))
    return {"seconds": best, "cpu_seconds": least, "peak_mib": round(peak)}


def _measured(
    function: Callable[[Path, int], list[Times]], path: Path, count: int, sender: Connection
) -> None:
    times = function(path, count)
    sender.send((times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 2_000_000, 10_000_000])
    parser.add_argument("--peer-rows", type=int, default=2_000_000, help="most that pandas gets")
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    print("| rows | what | seconds | CPU seconds | peak MiB | speed against pandas |")
    print("|---:|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for rows in options.rows:
            path = Path(folder) / "events.parquet"
            generate(rows, path)
            peer = measure(pandas, path, 1) if rows <= options.peer_rows else None
            measured = {
                "pandas groupby-rolling": peer,
                "kernel": measure(kernel, path, options.repetitions),
                "whole step, Parquet to Parquet": measure(step, path, options.repetitions),
            }
            for name, found in measured.items():
                if found:
                    print(f"| {rows:,} | {name} | {_cells(found, peer)} |", flush=True)


def _cells(found: dict[str, float], peer: dict[str, float] | None) -> str:
    ratio = f"{peer['seconds'] / found['seconds']:.1f}" if peer else ""
    figures = (found["seconds"], found["cpu_seconds"])
    return " | ".join([*(f"{figure:.2f}" for figure in figures), f"{found['peak_mib']}", ratio])


if __name__ == "__main__":
    main()
