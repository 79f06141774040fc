"""Metrics as people write them."""

from __future__ import annotations

from phasegate.evaluation.measures import WORST_SLICE

NAMES = {
    "pr_auc": "PR AUC",
    "roc_auc": "ROC AUC",
    "f1": "F1",
    "brier": "Brier score",
    "value": "Value per decision",
}


def metric_name(metric: str) -> str:
    """A metric's name for a heading or the first cell of a row."""
    if metric.startswith(WORST_SLICE):
        name = metric_name(metric.removeprefix(WORST_SLICE))
        return f"{name[:1].upper()}{name[1:]} of the worst slice"
    return NAMES.get(metric) or metric.replace("_", " ").capitalize()
