"""Months of predictions that may drift in one known way: correlated, autocorrelated, with weekends.

Rows of a day share levels that wander from day to day (AR(1)), features share a factor, two of them
differ at weekends, when there are also fewer rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

NUMERIC = 12
NAMES = (*(f"x{one}" for one in range(NUMERIC)), "kind")
KINDS = ("a", "b", "c", "d", "e")
SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
CHANGES = ("mean", "variance", "category", "missing", "correlation only", "concept only")


@dataclass(frozen=True, eq=False)
class Stream:
    """Rows in order of time.

    Attributes:
        numbers: [rows, NUMERIC], NaN is missing.
        kinds: [rows], places in `KINDS`.
        scores: [rows], of a model that was right before anything changed.
        labels: [rows], bool.
        days: [rows], from 0 on.
        times: [rows], microseconds since the first day began.
    """

    numbers: np.ndarray
    kinds: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    days: np.ndarray
    times: np.ndarray

    def of(self, chosen: np.ndarray) -> Stream:
        """Some of the rows."""
        return Stream(
            self.numbers[chosen], self.kinds[chosen], self.scores[chosen], self.labels[chosen],
            self.days[chosen], self.times[chosen],
        )  # fmt: skip


def stream(days: int, seed: int, *, per_day: int = 1_000, change: str = "", at: int = 0) -> Stream:
    """Days of rows, of which those from day `at` on are changed."""
    rng = np.random.default_rng(seed)
    level, common, parts = np.zeros(NUMERIC), 0.0, []
    for day in range(days):
        weekend = day % 7 >= 5
        n = int(rng.poisson(per_day * (0.6 if weekend else 1.0)))
        common = 0.7 * common + rng.normal(0, 0.05)
        level = 0.7 * level + rng.normal(0, 0.05, NUMERIC)
        factor = rng.normal(size=(n, 1))
        numbers = 0.75 * factor + 0.66 * rng.normal(size=(n, NUMERIC)) + level + common
        numbers[:, 8:] = rng.normal(size=(n, NUMERIC - 8)) + level[8:]
        numbers[:, 4:6] += 0.4 * weekend
        numbers[:, 11] = np.floor(np.exp(numbers[:, 11]))  # counts, most of them small
        kinds = rng.choice(len(KINDS), n, p=SHARES)
        parts.append((numbers, kinds, np.full(n, day), np.sort(rng.random(n)) * 86_400e6))
        if change and day >= at:
            _change(parts[-1], change, rng)
    numbers, kinds, day = (np.concatenate([one[place] for one in parts]) for place in range(3))
    times = (np.concatenate([one[3] for one in parts]) + day * 86_400e6).astype(np.int64)
    scores = _chance(numbers, 1.0)
    meaning = np.where((change == "concept only") & (day >= at), -1.0, 1.0)
    labels = rng.random(len(scores)) < _chance(numbers, meaning)
    return Stream(numbers, kinds, scores, labels, day, times)


def _chance(numbers: np.ndarray, meaning: np.ndarray | float) -> np.ndarray:
    """Of a label 1: of the features that never change, so that inputs may drift without scores."""
    return 1 / (1 + np.exp(1.5 - meaning * (1.2 * numbers[:, 8] + 0.8 * numbers[:, 9])))


def _change(part: tuple[np.ndarray, ...], change: str, rng: np.random.Generator) -> None:
    numbers, kinds = part[0], part[1]
    n = len(kinds)
    if change == "mean":
        numbers[:, 0] += 0.6
    elif change == "variance":
        numbers[:, 1] *= 1.6
    elif change == "category":
        kinds[(kinds == 0) & (rng.random(n) < 0.4)] = 3
    elif change == "missing":
        numbers[rng.random(n) < 0.12, 2] = np.nan
    elif change == "correlation only":
        for column in range(4):
            numbers[:, column] = rng.permutation(numbers[:, column])
