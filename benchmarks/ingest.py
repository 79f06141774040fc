"""How fast is `ingest`, against what bounds it: parallel sha256 (Parquet), a bare scan (CSV).

    python -m benchmarks.ingest --rows 10000000

Rounds are interleaved, so that a busy machine slows all of them alike; each cell is the best of
its rounds. The data are generated.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from components.ingest.ingest import ingest
from phasegate.store.copying import hash_file

FILES = 8
NOW = datetime(2030, 1, 1, tzinfo=UTC)
THREADS = len(os.sched_getaffinity(0))
DATA = {"time": "event_time", "key": "transaction_id", "label": {"column": "is_fraud"}}


def generate(folder: Path, rows: int) -> None:
    """Write ``events.csv`` and `FILES` Parquet files of ``rows`` rows in all."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": "2GiB"})
    select = """
        SELECT i AS transaction_id,
          TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS event_time,
          CAST(hash(i) % 5000 AS BIGINT) AS customer_id,
          CAST(hash(i * 7) % 10000 AS BIGINT) AS terminal_id,
          (hash(i * 13) % 1000000) / 100.0 AS amount,
          'category_' || (hash(i * 3) % 12) AS category,
          (hash(i * 11) % 1000000) / 997.0 AS score,
          (hash(i * 17) % 1000000) / 991.0 AS distance,
          CAST(hash(i * 19) % 100 = 0 AS INTEGER) AS is_fraud
        FROM range({start}, {stop}) AS t(i)"""
    whole = select.format(start=0, stop=rows)
    connection.execute(f"COPY ({whole}) TO '{folder}/events.csv' (HEADER)")
    (folder / "parquet").mkdir()
    for number in range(FILES):
        part = select.format(start=rows * number // FILES, stop=rows * (number + 1) // FILES)
        connection.execute(
            f"COPY ({part}) TO '{folder}/parquet/{number}.parquet' (COMPRESSION uncompressed)"
        )


def _hash(folder: Path) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(hash_file, sorted((folder / "parquet").iterdir())))


def _ingest(folder: Path, source: str, store: str) -> None:
    data = {**DATA, "source": str(folder / source)}
    ingest(data, str(folder / store), folder / "snapshot", now=NOW)


def _ingest_anew(folder: Path, source: str) -> None:
    _ingest(folder, source, "store")


def _forget(folder: Path) -> None:
    shutil.rmtree(folder / "store", ignore_errors=True)


def _scan_duckdb(folder: Path) -> None:
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    file = f"read_csv('{folder}/events.csv')"
    connection.execute(f"SELECT max(COLUMNS(*)) FROM {file}").fetchall()


def _scan_polars(folder: Path) -> None:
    import polars

    scan = polars.scan_csv(folder / "events.csv", try_parse_dates=True)
    scan.select(polars.all().max()).collect(engine="streaming")


def measure(
    runs: dict[str, Callable[[Path], None]], folder: Path, rounds: int
) -> dict[str, tuple[float, float]]:
    """Best wall-clock and best CPU seconds of each, over interleaved rounds."""
    best = dict.fromkeys(runs, (float("inf"), float("inf")))
    for _ in range(rounds):
        for name, run in runs.items():
            _forget(folder)
            wall, cpu = time.perf_counter(), time.process_time()
            run(folder)
            taken = time.perf_counter() - wall, time.process_time() - cpu
            best[name] = min(best[name][0], taken[0]), min(best[name][1], taken[1])
    return best


def _peak() -> int:
    """This process's peak resident bytes; ru_maxrss would count the parent's before exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) << 10


def peak_memory(folder: Path, source: str) -> int:
    """Peak resident bytes of a fresh process that ingests a source."""
    command = [sys.executable, "-m", "benchmarks.ingest", "--only", source, "--folder", str(folder)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(output.split()[-1])


def report(folder: Path, rows: int, rounds: int) -> str:
    """A Markdown table of all measurements."""
    _ingest(folder, "parquet", "known")
    sizes = {
        "parquet": sum(path.stat().st_size for path in (folder / "parquet").iterdir()),
        "events.csv": (folder / "events.csv").stat().st_size,
    }
    parquet = measure(
        {
            "parallel sha256": _hash,
            "ingest Parquet, new to the store": lambda f: _ingest_anew(f, "parquet"),
            "ingest Parquet, known to the store": lambda f: _ingest(f, "parquet", "known"),
        },
        folder,
        rounds,
    )
    csv = measure(
        {
            "DuckDB scan": _scan_duckdb,
            "Polars scan": _scan_polars,
            "ingest CSV": lambda f: _ingest_anew(f, "events.csv"),
        },
        folder,
        rounds,
    )
    lines = [
        f"{rows:,} rows, {THREADS} threads, best of {rounds} interleaved rounds",
        "",
        "| what | seconds | MB/s | CPU seconds | speed against the first |",
        "|---|---:|---:|---:|---:|",
    ]
    for size, results in ((sizes["parquet"], parquet), (sizes["events.csv"], csv)):
        reference = next(iter(results.values()))[0]
        for name, (wall, cpu) in results.items():
            lines.append(
                f"| {name} | {wall:.2f} | {size / wall / 1e6:,.0f} | {cpu:.2f}"
                f" | {reference / wall:.2f} |"
            )
    lines.append("")
    for source in sizes:
        lines.append(f"Peak RSS of ingesting {source}: {peak_memory(folder, source) >> 20} MiB")
    return "\n".join(lines)


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where an --only source lies")
    parser.add_argument("--only", help="ingest one source and print the peak RSS in bytes")
    arguments = parser.parse_args()
    if arguments.only:
        _ingest_anew(arguments.folder, arguments.only)
        print(_peak())
        return
    with tempfile.TemporaryDirectory(prefix="phasegate-bench-") as name:
        generate(Path(name), arguments.rows)
        print(report(Path(name), arguments.rows, arguments.rounds))


if __name__ == "__main__":
    main()
