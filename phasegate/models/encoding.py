"""From named columns to the float32 matrix that a booster reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.errors import BadInput

NUMERIC, CATEGORICAL = "numeric", "categorical"


@dataclass(frozen=True)
class Input:
    """One column that a model reads. kind: numeric or categorical."""

    name: str
    kind: str


def encode(
    columns: pa.Table | Mapping[str, Any],
    inputs: Sequence[Input],
    categories: Mapping[str, Sequence[str]],
) -> np.ndarray:
    """The matrix of a model's inputs, float32 [rows, inputs], row-major.

    Numeric values are rounded to float32. A categorical value is its position in
    `categories[name]`; a category that is not there is missing. Missing is NaN.

    Args:
        columns: an Arrow table, or name -> Arrow array, NumPy array or list; all of one length.
            Columns that are not inputs are ignored.

    Raises:
        BadInput: on a missing column, columns of unequal length, or a value of the wrong kind.
    """
    arrays = _columns(columns, [one.name for one in inputs])
    rows = len(arrays[0]) if arrays else 0
    matrix = np.empty((rows, len(inputs)), dtype=np.float32)
    for position, (one, array) in enumerate(zip(inputs, arrays, strict=True)):
        if len(array) != rows:
            raise BadInput(
                f"column '{one.name}' has {len(array)} values", expected=f"{rows}, as the others"
            )
        if one.kind == CATEGORICAL:
            matrix[:, position] = _codes(one.name, array, categories[one.name])
        else:
            matrix[:, position] = _numbers(one.name, array)
    return matrix


def _columns(columns: pa.Table | Mapping[str, Any], names: list[str]) -> list[Any]:
    present = set(columns.column_names if isinstance(columns, pa.Table) else columns)
    absent = [name for name in names if name not in present]
    if absent:
        raise BadInput(
            f"missing columns: {', '.join(absent)}", expected=f"all of {', '.join(names)}"
        )
    return [_column(name, columns[name]) for name in names]


def _column(name: str, values: Any) -> pa.Array | pa.ChunkedArray | np.ndarray:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf" and values.ndim == 1:
        return values
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise BadInput(
            f"values that are not of one type: {error}", where=f"column '{name}'"
        ) from None


def _numbers(name: str, array: pa.Array | pa.ChunkedArray | np.ndarray) -> np.ndarray:
    if not isinstance(array, np.ndarray):
        try:
            if pa.types.is_string(array.type):
                raise pa.ArrowInvalid("text, even of digits")
            array = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise BadInput(
                f"values of type {array.type}", where=f"column '{name}'", expected="numbers"
            ) from None
    with np.errstate(over="ignore"):
        values = array.astype(np.float32)
    if np.isinf(values).any():
        raise BadInput(
            "an infinite value, or one beyond float32",
            where=f"column '{name}'",
            expected="finite numbers, or null where missing",
        )
    return values


def _codes(name: str, array: pa.Array | pa.ChunkedArray, categories: Sequence[str]) -> np.ndarray:
    if isinstance(array, np.ndarray):
        array = pa.array(array)
    # A float would be spelled "1" here and "1.0" there, and so be silently unseen.
    if pa.types.is_floating(array.type) or pa.types.is_nested(array.type):
        raise BadInput(
            f"values of type {array.type}", where=f"column '{name}'", expected="categories, as text"
        )
    texts = array.cast(pa.string())
    known = pc.index_in(texts, value_set=pa.array(categories, pa.string()))
    codes = pc.fill_null(known, -1).to_numpy(zero_copy_only=False).astype(np.float32)
    codes[codes < 0] = np.nan
    return codes
