"""From the Parquet parts of a snapshot to a feature set, in memory or, beyond it, on disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from phasegate.features.definitions import FeatureDefinitions
from phasegate.features.events import TABLE, Events, open_events
from phasegate.features.in_memory import in_memory_groups
from phasegate.features.writer import ROW_GROUP, feature_schema, write_groups
from phasegate.progress import Progress, no_progress


@dataclass(frozen=True)
class Computed:
    """Size of a feature set: rows, and feature columns."""

    rows: int
    columns: int


def compute_features(
    parts: Sequence[Path],
    definitions: FeatureDefinitions,
    output: Path,
    *,
    threads: int,
    memory_limit_bytes: int | None = None,
    progress: Progress = no_progress,
) -> Computed:
    """Compute the features of every row and write them, ordered by time, then by row.

    Events that fit in memory take the NumPy kernel; others the Ibis expression on DuckDB, which
    spills to disk beside the output. Both write the same bytes, with any number of threads.

    Args:
        parts: Parquet files of the snapshot, in order.
        definitions: what to compute.
        output: Parquet file; it appears only when it is complete.
        threads: threads to compute with.
        memory_limit_bytes: memory to stay within; half of what is allowed by default.
        progress: told a fraction and what is being done.

    Raises:
        BadInput: see `events.open_events`.
    """
    limit = memory_limit_bytes or _allowed_memory() // 2
    with (
        tempfile.TemporaryDirectory(prefix=".spill-", dir=output.parent) as spill,
        duckdb.connect(config=_settings(threads, limit, spill)) as connection,
    ):
        progress(0.0, f"checking {len(parts)} parts")
        events = open_events(connection, parts, definitions)
        if estimated_memory(events.rows, definitions) <= limit:
            groups = in_memory_groups(events, threads=threads, progress=progress)
        else:
            progress(0.1, f"{events.rows} rows exceed the memory limit: computing on disk")
            groups = _on_disk_groups(events)
        write_groups(groups, feature_schema(definitions), output)
    progress(1.0, f"{events.rows} rows written")
    return Computed(events.rows, len(definitions.columns))


def estimated_memory(rows: int, definitions: FeatureDefinitions) -> int:
    """Bytes that the in-memory way needs: measured at 1 to 10 million rows, rounded up."""
    inputs = 3 + len(definitions.sources)
    order_and_codes = 4
    numbers = 2 * inputs + order_and_codes + 2 * len(definitions.statistics)
    strings = 4 * (len(definitions.categorical) + (definitions.entity is not None))
    return 256 * 2**20 + 8 * rows * (numbers + strings)


def _on_disk_groups(events: Events) -> Iterator[pa.Table]:
    # Imported here: it takes longer than a small computation does.
    import ibis

    from phasegate.features.expression import feature_expression

    backend = ibis.duckdb.from_connection(events.connection)
    expression = feature_expression(backend.table(TABLE), events.definitions)
    query = ibis.to_sql(expression.order_by("_time", "_row"), dialect="duckdb")
    reader = events.connection.sql(str(query)).to_arrow_reader(ROW_GROUP)
    yield from (pa.Table.from_batches([batch]) for batch in reader)


def _settings(threads: int, limit: int, spill: str) -> dict[str, str | int]:
    return {
        "threads": threads,
        "memory_limit": f"{max(limit, 256 * 2**20) // 2**20}MiB",
        "temp_directory": spill,
    }


def _allowed_memory() -> int:
    """Bytes that this process may use: the machine's, or its container's if that is less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        text = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return physical
    return min(physical, int(text)) if text.isdigit() else physical
