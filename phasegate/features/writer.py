"""Feature sets as Parquet: fixed row groups and settings, so the same rows give the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.features.definitions import FeatureDefinitions

ROW_GROUP = 131_072


def feature_schema(definitions: FeatureDefinitions) -> pa.Schema:
    """Columns of a feature set; only features may be null, meaning missing."""
    fields = [
        pa.field("_row", pa.int64(), nullable=False),
        pa.field("_time", pa.int64(), nullable=False),
        pa.field("_label", pa.int8(), nullable=False),
    ]
    if definitions.entity:
        fields.append(pa.field("_entity", pa.string()))
    kinds = {"numeric": pa.float64(), "categorical": pa.string()}
    fields += [pa.field(column.name, kinds[column.kind]) for column in definitions.columns]
    return pa.schema(fields)


def write_groups(groups: Iterable[pa.Table], schema: pa.Schema, output: Path) -> None:
    """Write tables of any sizes as one file, which appears only when it is complete."""
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    try:
        # Writing is the largest part of featurize; zstd would take a third longer.
        with pq.ParquetWriter(
            temporary, schema, compression="snappy", use_dictionary=texts
        ) as writer:
            for group in _regrouped(groups):
                writer.write_table(group.select(schema.names).cast(schema).combine_chunks())
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)


def _regrouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of ROW_GROUP rows; the last may be shorter."""
    pending: list[pa.Table] = []
    rows = 0
    for table in tables:
        pending.append(table)
        rows += table.num_rows
        while rows >= ROW_GROUP:
            joined = pa.concat_tables(pending)
            yield joined.slice(0, ROW_GROUP)
            pending, rows = [joined.slice(ROW_GROUP)], rows - ROW_GROUP
    if rows:
        yield pa.concat_tables(pending)
