"""What evaluation leaves behind for machines: its JSON, KFP's metrics, MLflow's metrics."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from components.evaluate.evaluate import Contender, Evaluated
from phasegate.evaluation.curves import (
    calibration_curve,
    pr_curve,
    roc_curve,
    score_histogram,
    threshold_curve,
)


def to_json(found: Evaluated) -> dict[str, Any]:
    """The content of `evaluation.json`; what is not defined is null."""
    settings = found.settings
    return _plain(
        {
            "version": 1,
            "data_digest": found.rows.digest,
            "rows": len(found.rows),
            "positives": int(found.rows.labels.sum()),
            "bootstrap": {
                "replicates": settings.replicates,
                "confidence": settings.confidence,
                "unit": settings.unit,
                "seed": settings.seed,
            },
            "models": {
                name: {
                    "digest": one.digest,
                    "version": one.version,
                    "threshold": one.card.threshold,
                    "confusion": asdict(one.confusion),
                    "curves": _curves(one),
                }
                for name, one in found.contenders.items()
            },
            "measures": [
                {**measure._asdict(), **asdict(result)} for measure, result in found.results.items()
            ],
            "slices": [
                {
                    "column": groups.column,
                    "rows": dict(zip(groups.names, groups.sizes, strict=True)),
                    "too_small": groups.small,
                }
                for groups in found.slicings
            ],
            "fairlearn": found.fairlearn,
            "judgement": {
                "outcome": found.judgement.outcome,
                "checks": [asdict(check) for check in found.judgement.checks],
            },
        }
    )


def classification(found: Evaluated) -> dict[str, Any]:
    """Metadata of KFP's ClassificationMetrics: confusion matrix and ROC curve."""
    counts = found.challenger.confusion
    curve = roc_curve(found.challenger.card.ranking.whole)
    categories = ("negative", "positive")
    return _plain(
        {
            "confusionMatrix": {
                "annotationSpecs": [{"displayName": name} for name in categories],
                "rows": [
                    {"row": [counts.true_negative, counts.false_positive]},
                    {"row": [counts.false_negative, counts.true_positive]},
                ],
            },
            "confidenceMetrics": [
                {"confidenceThreshold": score, "recall": recall, "falsePositiveRate": alarms}
                for score, recall, alarms in zip(
                    curve["score"],
                    curve["true_positive_rate"],
                    curve["false_positive_rate"],
                    strict=True,
                )
            ],
        }
    )


def tracked_metrics(found: Evaluated) -> dict[str, float]:
    """What the model's MLflow run is told: estimates and bounds on all rows, and fairness."""
    values = {}
    for measure, result in found.results.items():
        if measure.slice:
            continue
        ours = result.challenger
        name = f"test_{measure.metric}" + (f"_by_{measure.by}" if measure.by else "")
        values |= {name: ours.estimate, f"{name}_lower": ours.lower, f"{name}_upper": ours.upper}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _curves(one: Contender) -> dict[str, Any]:
    tally = one.card.ranking.whole
    return {
        "pr": pr_curve(tally),
        "roc": roc_curve(tally),
        "threshold": threshold_curve(tally),
        "calibration": calibration_curve(tally),
        "scores": score_histogram(tally),
    }


def _plain(value: Any) -> Any:
    """JSON's own types, and null for what is not a number."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
