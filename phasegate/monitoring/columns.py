"""Columns as they arrive, of whatever type: as numbers, or as categories."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.models.encoding import CATEGORICAL, NUMERIC

CHARACTERS = frozenset("0123456789+-.eEinfINFatyATY")


def numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray | None]:
    """float64 [rows], NaN where missing or no number; and where it is no number, if anywhere.

    Text is read if it is a number as programs write it (`-1.5e3`, `nan`, `inf`), with spaces
    around it or not.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if is_text(kind):
        return _read(column)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
        kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return column.cast(pa.float64(), safe=False).to_numpy(), None
    if pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64()).to_numpy(), None
    return np.full(len(column), math.nan), column.is_valid().to_numpy()


def text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Categories as text, null where missing."""
    kind = column.type
    if pa.types.is_string(kind):
        return column
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = [None if one is None else str(one) for one in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def kind_of(kind: pa.DataType) -> str | None:
    """How values of a type are compared: as numbers, as categories, or (None) not at all."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return NUMERIC
    if is_text(kind) or pa.types.is_boolean(kind):
        return CATEGORICAL
    return None


def is_text(kind: pa.DataType) -> bool:
    """Whether values of a type are text."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _read(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray | None]:
    # Each distinct text is read once. Arrow's own cast fails as a whole, and fills nothing.
    encoded = pc.dictionary_encode(column.combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    read = [_number(one) for one in encoded.dictionary.to_pylist()]
    values = np.array([math.nan if one is None else one for one in (*read, math.nan)], np.float64)
    wrong = np.array([*(one is None for one in read), False])
    codes = pc.fill_null(encoded.indices, len(read)).to_numpy()
    return values[codes], wrong[codes] if wrong.any() else None


def _number(value: str) -> float | None:
    """None where it is no number; Python would also read 1_000 and the digits of all scripts."""
    stripped = value.strip(" \t")
    if not CHARACTERS.issuperset(stripped):
        return None
    try:
        return float(stripped)
    except ValueError:
        return None
