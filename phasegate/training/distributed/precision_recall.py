"""The PR-AUC of all validation rows, of which each worker has some."""

from __future__ import annotations

import numpy as np


class PooledPrecisionRecall:
    """Measures scores of this worker's rows together with the other workers'.

    XGBoost's own `aucpr` over several workers is a mean of theirs, which is another number where
    the rows are in time order. Scores are pooled instead, four bytes for each validation row; the
    rows themselves stay where they are. To be made and used by all workers alike.

    Args:
        labels: of this worker's validation rows.
        first: position of its first row among all.
        total: validation rows of all workers.
    """

    def __init__(self, labels: np.ndarray, first: int, total: int) -> None:
        self._first, self._total = first, total
        self._labels = self._pooled(labels) == 1

    def __call__(self, scores: np.ndarray) -> float:
        """PR-AUC of all rows.

        Args:
            scores: of this worker's rows, float32.
        """
        return area_under_precision_recall(self._pooled(scores), self._labels)

    def _pooled(self, own: np.ndarray) -> np.ndarray:
        from xgboost import collective

        all_rows = np.zeros(self._total, dtype=np.float32)
        all_rows[self._first : self._first + len(own)] = own
        return collective.allreduce(all_rows, collective.Op.SUM)  # others are zero: this is exact


def area_under_precision_recall(scores: np.ndarray, positive: np.ndarray) -> float:
    """As XGBoost's `aucpr`: false positives grow linearly with true ones between two scores.

    With ``fp = fp0 + h (tp - tp0)``, precision over recall r is ``r / (a r + b)``, whose integral
    is ``(r - b/a log(a r + b)) / a`` (Keilwagen, Grosse and Grau 2014).

    Args:
        scores: [rows].
        positive: bool [rows], some of them true.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_score = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true = np.cumsum(positive[order])[last_of_score].astype(np.float64)
    false = last_of_score + 1 - true
    all_true = true[-1]
    d_true, d_false = np.diff(true, prepend=0.0), np.diff(false, prepend=0.0)
    grows = d_true > 0
    true, false, d_true, d_false = (one[grows] for one in (true, false, d_true, d_false))
    slope = d_false / d_true
    a = slope + 1
    b = (false - slope * true) / all_true
    recall, before = true / all_true, (true - d_true) / all_true
    with np.errstate(divide="ignore", invalid="ignore"):
        bent = b / a * np.log((a * recall + b) / (a * before + b))
    return float((((recall - before) - np.where(b == 0, 0.0, bent)) / a).sum())
