"""Simulated days streamed to Parquet, one file a month, in memory bounded by a few days."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.progress import Progress, no_progress
from phasegate.simulation.configuration import Simulation
from phasegate.simulation.day import schema_of, simulate_day

# What each file says about itself: that it is simulated, and from what.
ORIGIN = b"phasegate.simulation"
_ROW_GROUP = 128 * 1024


@dataclass(frozen=True)
class Written:
    """What a simulation left on disk."""

    rows: int
    frauds: int
    files: tuple[Path, ...]
    bytes: int


def write(
    simulation: Simulation,
    folder: Path,
    progress: Progress = no_progress,
    threads: int = 1,
) -> Written:
    """Write a simulation as `YYYY-MM.parquet` files; the same simulation gives the same bytes.

    A file appears under its name only when it is complete. The number of threads changes the time
    that it takes, and memory (two days a thread), but no byte.

    Args:
        folder: made when missing; may hold an earlier run of the same simulation.
        progress: is told the share done, 0 to 1, and what was done.
    Raises:
        BadInput: when the folder holds other Parquet files or cannot be written.
    """
    origin = canonical_json(simulation.to_json())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_data(folder, origin)
        return _write_months(simulation, folder, origin, progress, threads)
    except OSError as error:
        raise BadInput(
            f"cannot write here ({error.strerror or error})", where=str(folder),
            expected=f"a folder with room for about {simulation.expected_rows:,} rows",
        ) from error  # fmt: skip


def _write_months(
    simulation: Simulation,
    folder: Path,
    origin: bytes,
    progress: Progress,
    threads: int,
) -> Written:
    rows = frauds = done = 0
    files = []
    days = _simulate_days(simulation, threads)
    for month, tables in groupby(days, key=lambda item: f"{item[0]:%Y-%m}"):
        path = folder / f"{month}.parquet"
        partial = path.with_name(f".{path.name}.partial")
        try:
            with pq.ParquetWriter(
                partial, schema_of(simulation), compression="zstd", compression_level=1,
                use_dictionary=["customer_id", "terminal_id", "category", "channel", "country"],
                store_schema=False,
            ) as writer:  # fmt: skip
                writer.add_key_value_metadata({ORIGIN: origin})
                pending: list[pa.Table] = []
                for day, table in tables:
                    pending.append(table)
                    if sum(map(len, pending)) >= _ROW_GROUP:
                        _write_row_group(writer, pending)
                    rows += len(table)
                    frauds += pc.sum(table["is_fraud"]).as_py() or 0
                    done += 1
                    progress(done / simulation.days, f"{day}: {rows:,} rows, {frauds:,} frauds")
                _write_row_group(writer, pending)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        files.append(path)
    return Written(rows, frauds, tuple(files), sum(path.stat().st_size for path in files))


def _write_row_group(writer: pq.ParquetWriter, pending: list[pa.Table]) -> None:
    if pending:
        table = pa.concat_tables(pending).combine_chunks()
        writer.write_table(table, row_group_size=max(len(table), 1))
        pending.clear()


def _simulate_days(simulation: Simulation, threads: int) -> Iterator[tuple[date, pa.Table]]:
    """Every day's table in order, made by a pool at most two days a thread ahead."""
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[tuple[date, Future[pa.Table]]] = deque()
        for day in simulation.dates():
            ahead.append((day, pool.submit(simulate_day, simulation, day)))
            if len(ahead) > 2 * threads:
                first, table = ahead.popleft()
                yield first, table.result()
        while ahead:
            first, table = ahead.popleft()
            yield first, table.result()


def _refuse_other_data(folder: Path, origin: bytes) -> None:
    """A month left behind by another simulation would silently be read as part of this one."""
    for path in sorted(folder.glob("*.parquet")):
        try:
            found = (pq.read_metadata(path).metadata or {}).get(ORIGIN)
        except pa.ArrowInvalid:
            found = None
        if found != origin:
            raise BadInput(
                "holds data that this simulation did not write", where=str(path),
                expected="an empty folder, or one with an earlier run of the same simulation",
                fix="choose another folder or remove the file",
            )  # fmt: skip
