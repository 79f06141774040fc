"""Golden rows: what the server and the offline model are both asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.models import CATEGORICAL, Input
from phasegate.training.split import split_features

UNSEEN = "a category that was never seen"


def positions_of_test(table: pa.Table, split: Mapping[str, Any]) -> np.ndarray:
    """Positions of the test rows, int64, in split order.

    Args:
        table: `_row`, `_time` and `_label` of a feature set.
        split: split section of the project.

    Raises:
        BadInput: when the split leaves a part empty or with one class only.
    """
    # Feature sets without event time have zeros there.
    has_time = bool(table.column("_time").to_numpy().any())
    return split_features(table, split, {"time": "_time" if has_time else None}).test


def golden_rows(table: pa.Table, inputs: Sequence[Input], count: int) -> pa.Table:
    """Rows evenly spread over a table, and rows at its edges.

    The edges: everything missing; the least and the greatest of every number; a category that
    was never seen. The same table gives the same rows.

    Args:
        table: the inputs' columns, at least one row.
        count: rows to take from the table; all of them if it has fewer.

    Returns:
        The inputs' columns, float64 and string.
    """
    chosen = np.unique(np.linspace(0, len(table) - 1, count).round().astype(np.int64))
    columns = {}
    for one in inputs:
        column = table.column(one.name).cast(_type(one))
        columns[one.name] = pa.concat_arrays(
            [*column.take(pa.array(chosen)).chunks, _edges(column, one)]
        )
    return pa.table(columns)


def as_objects(rows: pa.Table) -> list[dict[str, Any]]:
    """One object of feature values for each row; None where missing, be that null or NaN."""
    columns = [
        pc.if_else(pc.is_nan(column), None, column) if column.type == pa.float64() else column
        for column in rows.columns
    ]
    return pa.table(columns, rows.column_names).to_pylist()


def _edges(column: pa.ChunkedArray, one: Input) -> pa.Array:
    """Values of the four edge rows in one column."""
    first = column[0].as_py()
    if one.kind == CATEGORICAL:
        return pa.array([None, first, first, UNSEEN], _type(one))
    extremes = pc.min_max(column)
    return pa.array([None, extremes["min"].as_py(), extremes["max"].as_py(), first], _type(one))


def _type(one: Input) -> pa.DataType:
    return pa.string() if one.kind == CATEGORICAL else pa.float64()
