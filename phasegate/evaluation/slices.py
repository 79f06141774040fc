"""Groups of rows by the value of a column, and what a model decides in each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from phasegate.evaluation.metrics import Confusion, Tally
from phasegate.evaluation.ranking import Ranking

MISSING = "(missing)"
NUMERIC_LEVELS = 12
QUARTILES = (0.25, 0.5, 0.75)
LEFT_OUT = -1


@dataclass(frozen=True, eq=False)
class Slicing:
    """Rows divided by one column.

    Attributes:
        names: slices that are large enough, sorted.
        sizes: rows of each.
        codes: int [rows], index into names; LEFT_OUT for rows of small slices.
        small: rows of each slice that is too small to judge: told, and left out.
    """

    column: str
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    codes: np.ndarray
    small: dict[str, int]


def slicing(column: str, values: np.ndarray, minimum: int) -> Slicing:
    """Divide rows by a column's values.

    A number with more than a dozen distinct values is divided at its quartiles. Missing values
    (None or NaN) are a slice of their own.

    Args:
        values: [rows], numbers or objects.
        minimum: rows that a slice needs to be judged.
    """
    labels = _labels(np.asarray(values))
    names, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    large = np.flatnonzero(sizes >= minimum)
    lookup = np.full(len(names), LEFT_OUT, dtype=np.int64)
    lookup[large] = np.arange(len(large))
    small = {str(names[i]): int(sizes[i]) for i in np.flatnonzero(sizes < minimum)}
    return Slicing(
        column,
        tuple(str(names[i]) for i in large),
        tuple(int(sizes[i]) for i in large),
        lookup[codes.reshape(-1)] if len(names) else np.empty(0, dtype=np.int64),
        small,
    )


class SliceCounter:
    """Counts the decisions in every slice, for any weighting of the rows.

    Args:
        labels, decisions: 0 or 1, [rows].
    """

    def __init__(self, groups: Slicing, labels: np.ndarray, decisions: np.ndarray) -> None:
        self._slices = len(groups.names)
        self._rows = np.flatnonzero(groups.codes != LEFT_OUT)
        kind = 2 * np.asarray(labels, dtype=np.int64) + np.asarray(decisions, dtype=np.int64)
        self._cell = 4 * groups.codes[self._rows] + kind[self._rows]

    def count(self, weights: np.ndarray) -> Confusion:
        """Decisions of each kind, float64 [slices] each."""
        # Most columns leave no row out, and then a copy of the weights would double the work.
        chosen = weights if len(self._rows) == len(weights) else weights[self._rows]
        counts = np.bincount(self._cell, weights=chosen, minlength=4 * self._slices)
        table = counts.reshape(self._slices, 2, 2)
        return Confusion(
            true_positive=table[:, 1, 1],
            false_positive=table[:, 0, 1],
            false_negative=table[:, 1, 0],
            true_negative=table[:, 0, 0],
        )


class SliceRankings:
    """Ranks the rows of every slice by themselves.

    Args:
        labels: 0 or 1, [rows].
        scores: probabilities, [rows].
    """

    def __init__(self, groups: Slicing, labels: np.ndarray, scores: np.ndarray) -> None:
        rows = [np.flatnonzero(groups.codes == code) for code in range(len(groups.names))]
        self._parts = [(chosen, Ranking(labels[chosen], scores[chosen])) for chosen in rows]

    def tally(self, weights: np.ndarray) -> list[Tally]:
        """One tally for each slice, of weights [rows]."""
        return [ranking.tally(weights[chosen]) for chosen, ranking in self._parts]


def worst(values: np.ndarray) -> float:
    """The lowest of all slices; NaN if there is none, or if any is not defined."""
    return float(np.min(values)) if len(values) else float("nan")


def _labels(values: np.ndarray) -> np.ndarray:
    """The name of each row's slice."""
    if values.dtype.kind in "iuf":
        return _numeric_labels(values.astype(np.float64))
    return np.array([_text(value) for value in values.tolist()], dtype=object).astype(str)


def _numeric_labels(values: np.ndarray) -> np.ndarray:
    finite = np.isfinite(values)
    levels = np.unique(values[finite])
    labels = np.full(len(values), MISSING, dtype=object)
    if len(levels) <= NUMERIC_LEVELS:
        labels[finite] = [f"{value:.12g}" for value in values[finite]]
        return labels.astype(str)
    cuts = np.unique(np.quantile(values[finite], QUARTILES))
    place = np.searchsorted(cuts, values[finite], side="left")
    ends = [f"{cut:.6g}" for cut in cuts]
    middle = [f"{i + 1}: {ends[i - 1]} to {ends[i]}" for i in range(1, len(ends))]
    names = [f"1: up to {ends[0]}", *middle, f"{len(cuts) + 1}: above {ends[-1]}"]
    labels[finite] = np.array(names, dtype=object)[place]
    return labels.astype(str)


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
