"""How differently a model treats the groups of a protected column.

The point estimates are Fairlearn's own. The replicates of the bootstrap use the same definitions on
counts, hundreds of times faster; a test holds the two together.
"""

from __future__ import annotations

import numpy as np

from phasegate.evaluation.metrics import NOT_A_NUMBER, Confusion, ratio
from phasegate.evaluation.slices import LEFT_OUT, Slicing

FAIRNESS_METRICS = (
    "equalized_odds_difference",
    "equal_opportunity_difference",
    "demographic_parity_difference",
    "demographic_parity_ratio",
)


def group_rates(counts: Confusion) -> dict[str, np.ndarray]:
    """Per group: share decided positive, of all, of the positives and of the negatives."""
    hits, alarms = counts.true_positive, counts.false_positive
    return {
        "selection_rate": ratio(hits + alarms, counts.total),
        "true_positive_rate": ratio(hits, hits + counts.false_negative),
        "false_positive_rate": ratio(alarms, alarms + counts.true_negative),
    }


def disparities(counts: Confusion) -> dict[str, float]:
    """Every metric of FAIRNESS_METRICS, from decisions counted per group.

    NaN with fewer than two groups (one group alone is not fair, it is not comparable), and where a
    group has no rows of a class that the metric looks at.

    Equalized odds: Hardt, Price & Srebro (2016), the larger of the differences in true and false
    positive rate. Demographic parity: difference and ratio of the highest and lowest selection
    rate; a ratio of 0.8 is the "four-fifths rule" of the US EEOC.
    """
    rates = group_rates(counts)
    if len(rates["selection_rate"]) < 2:
        return dict.fromkeys(FAIRNESS_METRICS, NOT_A_NUMBER)
    opportunity = _spread(rates["true_positive_rate"])
    alarms = _spread(rates["false_positive_rate"])
    selected = rates["selection_rate"]
    return {
        "equalized_odds_difference": float(np.maximum(opportunity, alarms)),
        "equal_opportunity_difference": opportunity,
        "demographic_parity_difference": _spread(selected),
        "demographic_parity_ratio": float(ratio(np.min(selected), np.max(selected))),
    }


def fairlearn_disparities(
    groups: Slicing, labels: np.ndarray, decisions: np.ndarray
) -> dict[str, float]:
    """The same metrics, by Fairlearn, over the groups that are large enough.

    Fairlearn calls the rate of an empty class 0; see `disparities` for why that is not enough.
    """
    # Two seconds to import, and only projects with protected columns need it.
    from fairlearn import metrics as fairlearn

    kept = groups.codes != LEFT_OUT
    if len(groups.names) < 2:
        return dict.fromkeys(FAIRNESS_METRICS, NOT_A_NUMBER)
    return {
        name: float(
            getattr(fairlearn, name)(
                labels[kept], decisions[kept], sensitive_features=groups.codes[kept]
            )
        )
        for name in FAIRNESS_METRICS
    }


def _spread(rates: np.ndarray) -> float:
    return float(np.max(rates) - np.min(rates))
