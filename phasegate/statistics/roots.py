"""Where a mixture's logarithm reaches a threshold, for arrays of them at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import elementwise

TOLERANCES = {"xatol": 1e-14, "xrtol": 1e-10, "fatol": 0.0, "frtol": 0.0}


def bracket(
    function: Callable[..., np.ndarray], ends: tuple[np.ndarray, np.ndarray], args: tuple
) -> tuple[np.ndarray, np.ndarray]:
    """The last bracket of each root (Chandrupatla, 1997): the root is between its two sides.

    ``function`` is elementwise and has different signs at the two ends; NaN where it has not.
    """
    found = elementwise.find_root(function, ends, args=args, tolerances=TOLERANCES)
    left, right = found.bracket
    return np.where(found.success, left, np.nan), np.where(found.success, right, np.nan)
