"""Values in the place of missing ones, and the other way round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from phasegate.monitoring.skew.hypotheses.sample import Hypothesis, Sample
from phasegate.monitoring.skew.past import Values
from phasegate.monitoring.skew.report import CauseKind

NUMBERS = (0.0, -1.0, -999.0, 999.0, -9999.0, 9999.0)
TEXTS = ("", "nan", "NaN", "None", "null", "NULL", "unknown", "missing", "NA", "N/A", "other")


def filled(sample: Sample) -> Iterator[Hypothesis]:
    """Something known in the place of missing values."""
    gaps = missing(sample.recomputed)
    if not (gaps & sample.differing).any():
        return
    numeric = sample.kind == "numeric"
    for value in NUMBERS if numeric else TEXTS:
        shown = f"{value:g}" if numeric else f"'{value}'"
        yield _fill(sample, gaps, value, f"{shown} is served where the value is missing", False)
    common = _commonest(sample.served[gaps & sample.differing])
    if common is not None:
        shown = f"{common:.6g}" if numeric else f"'{common}'"
        near = ""
        if numeric and (known := sample.recomputed[~gaps]).size:
            near = f" (mean {known.mean():.6g}, median {np.median(known):.6g} of these rows)"
        yield _fill(
            sample, gaps, common, f"{shown}{near} is served where the value is missing", True
        )


def emptied(sample: Sample) -> Iterator[Hypothesis]:
    """Nothing in the place of values."""
    if sample.kind == "numeric":
        zero = np.where(sample.recomputed == 0, np.nan, sample.recomputed)
        yield Hypothesis(CauseKind.NULL_HANDLING, "0 is served as missing", zero)
        yield Hypothesis(
            CauseKind.NULL_HANDLING, "nothing is served", np.full(len(sample.served), np.nan)
        )
        yield Hypothesis(
            CauseKind.NULL_HANDLING, "0 is served always", np.zeros(len(sample.served))
        )
    else:
        blank = sample.recomputed.copy()
        blank[blank == ""] = None
        yield Hypothesis(CauseKind.NULL_HANDLING, "'' is served as missing", blank)
        yield Hypothesis(
            CauseKind.NULL_HANDLING, "nothing is served", np.full(len(blank), None, object)
        )


def missing(values: Values) -> NDArray[np.bool_]:
    """Whether a value is missing, [rows]."""
    if values.dtype == object:
        return np.array([value is None for value in values], bool)
    return np.isnan(values)


def _fill(
    sample: Sample, gaps: NDArray[np.bool_], value: float | str, explanation: str, fitted: bool
) -> Hypothesis:
    values = sample.recomputed.copy()
    values[gaps] = value
    return Hypothesis(CauseKind.NULL_HANDLING, explanation, values, fitted)


def _commonest(values: Values) -> float | str | None:
    counts = Counter(values[~missing(values)].tolist())
    return min(counts, key=lambda value: (-counts[value], str(value))) if counts else None
