"""Where the bins of a numeric column end, from the values that it had."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal, localcontext

import numpy as np

from phasegate.monitoring.profile import BINS

SHIFT = 1e-3
DIGITS = 17


def edges(values: np.ndarray) -> tuple[float, ...]:
    """At most `BINS` - 1 rising edges of finite reference values, float64 [rows], in any order.

    Few distinct values are edges themselves, with one more right below the smallest: each of them
    has a bin of its own, so that distances are exact, and what is none of them falls outside. Else
    the edges are quantiles (of the inverted distribution function), written with few digits where
    that moves no reference value into another bin, and no edge by more than a thousandth.
    """
    ordered = np.sort(values) + 0.0  # minus zero is zero
    if len(ordered) == 0:
        return ()
    is_first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    different = ordered[is_first]
    if len(different) <= BINS - 2:
        below = math.nextafter(different[0], -math.inf)
        return (*([below] if math.isfinite(below) else []), *different.tolist())
    ranks = -(-np.arange(1, BINS) * len(ordered) // BINS) - 1
    chosen = np.unique(np.searchsorted(different, ordered[ranks]))
    after = np.append(different, np.inf)[chosen + 1]
    return tuple(
        _short(value, following)
        for value, following in zip(different[chosen].tolist(), after.tolist(), strict=True)
    )


def _short(value: float, following: float) -> float:
    """The number of fewest digits from a value on, before the one that follows it, and close."""
    limit = min(following, value + SHIFT * abs(value))
    exact = Decimal(value)
    with localcontext() as context:
        context.rounding = ROUND_CEILING
        for digits in range(1, DIGITS):
            context.prec = digits
            short = float(+exact)
            if value <= short < limit:
                return short
    return value
