"""Rows sorted once by score, so that any weighting of them is tallied without sorting again."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from phasegate.evaluation.metrics import CALIBRATION_BINS, Levels, Tally


class Ranking:
    """Labels and scores of fixed rows.

    Args:
        labels: 0 or 1, [rows].
        scores: probabilities, [rows].

    Raises:
        ValueError: when lengths differ, a label is neither 0 nor 1, or a score is not a
            probability.
    """

    def __init__(self, labels: np.ndarray, scores: np.ndarray) -> None:
        labels = np.asarray(labels)
        scores = np.asarray(scores, dtype=np.float64)
        if labels.shape != scores.shape or labels.ndim != 1:
            raise ValueError(f"{labels.shape} labels and {scores.shape} scores")
        if not np.isin(labels, (0, 1)).all():
            raise ValueError("labels are neither 0 nor 1")
        if not ((scores >= 0) & (scores <= 1)).all():
            raise ValueError("scores are not all probabilities")
        ascending, place = np.unique(scores, return_inverse=True)
        level = len(ascending) - 1 - place.reshape(-1)
        self.rows = len(scores)
        self.levels = Levels(ascending[::-1].copy(), _equal_mass_bins(level, len(ascending)))
        # One counting pass fills both classes: all levels of negatives, then all of positives.
        self._cell = level + len(ascending) * labels.astype(np.int64)

    def tally(self, weights: np.ndarray | None = None) -> Tally:
        """Weights [rows] counted per level and class; without weights each row counts once."""
        levels = len(self.levels.scores)
        counts = np.bincount(self._cell, weights=weights, minlength=2 * levels)
        counts = counts.astype(np.float64, copy=False)
        return Tally(self.levels, counts[levels:], counts[:levels])

    @cached_property
    def whole(self) -> Tally:
        """The tally in which each row counts once."""
        return self.tally()


def _equal_mass_bins(level: np.ndarray, levels: int) -> np.ndarray:
    """Bin of each level, by the middle of its rows in the order of scores."""
    rows = np.bincount(level, minlength=levels)
    middle = np.cumsum(rows) - rows / 2
    return np.floor(middle * CALIBRATION_BINS / max(len(level), 1)).astype(np.int64)
