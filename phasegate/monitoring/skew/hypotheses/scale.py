"""Numbers in another unit, on another scale, or with fewer digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from phasegate.monitoring.skew.hypotheses.sample import Hypothesis, Sample
from phasegate.monitoring.skew.report import CauseKind

FACTORS = (100.0, 0.01, 1000.0, 0.001, 1e6, 1e-6, 10.0, 0.1)
FACTORS += (60.0, 1 / 60, 3600.0, 1 / 3600, 24.0, 1 / 24, 7.0, 1 / 7, 1.609344, 1 / 1.609344)
DIGITS = (0, 1, 2, 3, 4, 6)
_LEAST = 3  # distinct values that a line has to go through


def factors(sample: Sample) -> Iterator[Hypothesis]:
    """Factors between usual units."""
    if sample.kind == "numeric":
        for factor in FACTORS:
            yield Hypothesis(
                CauseKind.UNIT, f"it is {factor:.6g} times as large", sample.recomputed * factor
            )


def digits(sample: Sample) -> Iterator[Hypothesis]:
    """Numbers that were stored or sent in a narrower form."""
    if sample.kind != "numeric":
        return
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        single = sample.recomputed.astype(np.float32).astype(np.float64)
        yield Hypothesis(CauseKind.UNIT, "it is kept in single precision", single)
        for decimals in DIGITS:
            words = f"it is rounded to {decimals} decimals"
            yield Hypothesis(CauseKind.UNIT, words, np.round(sample.recomputed, decimals))
        yield Hypothesis(CauseKind.UNIT, "its decimals are cut off", np.trunc(sample.recomputed))
        yield Hypothesis(CauseKind.UNIT, "it is log(1 + x)", np.log1p(sample.recomputed))
        yield Hypothesis(CauseKind.UNIT, "it is log(x)", np.log(sample.recomputed))


def lines(sample: Sample) -> Iterator[Hypothesis]:
    """A factor, and a factor with a constant, that fit: medians of ratios and of slopes.

    The slope is that of Theil and Sen (Sen 1968) over pairs half the sorted rows apart.
    """
    if sample.kind != "numeric":
        return
    chosen = sample.differing & np.isfinite(sample.served) & np.isfinite(sample.recomputed)
    known, served = sample.recomputed[chosen], sample.served[chosen]
    if len(np.unique(known)) < _LEAST:
        return
    nonzero = known != 0
    factor = float(np.median(served[nonzero] / known[nonzero]))
    yield Hypothesis(
        CauseKind.UNIT, f"it is {factor:.6g} times as large", sample.recomputed * factor, True
    )
    order = np.argsort(known, kind="stable")
    known, served = known[order], served[order]
    half = len(known) // 2
    steps = known[half:] - known[: len(known) - half]
    apart = steps > 0
    if not apart.any():
        return
    slope = float(np.median((served[half:] - served[: len(known) - half])[apart] / steps[apart]))
    constant = float(np.median(served - slope * known))
    if slope:
        yield Hypothesis(
            CauseKind.UNIT,
            f"it is {slope:.6g} x + {constant:.6g}",
            sample.recomputed * slope + constant,
            True,
        )
