"""What decisions came to: shares, an interval, and money."""

from __future__ import annotations

import math
from collections.abc import Mapping

from phasegate.monitoring.performance.series import Confusion


def precision(confusion: Confusion) -> float:
    """Share of the rows decided 1 that are 1; NaN without any."""
    return _share(confusion.true_positive, confusion.false_positive)


def recall(confusion: Confusion) -> float:
    """Share of the rows that are 1 that were decided 1; NaN without any."""
    return _share(confusion.true_positive, confusion.false_negative)


def value_of(confusion: Confusion, worth: Mapping[str, float]) -> float:
    """What decisions were worth."""
    return sum(
        getattr(confusion, name) * worth.get(name, 0.0)
        for name in ("true_positive", "false_positive", "false_negative", "true_negative")
    )


def is_below(confusion: Confusion, floor: float) -> bool:
    """Whether precision is below a floor; without any decision 1 it is, for nothing is shown."""
    return not precision(confusion) >= floor


def interval(confusion: Confusion) -> tuple[float, float]:
    """Bounds of precision at 95 %: Wilson (1927), as if rows were independent; NaN without any."""
    hits, of = confusion.true_positive, confusion.true_positive + confusion.false_positive
    if not of:
        return math.nan, math.nan
    z = 1.959963984540054
    share, spread = hits / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return middle - half, middle + half


def _share(hits: int, others: int) -> float:
    return hits / (hits + others) if hits + others else math.nan
