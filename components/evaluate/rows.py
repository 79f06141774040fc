"""The frozen test rows: the same for every model that is judged on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.evaluate.settings import Settings
from phasegate.contracts import ContractViolation, DataSnapshot, FeatureSet, TrainedModel
from phasegate.digests import digest_bytes, digest_json
from phasegate.errors import BadInput
from phasegate.training.split import split_features


@dataclass(frozen=True, eq=False)
class TestRows:
    """Test rows in split order.

    Attributes:
        numbers: position of each in the snapshot, int64 [rows].
        features: their features, [rows].
        labels: 0 or 1, [rows].
        entities: [rows], or None when entities do not matter.
        columns: raw columns to measure by, [rows] each.
        digest: sha256 of the feature set's digest and the rows' numbers.
    """

    __test__ = False  # not a test, whatever its name says to pytest

    numbers: np.ndarray
    features: pa.Table
    labels: np.ndarray
    entities: np.ndarray | None
    columns: dict[str, np.ndarray]
    digest: str

    def __len__(self) -> int:
        return len(self.numbers)


def check_lineage(snapshot: DataSnapshot, features: FeatureSet, model: TrainedModel) -> None:
    """Refuse inputs that do not belong together.

    Raises:
        ContractViolation: when the features are of another snapshot or of other definitions.
    """
    pairs = (
        ("snapshot_digest", features.snapshot_digest, snapshot.digest, "the snapshot"),
        ("definitions_digest", features.definitions_digest, model.definitions_digest, "the model"),
    )
    for field, found, expected, of in pairs:
        if found != expected:
            raise ContractViolation(
                f"{field} is {found[:12]}",
                where="evaluate: input feature_set (FeatureSet)",
                expected=f"that of {of}, {expected[:12]}",
                fix="connect the outputs of one run",
            )


def frozen_rows(
    features: Path, features_digest: str, parts: Sequence[Path], settings: Settings
) -> TestRows:
    """The test slice of a feature set, with the raw columns that it is measured by.

    Args:
        features: Parquet file of the whole feature set.
        parts: Parquet parts of the snapshot, in order.

    Raises:
        BadInput: when the split is not possible, or the data lack a column.
    """
    order = pq.read_table(features, columns=["_row", "_time", "_label"])
    chosen = take_rows(features, split_features(order, settings.split, settings.data).test)
    numbers = chosen.column("_row").to_numpy()
    return TestRows(
        numbers=numbers,
        features=chosen,
        labels=chosen.column("_label").to_numpy().astype(np.int8),
        entities=_entities(chosen) if settings.unit == "entity" else None,
        columns=raw_columns(parts, settings.slice_columns, numbers),
        digest=digest_json(
            {"features": features_digest, "rows": digest_bytes(numbers.astype("<i8").tobytes())}
        ),
    )


def take_rows(path: Path, positions: np.ndarray) -> pa.Table:
    """Rows of a Parquet file by position, in the order of the positions.

    Only the row groups that hold any are read: a test slice is a fraction of its file.
    """
    order = np.argsort(positions, kind="stable")
    ascending = positions[order]
    pieces, start = [], 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            low, high = np.searchsorted(ascending, (start, end))
            if high > low:
                wanted = pa.array(ascending[low:high] - start)
                pieces.append(file.read_row_group(group).take(wanted))
            start = end
    if np.array_equal(order, np.arange(len(order))):
        return pa.concat_tables(pieces)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return pa.concat_tables(pieces).take(pa.array(back))


def raw_columns(
    parts: Sequence[Path], names: Sequence[str], numbers: np.ndarray
) -> dict[str, np.ndarray]:
    """Raw values of the numbered rows, per column.

    Raises:
        BadInput: when there is no such column.
    """
    if not names:
        return {}
    known = pq.read_schema(parts[0]).names
    if absent := [name for name in names if name not in known]:
        raise BadInput(
            f"there is no column {', '.join(map(repr, absent))}",
            where="data.protected, evaluation.slices or a gate's 'by'",
            expected=f"columns of the data: {', '.join(known)}",
        )
    table = pa.concat_tables([pq.read_table(part, columns=list(names)) for part in parts])
    chosen = table.take(pa.array(numbers))
    return {name: _values(chosen.column(name)) for name in names}


def rows_like(features: Path, rows: TestRows) -> pa.Table:
    """The same rows, in the same order, of another feature set of the same snapshot.

    Raises:
        BadInput: when it lacks any of them.
    """
    numbers = pq.read_table(features, columns=["_row"]).column("_row").combine_chunks()
    place = pc.index_in(pa.array(rows.numbers), value_set=numbers)
    if place.null_count:
        raise BadInput(
            f"{place.null_count} test rows are missing from the champion's features",
            where="features",
            fix="run the pipeline again from ingest",
        )
    return take_rows(features, place.to_numpy().astype(np.int64))


def _entities(rows: pa.Table) -> np.ndarray:
    """Who each row belongs to; rows of nobody known are nobody's, each by itself."""
    pairs = zip(_values(rows.column("_entity")), rows.column("_row").to_numpy(), strict=True)
    return np.array([f"row {row}" if name is None else f"entity {name}" for name, row in pairs])


def _values(column: pa.ChunkedArray) -> np.ndarray:
    """Numbers as float64 with NaN for missing; anything else as text with None for missing."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64(), safe=False).to_numpy()
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return column.to_numpy()
