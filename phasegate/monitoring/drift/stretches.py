"""Stretches of the reference as windows, each compared with the rest of the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from phasegate.monitoring.counting import EPOCH
from phasegate.monitoring.counts import Counts, NumericCounts, WindowCounts
from phasegate.monitoring.drift.comparison import (
    Comparison,
    Values,
    compare,
    groups,
    window_values,
)
from phasegate.monitoring.drift.variation import Spread
from phasegate.monitoring.profile import Reference

MOST_WINDOWS = 2_000
PARTS = 5
MICROSECOND = timedelta(microseconds=1)


class Stretches:
    """Windows of the reference, by the panes that they begin and end at.

    Args:
        starts: of the panes, rising.
        counts: of the panes.
        span: of the reference.
        length: of a window.
        seed: of the draw, where there are too many to look at all.

    Attributes:
        rows: of each window, [windows].
        parts: which part of the reference each window is in, rising, [windows]. Neighbours are
            alike, so that a part is one stretch of time.
    """

    def __init__(
        self,
        starts: Sequence[datetime],
        counts: Sequence[WindowCounts],
        span: timedelta,
        length: timedelta,
        seed: int,
    ) -> None:
        self.counts = counts
        at = np.array([(one - starts[0]) // MICROSECOND for one in starts])
        # At whole lengths since 1970, as windows are cut: a stretch over the end of a weekend is
        # like neither part, and judged windows are never that.
        offset = (EPOCH - starts[0]) % length // MICROSECOND
        begin = np.arange(offset, (span - length) // MICROSECOND + 1, length // MICROSECOND)
        if len(begin) > MOST_WINDOWS:
            chosen = np.random.default_rng(seed).choice(len(begin), MOST_WINDOWS, replace=False)
            begin = begin[np.sort(chosen)]
        self.first = np.searchsorted(at, begin)
        self.last = np.searchsorted(at, begin + length // MICROSECOND)
        self._out = self.first, self.last
        self.rows = self.of([one.rows for one in counts])
        number = len(begin)
        self.parts = np.arange(number) * min(PARTS, number) // max(number, 1)

    def apart(self) -> Stretches:
        """The same windows, each to be compared with the reference less the part that it is in.

        A window that is yet to come has no neighbours in the reference.
        """
        found = copy(self)
        begin = np.searchsorted(self.parts, self.parts, side="left")
        end = np.searchsorted(self.parts, self.parts, side="right") - 1
        found._out = self.first[begin], self.last[end]
        return found

    def of(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Sums of the windows, [windows, ...], of values of the panes, [panes, ...]."""
        return self._sums(values, self.first, self.last)

    def rest(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Sums of what each is compared with, [windows, ...], of values of the panes."""
        values = np.asarray(values, float)
        return values.sum(axis=0) - self._sums(values, *self._out)

    def _sums(
        self, values: Sequence[float] | np.ndarray, first: np.ndarray, last: np.ndarray
    ) -> np.ndarray:
        values = np.asarray(values, float)
        sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
        return sums[last] - sums[first]


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """A column of the windows, [windows] each.

    Attributes:
        found: each window against the rest of the reference.
        window: what is in it.
        new: values that the rest of the reference does not have.
        constant: whether it has one value only.
    """

    found: Comparison
    window: Values
    new: np.ndarray
    constant: np.ndarray

    def spread(self, chosen: np.ndarray) -> Spread:
        """How much some of the windows differ.

        Args:
            chosen: which, [windows] of bool.
        """
        found, rows = self.found, self.window.rows[chosen]
        new, invalid = self.new[chosen], self.window.invalid[chosen]
        at_least_one = np.maximum(rows, 1)
        return Spread(
            rounded(found.shape.part(chosen).spread()),
            rounded(found.stability.part(chosen).spread()),
            rounded(found.absence.part(chosen).spread()),
            rounded(float(np.max(new / at_least_one))),
            rounded(float(np.max(invalid / at_least_one))),
            rounded(float(new.sum() / max(rows.sum(), 1))),
            rounded(float(np.mean(self.constant[chosen]))),
            rounded(float(np.mean(self.window.values[chosen] == 0))),
        )


def column(reference: Reference, name: str, stretches: Stretches) -> Column:
    """One column of the windows against the rest; predictions where it has no name."""
    of: list[Counts] = [one.features[name] if name else one.scores for one in stretches.counts]
    each = window_values(of)
    parts = each.bins, each.missing, each.invalid, each.unseen
    window = Values(*(stretches.of(one) for one in parts))
    rest = Values(*(stretches.rest(one) for one in parts))
    is_numeric = reference.kind == "numeric"
    found = compare(rest, window, groups(reference), numeric=is_numeric)
    new = np.zeros(len(window.rows))
    if not is_numeric:
        # What only this window has would have been unseen, had it not been part of the reference.
        new = np.where(rest.bins > 0, 0.0, window.bins).sum(axis=-1)
    occupied = (window.bins > 0).sum(axis=-1)
    low, high = _extremes(of, stretches)
    constant = (occupied == 1) & (low == high) if is_numeric else occupied == 1
    return Column(found, window, new, constant)


def _extremes(counts: Sequence[Counts], stretches: Stretches) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest number of each window; NaN and infinity where there is none."""
    if not isinstance(counts[0], NumericCounts):
        return np.empty(0), np.empty(0)
    low = np.array([one.low for one in counts])  # type: ignore[union-attr]
    high = np.array([one.high for one in counts])  # type: ignore[union-attr]
    spans = list(zip(stretches.first, stretches.last, strict=True))
    return (
        np.array([low[a:b].min(initial=math.inf) for a, b in spans]),
        np.array([high[a:b].max(initial=-math.inf) for a, b in spans]),
    )


def rounded(value: float) -> float:
    """Six digits, so that the file is small."""
    return float(f"{value:.6g}")
