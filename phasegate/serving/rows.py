"""From the columns of a request to the rows that a model scores, each value checked.

Whole columns are checked at C speed: one pass over the values' types, one over their range. Only
when that fails is the value looked for that is to blame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, NUMERIC, Input
from phasegate.serving.columns import Columns
from phasegate.serving.limits import Limits

_NUMBERS = {int, float, type(None)}
_TEXTS = {str, type(None)}
# The trees compare float32 values.
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request.

    Attributes:
        numeric: float64 [rows, numeric inputs] in the model's order; NaN is missing.
        text: one list [rows] for each categorical input in the model's order; None is missing.
        rows: how many.
    """

    numeric: np.ndarray
    text: list[list[str | None]]
    rows: int


class FeatureReader:
    """Reads requests that carry the values of a model's inputs.

    Args:
        inputs: of the model.
        limits: of a request.
    """

    def __init__(self, inputs: Sequence[Input], limits: Limits) -> None:
        self._inputs = inputs
        self._numeric = [one.name for one in inputs if one.kind == NUMERIC]
        self._text = [one.name for one in inputs if one.kind == CATEGORICAL]
        self._text_length = limits.text_length

    def read(self, columns: Columns) -> Batch:
        """The rows of a request.

        Raises:
            BadInput: naming the feature and the row, and the type and range that was expected.
        """
        matrix = self._matrix(columns)
        text = [_texts(columns.values[name], self._text_length) for name in self._text]
        if matrix is None or None in text:
            raise self._culprit(columns.values, columns.nan_is_missing)
        return Batch(matrix, text, columns.rows)

    def _matrix(self, columns: Columns) -> np.ndarray | None:
        shape = columns.rows, len(self._numeric)
        if columns.flat is not None:
            numbers = _numbers(columns.flat, columns.nan_is_missing)
            return None if numbers is None else numbers.reshape(shape)
        flat = list(chain.from_iterable(columns.values[name] for name in self._numeric))
        numbers = _numbers(flat, columns.nan_is_missing)
        return None if numbers is None else np.ascontiguousarray(numbers.reshape(shape[::-1]).T)

    def _culprit(self, values: Mapping[str, Sequence[Any]], nan_is_missing: bool) -> BadInput:
        """The first value that cannot be right, named."""
        for one in self._inputs:
            for row, value in enumerate(values[one.name]):
                if one.kind == NUMERIC:
                    right = _numbers([value], nan_is_missing) is not None
                    expected = f"a finite number within ±{LARGEST:.2g}, or null"
                else:
                    right = _texts([value], self._text_length) is not None
                    expected = f"text or null, at most {self._text_length} characters"
                if not right:
                    text = repr(value)
                    shown = text if len(text) <= 60 else text[:57] + "..."
                    return BadInput(
                        f"{type(value).__name__} {shown}",
                        where=f"feature '{one.name}' of row {row}",
                        expected=expected,
                    )
        raise AssertionError("every value is right by itself")


def _numbers(values: Sequence[Any] | np.ndarray, nan_is_missing: bool) -> np.ndarray | None:
    """float64 [values], NaN where missing; None when one is no number or out of range."""
    if isinstance(values, np.ndarray):
        return values if (np.abs(values) <= LARGEST).all() else None
    kinds = list(map(type, values))
    if kinds.count(float) == len(kinds):
        numbers = np.fromiter(values, np.float64, len(values))
    elif set(kinds) <= _NUMBERS:  # bool is a type of its own
        try:
            numbers = np.array(values, dtype=np.float64)
        except OverflowError:
            return None
    else:
        return None
    out = np.count_nonzero(~(np.abs(numbers) <= LARGEST))
    missing = out and (
        np.count_nonzero(np.isnan(numbers)) if nan_is_missing else values.count(None)
    )
    return numbers if out == missing else None


def _texts(values: Sequence[Any], longest: int) -> list[str | None] | None:
    """The values, decoded where they are bytes; None when one is no text, or too long."""
    try:
        texts = [one.decode() if isinstance(one, bytes) else one for one in values]
        if not set(map(type, texts)) <= _TEXTS:
            return None
        for one in texts:
            if one is not None:
                one.encode()  # a lone surrogate is no text
                if len(one) > longest:
                    return None
    except UnicodeError:
        return None
    return texts
