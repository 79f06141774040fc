"""A model's performance over time, window by window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from phasegate.values import from_json, to_json


@dataclass(frozen=True, slots=True)
class Confusion:
    """Decisions against labels, rows of each kind."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.true_positive + self.false_positive + self.false_negative + self.true_negative


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric with its interval; NaN where there is nothing to divide by.

    Attributes:
        value: the metric.
        lower, upper: its interval.
        hits, of: numerator and denominator, in rows; of an estimate, its expected numerator.
    """

    value: float
    lower: float
    upper: float
    hits: float
    of: int


@dataclass(frozen=True, slots=True)
class PerformanceWindow:
    """A span of event time, of one model.

    Attributes:
        since, until: from, and before.
        model_digest: of the model that answered users.
        rows: that it answered.
        confusion: of those whose label is known and matured.
        pending: younger than the labels' delay.
        unlabelled: old enough, and still without a label.
        contradictory: whose labels differ.
        measured: on labels; None before there are enough.
        estimated: from calibrated scores, before labels were known.
        held: whether the estimate's interval held what was measured later; None until then.
    """

    since: datetime
    until: datetime
    model_digest: str
    rows: int
    confusion: Confusion
    pending: int
    unlabelled: int
    contradictory: int
    measured: Figure | None
    estimated: Figure | None
    held: bool | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """What is known by a time.

    Attributes:
        metric: that the figures are of.
        floor: that it is held against.
        now: event time of the look.
        windows: in order of time; those of different models are apart.
        problems: what is wrong with labels or log, each in a sentence.
        coverage: share of past estimates whose interval held the truth; NaN without any.
    """

    metric: str
    floor: float
    now: datetime
    windows: tuple[PerformanceWindow, ...]
    problems: tuple[str, ...]
    coverage: float

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "performance") -> Performance:
        """The series of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
