"""What an entity did before: windows that end elsewhere than they should, and earlier events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phasegate.features.events import number_column

Values = NDArray[np.float64] | NDArray[np.object_]
NONE = -1


@dataclass(frozen=True, eq=False)
class Past:
    """Events of some entities, and the rows whose past they are.

    Attributes:
        time: [events] microseconds; ascending within an entity.
        codes: [events] entity of each event, 0, 1, 2 ..., ascending.
        columns: [events] numbers (NaN is missing) and texts (None is missing), by the names that
            the table of events has for them.
        rows: [rows] entity of each row, or NONE.
        moments: [rows] microseconds.
    """

    time: NDArray[np.int64]
    codes: NDArray[np.int64]
    columns: Mapping[str, Values]
    rows: NDArray[np.int64]
    moments: NDArray[np.int64]

    def before(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of all events lie before a moment of each row's entity, [rows].

        Events of entities with smaller codes count too: the difference of two of these is the
        number of events between two moments.
        """
        if not len(self.time):
            return np.zeros(len(self.rows), np.int64)
        first, last = int(self.time.min()), int(self.time.max())
        span = last - first + 2
        keys = self.codes * span + (self.time - first)
        wanted = self.rows * span + np.clip(moments - first, 0, span - 1)
        return np.where(self.rows == NONE, 0, np.searchsorted(keys, wanted))

    def statistics(
        self, value: str, exponent: int, start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Count and sum of the present values of events in [start, end), each [rows].

        Args:
            value: column that is counted and summed.
            exponent: values are rounded to multiples of 2**-exponent, see `Statistic`.
            start, end: [rows] microseconds.
        """
        return self.between(value, exponent, self.before(start), self.before(end))

    def between(
        self, value: str, exponent: int, first: NDArray[np.int64], last: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Count and sum of the events from position ``first`` to before ``last``, each [rows]."""
        last = np.maximum(first, last)
        numbers = np.asarray(self.columns[number_column(value)], np.float64)
        present = ~np.isnan(numbers)
        units = np.floor(np.where(present, numbers, 0.0) * 2.0**exponent + 0.5).astype(np.int64)
        counted, summed = _running(present.astype(np.int64)), _running(units)
        count = (counted[last] - counted[first]).astype(np.float64)
        return count, (summed[last] - summed[first]) * 2.0**-exponent

    def earlier(self) -> NDArray[np.int64]:
        """Position of the latest event of the row's entity before the row, or NONE, [rows]."""
        position = self.before(self.moments) - 1
        own = (position >= 0) & (self.rows != NONE)
        own[own] = self.codes[position[own]] == self.rows[own]
        return np.where(own, position, NONE)


def _running(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(values)))
