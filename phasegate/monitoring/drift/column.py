"""One column of a window beside its reference: what all channels look at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from phasegate.monitoring.counts import Counts, NumericCounts
from phasegate.monitoring.drift import rules as rule
from phasegate.monitoring.drift.comparison import (
    Comparison,
    compare,
    groups,
    reference_values,
    window_values,
)
from phasegate.monitoring.drift.judgement import FeatureDrift
from phasegate.monitoring.drift.variation import Spread
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import NumericReference, Reference


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """A column that was compared.

    Attributes:
        reference: what it was like.
        counts: what the window has.
        found: the comparison, of one window.
        spread: of drift-free windows.
        bound: evidence that is more than the budget of false alarms allows.
        unknown: why it could not be compared; empty when it was, or there was nothing to compare.
    """

    reference: Reference
    counts: Counts
    found: Comparison
    spread: Spread
    bound: float
    unknown: str

    @property
    def name(self) -> str:
        """Of the column."""
        return self.reference.name

    @property
    def values(self) -> int:
        """Finite numbers, or categories."""
        return int(self.found.values[0])

    @property
    def is_comparable(self) -> bool:
        """Whether there are values on both sides, or on neither."""
        return bool(np.isfinite(self.found.distance[0]))

    def drift(self, rules: DriftRules) -> FeatureDrift:
        """How far it is, and whether it drifts by either rule; what is unknown does."""
        one = self.found
        p_values = [one.shape.p_value(self.spread.shape)[0],
                    one.stability.p_value(self.spread.stability)[0]]  # fmt: skip
        is_unknown = bool(self.unknown)
        return FeatureDrift(
            feature=self.name,
            kind=self.reference.kind,
            rows=self.counts.rows,
            psi=float(one.psi[0]),
            debiased=float(one.debiased[0]),
            distance=float(one.distance[0]),
            p_value=float(one.p_value[0]),
            missing=float(one.missing[0]),
            reference_missing=float(one.reference_missing[0]),
            calibrated_p=min(1.0, 2 * float(np.min(p_values))),
            literal=is_unknown or bool(rule.literal(one, rules.literal)[0]),
            calibrated=is_unknown or self._drifts(rules),
        )

    def _drifts(self, rules: DriftRules) -> bool:
        return bool(rule.calibrated(self.found, self.spread, self.bound, rules.calibrated)[0])


def column_of(
    reference: Reference, counts: Counts | None, rows: int, spread: Spread, bound: float
) -> Column | str:
    """The column, or why its counts are none.

    Args:
        reference: what it was like.
        counts: what the window has of it.
        rows: of the window.
        spread: of drift-free windows.
        bound: evidence that is more than the budget of false alarms allows.
    """
    if counts is None:
        return "it was not counted"
    window = window_values([counts])
    if isinstance(counts, NumericCounts) != isinstance(reference, NumericReference):
        return "it was counted as another kind of column"
    before = reference_values(reference)
    if window.bins.shape != before.bins.shape:
        return f"it has {window.bins.shape[-1]} bins, the reference {before.bins.shape[-1]}"
    numbers = np.concatenate(
        [window.bins[0], window.missing, window.invalid, window.unseen, window.rows]
    )
    if not (np.isfinite(numbers).all() and (numbers >= 0).all()):
        return "a count is negative or no number"
    if counts.rows != rows:
        return f"it has {counts.rows:,} values, the window {rows:,} rows"
    is_numeric = isinstance(reference, NumericReference)
    found = compare(before, window, groups(reference), numeric=is_numeric)
    unknown = ""
    if before.values[0] == 0 and window.values[0] == 0:
        found = _alike(found)
    elif rows and window.values[0] == 0 and not spread.empty:
        unknown = f"none of its {rows:,} values can be compared"
    elif before.values[0] == 0:
        unknown = "the reference has no values to compare it with"
    elif rows and window.values[0] and not math.isfinite(float(found.psi[0])):
        unknown = "its distance is not a number"
    return Column(reference, counts, found, spread, bound, unknown)


def _alike(found: Comparison) -> Comparison:
    """Nothing and nothing do not differ."""
    none, one = np.zeros(1), np.ones(1)
    for square in (found.shape, found.stability):
        square.value[:] = 0.0
    return Comparison(
        found.values, none, one, none, none, found.missing, found.reference_missing,
        found.shape, found.stability, found.absence,
    )  # fmt: skip
