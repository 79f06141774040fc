"""Where a mixture's logarithm reaches a threshold, for arrays of them at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq, elementwise

TOLERANCES = {"xatol": 1e-14, "xrtol": 1e-10, "fatol": 0.0, "frtol": 0.0}


def bracket(
    function: Callable[..., np.ndarray], ends: tuple[np.ndarray, np.ndarray], args: tuple
) -> tuple[np.ndarray, np.ndarray]:
    """The last bracket of each root (Chandrupatla, 1997): the root is between its two sides.

    ``function`` is elementwise and has different signs at the two ends; NaN where it has not.
    One root alone is found by Brent's method (1973): there arrays cost ten times what they do.
    """
    if all(np.size(value) == 1 for value in (*ends, *args)):
        return _one(function, *(float(np.reshape(end, ())) for end in ends), args)
    found = elementwise.find_root(function, ends, args=args, tolerances=TOLERANCES)
    left, right = found.bracket
    return np.where(found.success, left, np.nan), np.where(found.success, right, np.nan)


def _one(
    function: Callable[..., np.ndarray], left: float, right: float, args: tuple
) -> tuple[np.ndarray, np.ndarray]:
    shape = np.broadcast_shapes(*(np.shape(value) for value in args))
    scalars = tuple(float(np.reshape(value, ())) for value in args)
    sides = float(function(left, *scalars)), float(function(right, *scalars))
    if not (sides[0] < 0 <= sides[1] or sides[1] < 0 <= sides[0]):
        return np.full(shape, np.nan), np.full(shape, np.nan)
    absolute, relative = TOLERANCES["xatol"], TOLERANCES["xrtol"]
    root = brentq(lambda x: float(function(x, *scalars)), left, right, xtol=absolute, rtol=relative)
    error = absolute + relative * abs(root)
    return (
        np.full(shape, max(root - error, min(left, right))),
        np.full(shape, min(root + error, max(left, right))),
    )
