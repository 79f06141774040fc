"""Everything that is measured of a model on fixed rows, as one vector per weighting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from phasegate.evaluation.fairness import FAIRNESS_METRICS, disparities, group_rates
from phasegate.evaluation.metrics import (
    METRICS,
    Values,
    all_metrics,
    decision_metrics,
    pr_auc,
    roc_auc,
)
from phasegate.evaluation.ranking import Ranking
from phasegate.evaluation.slices import SliceCounter, SliceRankings, Slicing, worst

DECISION_METRICS = ("precision", "recall", "f1", "accuracy", "value")
RANKING_METRICS = {"pr_auc": pr_auc, "roc_auc": roc_auc}
RATES = ("selection_rate", "false_positive_rate")
WORST_SLICE = "worst_slice_"


class Measure(NamedTuple):
    """A metric: of all rows, over the slices of a column, or of one slice."""

    metric: str
    by: str = ""
    slice: str = ""

    def __str__(self) -> str:
        if not self.by:
            return self.metric
        return f"{self.metric} by {self.by}" + (f" = {self.slice}" if self.slice else "")


class Scorecard:
    """The measures of one model on fixed rows; calling it with weights [rows] gives their values.

    Args:
        labels: 0 or 1, [rows].
        scores: probabilities, [rows].
        threshold: scores at or above it are decided positive.
        slicings: columns to measure by.
        protected: names of those columns whose groups must be treated alike.
        ranked: names of those columns whose slices are ranked too, which takes a second pass.
    """

    def __init__(
        self,
        labels: np.ndarray,
        scores: np.ndarray,
        threshold: float,
        values: Values,
        slicings: Sequence[Slicing] = (),
        protected: Collection[str] = (),
        ranked: Collection[str] = (),
    ) -> None:
        self.ranking = Ranking(labels, scores)
        self.threshold = threshold
        self.values = values
        self.decisions = (np.asarray(scores) >= threshold).astype(np.int8)
        self._slices = [
            (groups, SliceCounter(groups, labels, self.decisions)) for groups in slicings
        ]
        self._protected = frozenset(protected)
        self._rankings = {
            groups.column: SliceRankings(groups, labels, scores)
            for groups in slicings
            if groups.column in ranked
        }
        self.measures = tuple(self._names())

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Values of `measures`, float64 [measures]."""
        tally = self.ranking.tally(weights)
        found = [np.fromiter(all_metrics(tally, self.threshold, self.values).values(), float)]
        for groups, counter in self._slices:
            counts = counter.count(weights)
            decided = decision_metrics(counts, self.values)
            rates = group_rates(counts)
            found.append([worst(decided[name]) for name in DECISION_METRICS])
            if groups.column in self._protected:
                unequal = disparities(counts)
                found.append([unequal[name] for name in FAIRNESS_METRICS])
            found += [decided[name] for name in DECISION_METRICS]
            found += [rates[name] for name in RATES]
            if rankings := self._rankings.get(groups.column):
                tallies = rankings.tally(weights)
                for metric in RANKING_METRICS.values():
                    values = np.array([metric(one) for one in tallies])
                    found += [[worst(values)], values]
        return np.concatenate(found)

    def _names(self) -> list[Measure]:
        names = [Measure(metric) for metric in METRICS]
        for groups, _ in self._slices:
            column = groups.column
            names += [Measure(WORST_SLICE + metric, column) for metric in DECISION_METRICS]
            if column in self._protected:
                names += [Measure(metric, column) for metric in FAIRNESS_METRICS]
            names += [
                Measure(metric, column, name)
                for metric in (*DECISION_METRICS, *RATES)
                for name in groups.names
            ]
            for metric in RANKING_METRICS if column in self._rankings else ():
                names.append(Measure(WORST_SLICE + metric, column))
                names += [Measure(metric, column, name) for name in groups.names]
        return names
