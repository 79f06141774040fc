"""Where a score becomes a decision: the threshold that serves the declared objective best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from phasegate.errors import BadInput


@dataclass(frozen=True)
class Threshold:
    """A decision threshold, and how it does on the rows that it was chosen on.

    Attributes:
        value: scores at or above it are decided 1.
        attained: whether the constraints hold; if not, it comes as near to them as any.
        objective: what was asked for, in words.
        rows: rows that it was chosen on.
    """

    value: float
    attained: bool
    objective: str
    precision: float
    recall: float
    rows: int


def choose_threshold(
    scores: np.ndarray,
    labels: np.ndarray,
    objective: Mapping[str, Any],
    value: Mapping[str, float] | None = None,
) -> Threshold:
    """The threshold that maximizes a metric, subject to least values of others.

    Candidates lie midway between neighbouring distinct scores, so that a last-digit difference in
    a score does not change a decision. Equals are settled for higher precision, then for higher
    recall. When no candidate meets the constraints, the one that comes nearest to the worst
    violated of them is taken, and `attained` is false.

    Args:
        scores: calibrated probabilities, float64 [rows], at least one.
        labels: 0 or 1 [rows].
        objective: ``{"fixed": 0.5}``, or ``{"maximize": metric, "subject_to": {metric: least}}``
            with recall, precision, f1, accuracy or value.
        value: worth of a true_positive, false_positive, true_negative, false_negative; needed to
            maximize value.

    Raises:
        BadInput: when value is to be maximized and every decision is worth the same.
    """
    if "fixed" in objective:
        at = float(objective["fixed"])
        return _threshold(at, True, f"fixed at {at:g}", scores, labels)
    goal, least = objective["maximize"], dict(objective.get("subject_to", {}))
    if goal == "value" and not any((value or {}).values()):
        raise BadInput(
            "value is to be maximized and every decision is worth 0",
            where="training.threshold",
            fix="say in evaluation.value what decisions are worth",
        )
    cuts, metrics = _candidates(scores, labels, value or {})
    shortfall = np.zeros(len(cuts))
    for name, bound in least.items():
        shortfall = np.maximum(shortfall, bound - metrics[name])
    ranking = (metrics["recall"], metrics["precision"], metrics[goal], -shortfall)
    chosen = int(np.lexsort(ranking)[-1])
    words = f"maximize {goal}" + "".join(f", {name} >= {low:g}" for name, low in least.items())
    return _threshold(float(cuts[chosen]), bool(shortfall[chosen] <= 0), words, scores, labels)


def _candidates(
    scores: np.ndarray, labels: np.ndarray, value: Mapping[str, float]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Descending cuts [n] and the metrics of deciding 1 at or above each; the first decides none.

    Precision is 0 where nothing is decided 1.
    """
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], np.cumsum(labels[order], dtype=np.int64)
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    above = ordered[last]
    below = np.append(above[1:], 0.0)
    middle = (above + below) / 2
    cuts = np.append(np.nextafter(above[0], np.inf), np.where(middle > below, middle, above))
    tp = np.append(0, hits[last])
    decided = np.append(0, last + 1)
    fp, fn = decided - tp, hits[-1] - tp
    tn = len(scores) - decided - fn
    counts = {
        "true_positive": tp, "false_positive": fp, "true_negative": tn, "false_negative": fn
    }  # fmt: skip
    return cuts, {
        "precision": tp / np.maximum(decided, 1),
        "recall": tp / max(hits[-1], 1),
        "f1": 2 * tp / np.maximum(2 * tp + fp + fn, 1),
        "accuracy": (tp + tn) / len(scores),
        "value": sum((counts[name] * worth for name, worth in value.items()), np.zeros(len(cuts))),
    }


def _threshold(
    at: float, attained: bool, objective: str, scores: np.ndarray, labels: np.ndarray
) -> Threshold:
    decided = scores >= at
    hits = int(labels[decided].sum())
    precision, recall = hits / max(int(decided.sum()), 1), hits / max(int(labels.sum()), 1)
    return Threshold(at, attained, objective, precision, recall, len(scores))
