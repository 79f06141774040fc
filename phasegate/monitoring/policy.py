"""What is watched, what is allowed, and what is done about it: the `monitoring` section as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from phasegate.release.policy import Labels
from phasegate.values import from_json, to_json

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LiteralRule:
    """The rule of thumb: alert where more than a share of the features drift by either bound.

    Attributes:
        psi: a feature drifts above this index,
        p_value: or below this p-value of KS or chi-square.
        share: of the monitored features that may drift.
    """

    psi: float = 0.2
    p_value: float = 0.05
    share: float = 0.1


@dataclass(frozen=True, slots=True)
class CalibratedRule:
    """Evidence, size and number together, at a rate of false alarms that was measured.

    Attributes:
        false_alarms: budget in 30 days without drift.
        ks: least distance of distribution functions that matters.
        psi: least debiased index that matters; either is enough.
        min_rows: of a window; fewer are not judged, which is said.
    """

    false_alarms: float = 1.0
    ks: float = 0.1
    psi: float = 0.1
    min_rows: int = 300


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """Bounds of what is no distribution.

    Attributes:
        missing: by how much the share of missing values may rise or fall.
        unseen: share of values of categories that the reference has not seen.
        invalid: share of infinite values and of what is no number.
        rate: factor by which a window's rows may differ from the usual number; 0 leaves it out.
        positive: factor by which the share of rows decided 1 may differ from the usual one.
    """

    missing: float = 0.05
    unseen: float = 0.01
    invalid: float = 0.0
    rate: float = 3.0
    positive: float = 2.0


@dataclass(frozen=True, slots=True)
class DriftRules:
    """How windows are cut and judged.

    Attributes:
        act_on: rule that alerts; the other one is reported beside it.
        window: event time of a window.
        rows: a window of the sidecar also ends after so many rows.
        pane: event time that counts are kept by; windows are made of whole panes.
        sample: rows that the multivariate detector compares on either side; 0 leaves it out.
    """

    act_on: Literal["calibrated", "literal"] = "calibrated"
    window: timedelta = DAY
    rows: int = 50_000
    pane: timedelta = timedelta(hours=1)
    sample: int = 500
    literal: LiteralRule = field(default_factory=LiteralRule)
    calibrated: CalibratedRule = field(default_factory=CalibratedRule)
    channels: ChannelRules = field(default_factory=ChannelRules)


@dataclass(frozen=True, slots=True)
class PerformanceRules:
    """How good the model has to be.

    Attributes:
        metric: that is held against the floor.
        floor: below it the model is retrained at once.
        headroom: above the floor, within which the model is retrained already: a new one has to be
            released before the floor is reached.
        window: event time that is measured together.
        confidence: of intervals.
        min_rows: labelled rows that count: decided 1 for precision, labelled 1 for recall, any for
            accuracy; fewer say nothing.
        unlabelled: share of matured rows that may be without a label before a person is asked.
        contradictory: share of labelled requests whose labels may differ.
    """

    metric: Literal["precision", "recall", "accuracy"] = "precision"
    floor: float = 0.8
    headroom: float = 0.0
    window: timedelta = 7 * DAY
    confidence: float = 0.95
    min_rows: int = 30
    unlabelled: float = 0.1
    contradictory: float = 0.01


@dataclass(frozen=True, slots=True)
class SkewRules:
    """How served features are compared with recomputed ones.

    Attributes:
        events: source of raw events: a file, folder, glob or gs:// address; empty leaves skew out.
        rows: most rows that are recomputed of a window; all of them when there are fewer.
        tolerance: relative difference that is none.
        share: of differing rows of a feature that alerts.
        distance: TFDV's skew comparator: least L-infinity or Jensen-Shannon distance that alerts.
    """

    events: str = ""
    rows: int = 200_000
    tolerance: float = 1e-9
    share: float = 0.001
    distance: float = 0.1


@dataclass(frozen=True, slots=True)
class RetrainingRules:
    """What is done about what was seen.

    Attributes:
        automatic: whether retraining and rollback are done without a person.
        cooldown: event time between two trainings.
        history: event time that change-point and trend are told apart in.
        evidence: difference of BIC from which a step, or a slope, is believed.
        near: event time between a change and the step that it is blamed for.
        drop: of the metric that is worth doing something about, however sure it is.
        timeout: event time after which a training that never ended no longer blocks the next.
    """

    automatic: bool = True
    cooldown: timedelta = 14 * DAY
    history: timedelta = 120 * DAY
    evidence: float = 6.0
    near: timedelta = 3 * DAY
    drop: float = 0.02
    timeout: timedelta = DAY


@dataclass(frozen=True, slots=True)
class MonitoringPolicy:
    """Everything that monitoring goes by.

    Attributes:
        statistics: library whose tests the sidecar runs beside ours.
        labels: where it is written what became of the events, and when it is known.
        key: column of the raw events that request ids are taken from.
    """

    statistics: Literal["alibi-detect", "scipy"] = "alibi-detect"
    labels: Labels = field(default_factory=Labels)
    key: str = ""
    drift: DriftRules = field(default_factory=DriftRules)
    performance: PerformanceRules = field(default_factory=PerformanceRules)
    skew: SkewRules = field(default_factory=SkewRules)
    retraining: RetrainingRules = field(default_factory=RetrainingRules)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(
        cls, value: Mapping[str, Any], where: str = "monitoring policy"
    ) -> MonitoringPolicy:
        """The policy of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
