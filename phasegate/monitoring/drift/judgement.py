"""What was found about a window: distances of features, alarms of channels, words of the rules.

A number that could not be computed is NaN, and NaN is an alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from phasegate.digests import digest_json
from phasegate.values import from_json, to_json


class Channel(StrEnum):
    """Ways in which a window can differ."""

    DISTRIBUTION = "distribution"
    MISSING = "missing values"
    UNSEEN = "unseen categories"
    CONSTANT = "newly constant"
    VARYING = "no longer constant"
    INVALID = "invalid values"
    RATE = "row rate"
    PREDICTION = "predictions"
    MULTIVARIATE = "joint distribution"
    UNKNOWN = "not computable"


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far a feature's window is from its reference.

    Attributes:
        feature: its name; ``score`` for the predictions.
        kind: of column.
        rows: of the window, missing ones included.
        psi: population stability index over ten groups.
        debiased: the same less what samples of these sizes differ by without drift.
        distance: KS distance at the profile's edges; of categories, half the sum of differences of
            their shares (total variation).
        p_value: of KS (asymptotic), or of chi-square, as if rows were independent.
        missing: share of missing values.
        reference_missing: the same in the reference.
        calibrated_p: share of drift-free windows that are as far away by chance, from the
            calibration; NaN without one.
        literal, calibrated: whether it drifts by either rule.
    """

    feature: str
    kind: Literal["numeric", "categorical"]
    rows: int
    psi: float
    debiased: float
    distance: float
    p_value: float
    missing: float
    reference_missing: float
    calibrated_p: float
    literal: bool
    calibrated: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is not as it was.

    Attributes:
        channel: by which it was seen.
        feature: where; empty for the window as a whole.
        observed, allowed: as a person reads them.
        reason: one sentence.
    """

    channel: Channel
    feature: str
    observed: str
    allowed: str
    reason: str


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one of the two rules says.

    Attributes:
        alert: whether it alerts.
        drifted: features that drift by it.
        of: features that it looked at.
        false_alarms: of this rule in 30 days without drift, measured on the reference; NaN where
            that could not be measured.
        reason: one sentence.
    """

    alert: bool
    drifted: int
    of: int
    false_alarms: float
    reason: str


@dataclass(frozen=True, slots=True)
class DriftJudgement:
    """What was found about a window.

    Attributes:
        model_digest: of the model whose predictions these are.
        profile_digest: of its reference.
        since, until: the window, of event time: from `since` on, before `until`.
        rows: answered rows in it.
        judged: whether there was enough to judge; an unjudged window is never "no drift".
        features: all monitored ones.
        predictions: the scores.
        literal, calibrated: the rules.
        alarms: of all channels; those of distributions by the rule that is acted on.
        alert: whether a retraining evaluation is called for: that rule alerts, or any channel does.
    """

    model_digest: str
    profile_digest: str
    since: datetime
    until: datetime
    rows: int
    judged: bool
    features: tuple[FeatureDrift, ...]
    predictions: FeatureDrift | None
    literal: RuleOutcome
    calibrated: RuleOutcome
    alarms: tuple[Alarm, ...]
    alert: bool

    @property
    def digest(self) -> str:
        """Hex sha256 of its JSON values."""
        return digest_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "drift judgement") -> DriftJudgement:
        """The judgement of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
