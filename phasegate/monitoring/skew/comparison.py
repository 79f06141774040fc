"""Which rows were served otherwise than computed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def different(
    served: pa.ChunkedArray, recomputed: pa.ChunkedArray, tolerance: float
) -> NDArray[np.bool_]:
    """Whether the two values of each row differ, [rows].

    Missing (null or NaN) equals missing and nothing else; texts are equal or not.

    Args:
        served: [rows] float64 or string.
        recomputed: [rows] of the same type.
        tolerance: of numbers, as a share of the larger of the two.
    """
    if pa.types.is_floating(recomputed.type):
        return ~close(numbers(served), numbers(recomputed), tolerance)
    equal = pc.fill_null(pc.equal(served, recomputed), False)
    both = pc.and_(pc.is_null(served), pc.is_null(recomputed))
    return ~np.asarray(pc.or_(equal, both).to_numpy(), bool)


def close(
    left: NDArray[np.float64], right: NDArray[np.float64], tolerance: float
) -> NDArray[np.bool_]:
    """Whether numbers are equal but for a share of the larger one; NaN equals NaN, [rows]."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(left - right) <= tolerance * np.maximum(np.abs(left), np.abs(right))
    # An infinity is near to anything finite by the rule above, and not to itself.
    near &= np.isfinite(left) & np.isfinite(right)
    return near | (left == right) | (np.isnan(left) & np.isnan(right))


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Floating numbers with NaN for what is missing, [rows]."""
    return np.asarray(column.to_numpy(), np.float64)


def texts(column: pa.ChunkedArray) -> NDArray[np.object_]:
    """Texts with None for what is missing, [rows]."""
    return np.array([*column.to_pylist(), None], object)[:-1]
