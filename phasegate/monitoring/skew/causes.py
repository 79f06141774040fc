"""The likeliest cause of differing rows: what gives the served values exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from phasegate.monitoring.skew.comparison import close
from phasegate.monitoring.skew.hypotheses.calendar import other_numbering, other_zones
from phasegate.monitoring.skew.hypotheses.categories import codes, columns, writings
from phasegate.monitoring.skew.hypotheses.missing import emptied, filled
from phasegate.monitoring.skew.hypotheses.sample import Hypotheses, Hypothesis, Sample
from phasegate.monitoring.skew.hypotheses.scale import digits, factors, lines
from phasegate.monitoring.skew.hypotheses.stale import earlier_event
from phasegate.monitoring.skew.hypotheses.windows import window_contents, window_variants
from phasegate.monitoring.skew.past import Values
from phasegate.monitoring.skew.report import Cause, CauseKind

TABLE: tuple[Hypotheses, ...] = (
    filled,
    emptied,
    window_variants,
    window_contents,
    other_zones,
    other_numbering,
    writings,
    factors,
    digits,
    earlier_event,
    columns,
    codes,
    lines,
)
"""What is tried; of two that explain the same the earlier one is named."""

LEAST, LEAST_FITTED = 0.5, 0.9
"""Shares of the differing rows that a hypothesis has to explain; what was fitted has it easier."""

# Of values that are computed in another order the last digits differ.
_DIGITS = 1e-12


def likeliest(sample: Sample, tolerance: float) -> Cause:
    """The cause that explains most of the differing rows.

    Of several that explain the same share, the one that agrees with more of the rows that do not
    differ: another zone changes all hours, and only few weekdays.

    Args:
        sample: at least one row differs.
        tolerance: relative difference of numbers that is none.
    """
    tolerance = max(tolerance, _DIGITS)
    scored = [
        (*_shares(hypothesis, sample, tolerance), -place, hypothesis)
        for place, hypothesis in enumerate(_all(sample))
    ]
    # Places differ, so that two hypotheses are never compared themselves.
    scored.sort(key=lambda item: item[:3], reverse=True)
    for explained, _, _, hypothesis in scored:
        if explained >= (LEAST_FITTED if hypothesis.fitted else LEAST):
            return Cause(hypothesis.kind, f"Likely because {hypothesis.explanation}.", explained)
    if not scored or not scored[0][0]:
        return Cause(CauseKind.OTHER, "Nothing that was tried explains any of the rows.", 0.0)
    explained, _, _, nearest = scored[0]
    return Cause(
        CauseKind.OTHER,
        f"Nothing that was tried explains enough of the rows; the nearest is that "
        f"{nearest.explanation}.",
        explained,
    )


def _all(sample: Sample) -> Iterator[Hypothesis]:
    for hypotheses in TABLE:
        yield from hypotheses(sample)


def _shares(hypothesis: Hypothesis, sample: Sample, tolerance: float) -> tuple[float, float]:
    """Shares of the differing rows, and of the others, that a hypothesis gives exactly."""
    equal = same(hypothesis.values, sample.served, tolerance, hypothesis.slack)
    others = equal[~sample.differing]
    return float(equal[sample.differing].mean()), float(others.mean()) if len(others) else 0.0


def same(
    left: Values, right: Values, tolerance: float, slack: NDArray[np.float64] | float = 0.0
) -> NDArray[np.bool_]:
    """Whether two values are the same, missing ones included, [rows]."""
    if right.dtype == object:
        return np.asarray(left == right, bool)
    with np.errstate(invalid="ignore"):
        return close(left, right, tolerance) | (np.abs(left - right) <= slack)
