"""Records as the Arrow tables that are stored: one row for each predicted row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phasegate.prediction_log.record import DAY_MICROSECONDS, Prediction, Source


def schema(source: Source) -> pa.Schema:
    """Columns of the stored table; features lie in one struct, in the order of the source."""
    features = [pa.field(name, pa.float64()) for name in source.numeric]
    features += [pa.field(name, pa.string()) for name in source.text]
    return pa.schema(
        [
            pa.field("request_id", pa.string()),
            pa.field("row", pa.int32()),
            pa.field("event_time", pa.timestamp("us", tz="UTC")),
            pa.field("entity", pa.string()),
            pa.field("role", pa.string()),
            pa.field("model", pa.string()),
            pa.field("model_digest", pa.string()),
            pa.field("project_version", pa.string()),
            pa.field("score", pa.float64()),
            pa.field("decision", pa.int8()),
            pa.field("latency_us", pa.int64()),
            pa.field("error", pa.string()),
            pa.field("features", pa.struct(features)),
        ]
    )


def table(predictions: Iterable[Prediction], source: Source) -> pa.Table:
    """One row for each predicted row, in the order of the records.

    A failed request is one row without score, decision and features. A request that asked for no
    rows has none. A missing feature is null.

    Args:
        predictions: records of the source.
        source: what they share.
    """
    records = list(predictions)
    failures = np.array([one.error is not None for one in records], bool)
    rows = np.array([one.rows for one in records], np.int64) + failures
    record = np.repeat(np.arange(len(records)), rows)
    failed = failures[record]

    def each(values: list[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind).take(pa.array(record))

    def same(value: str) -> pa.Array:
        return pa.repeat(value, len(record))

    columns = [
        each([one.request_id for one in records], pa.string()),
        pa.array((np.arange(len(record)) - (np.cumsum(rows) - rows)[record]).astype(np.int32)),
        each([one.event_time for one in records], pa.timestamp("us", tz="UTC")),
        each([one.entity for one in records], pa.string()),
        each([one.role for one in records], pa.string()),
        same(source.model),
        same(source.model_digest),
        same(source.project_version),
        pa.array(_spread(_joined((one.scores for one in records), "<f8"), failed), mask=failed),
        pa.array(_spread(_joined((one.decisions for one in records), "i1"), failed), mask=failed),
        each([one.latency for one in records], pa.int64()),
        each([one.error for one in records], pa.string()),
        _features(records, source, failed),
    ]
    return pa.Table.from_arrays(columns, schema=schema(source))


def partitions(table: pa.Table, source: Source, segment_digest: str) -> list[tuple[str, pa.Table]]:
    """The table's rows by UTC date of the event, in the order of dates, each with its store name.

    The name says what was sealed, not the bytes of the Parquet file: sealing a segment again gives
    the same names with any version of the library that writes them.

    Args:
        table: as `table` makes it, of one segment.
        source: what the segment's records share.
        segment_digest: hex sha256 of the segment's valid bytes.
    """
    days = table["event_time"].cast(pa.int64()).to_numpy() // DAY_MICROSECONDS
    parts = []
    for day in np.unique(days):
        name = (
            f"predictions/{source.model}/date={np.datetime64(int(day), 'D')}"
            f"/model={source.model_digest[:12]}/{segment_digest}.parquet"
        )
        parts.append((name, table.filter(pa.array(days == day))))
    return parts


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as a Parquet file; the same bytes for the same rows and the same pyarrow."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _features(
    records: list[Prediction], source: Source, failed: NDArray[np.bool_]
) -> pa.StructArray:
    packed = _joined((one.numeric for one in records), "<f8")
    columns: list[pa.Array] = []
    if source.numeric:
        columns += [
            pa.array(_spread(values, failed), from_pandas=True)
            for values in packed.reshape(-1, len(source.numeric)).T
        ]
    for position in range(len(source.text)):
        texts = [
            value
            for one in records
            for value in ((None,) if one.error is not None else one.categories[position])
        ]
        columns.append(pa.array(texts, pa.string()))
    return pa.StructArray.from_arrays(
        columns, fields=list(schema(source).field("features").type), mask=pa.array(failed)
    )


def _joined(parts: Iterable[bytes], kind: str) -> NDArray[Any]:
    return np.frombuffer(b"".join(parts), kind)


def _spread(values: NDArray[Any], failed: NDArray[np.bool_]) -> NDArray[Any]:
    """Values of the rows answered, with zeros between them for those that failed: [rows]."""
    spread = np.zeros(len(failed), values.dtype)
    spread[~failed] = values
    return spread
