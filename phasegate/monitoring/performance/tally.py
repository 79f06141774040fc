"""What a log and its labels come to in one window of one model: sums of a constant size."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from phasegate.monitoring.performance.series import Confusion
from phasegate.statistics.clusters import Clusters


@dataclass(frozen=True, eq=False, slots=True)
class ScoreSums:
    """Answered rows by the bins of a profile's scores and by their decision.

    Attributes:
        rows: int64 [edges + 1, 2]; column 0 holds those decided 0, column 1 those decided 1.
        score: sum of their scores, float64, of the same shape.
        square: sum of the squares.
    """

    rows: np.ndarray
    score: np.ndarray
    square: np.ndarray

    @classmethod
    def of(cls, edges: np.ndarray, scores: np.ndarray, decisions: np.ndarray) -> ScoreSums:
        """Of rows.

        Args:
            edges: of the profile's scores, rising.
            scores: finite, [rows].
            decisions: 0 or 1, [rows].
        """
        scores = np.asarray(scores, float)
        cell = 2 * np.searchsorted(edges, scores) + np.asarray(decisions, np.int64)
        size = 2 * (len(edges) + 1)
        sums = (np.bincount(cell, power, size) for power in (scores**0, scores, scores**2))
        rows, score, square = (one.reshape(-1, 2) for one in sums)
        return cls(rows.astype(np.int64), score, square)


@dataclass(frozen=True, eq=False, slots=True)
class WindowTally:
    """Rows that one model answered users with, in one window of event time.

    ``rows = confusion.rows + pending + unlabelled + contradictory``.

    Attributes:
        since, until: from, and before.
        model_digest: of the model.
        rows: answers, each counted once.
        confusion: of the rows whose label is known and matured.
        pending: rows younger than the labels' delay.
        unlabelled: matured rows without a label.
        contradictory: matured rows whose request has labels that differ.
        named: matured rows whose request a label file names.
        relevant: rows of the confusion that the metric counts (its denominator), and hits among
            them (its numerator), by entity.
        scores: of all answers with a finite score; None of a model whose profile is not there.
        unscored: answers whose score is missing or not finite, or that decide neither 0 nor 1.
    """

    since: datetime
    until: datetime
    model_digest: str
    rows: int
    confusion: Confusion
    pending: int
    unlabelled: int
    contradictory: int
    named: int
    relevant: Clusters = field(default_factory=Clusters.none)
    scores: ScoreSums | None = None
    unscored: int = 0
