"""Two samples as arrays: columns without what is no value, and rows for joint tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

LEAST_REFERENCE = 20  # values; of a column with fewer, chance alone leaves a window none
LEAST = 5
_MOST_DUMMIES = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A feature on both sides.

    Attributes:
        name: of it.
        is_text: whether the values are codes of categories.
        reference, window: finite values or codes, float64 [values]; missing ones are left out,
            because they are a channel of their own and one NaN would hide all others.
    """

    name: str
    is_text: bool
    reference: np.ndarray
    window: np.ndarray


def columns(reference: pa.Table, window: pa.Table) -> Iterator[Column]:
    """Features of both tables that have at least `LEAST_REFERENCE` values in the reference."""
    for name in window.column_names:
        old, new = reference[name].combine_chunks(), window[name].combine_chunks()
        if pa.types.is_string(new.type):
            both = pa.concat_arrays([old.cast(pa.string()), new]).dictionary_encode()
            codes = both.indices.to_numpy(zero_copy_only=False).astype(np.float64)
            sides = codes[: len(old)], codes[len(old) :]
        else:
            sides = _floats(old), _floats(new)
        left, right = (side[np.isfinite(side)] for side in sides)
        if len(left) >= LEAST_REFERENCE:
            yield Column(name, pa.types.is_string(new.type), left, right)


def matrices(reference: pa.Table, window: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both sides, float64 [rows, columns]: numbers, and 0 or 1 for frequent categories.

    What is missing or infinite becomes the reference's median: the joint test is about values that
    are there.
    """
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for name in window.column_names:
        old, new = reference[name].combine_chunks(), window[name].combine_chunks()
        if pa.types.is_string(new.type):
            parts += _dummies(old.cast(pa.string()), new)
        else:
            left, right = _floats(old), _floats(new)
            known = left[np.isfinite(left)]
            middle = float(np.median(known)) if len(known) else 0.0
            parts.append(
                tuple(np.where(np.isfinite(one), one, middle) for one in (left, right))  # type: ignore[arg-type]
            )
    left, right = zip(*parts, strict=True)
    return np.column_stack(left), np.column_stack(right)


def _floats(column: pa.Array) -> np.ndarray:
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _dummies(old: pa.Array, new: pa.Array) -> list[tuple[np.ndarray, np.ndarray]]:
    counted = [one for one in old.value_counts().to_pylist() if one["values"] is not None]
    counted.sort(key=lambda one: (-one["counts"], one["values"]))
    left, right = (
        np.asarray(one.fill_null("").to_numpy(zero_copy_only=False)) for one in (old, new)
    )
    return [
        ((left == one["values"]).astype(float), (right == one["values"]).astype(float))
        for one in counted[:_MOST_DUMMIES]
    ]
