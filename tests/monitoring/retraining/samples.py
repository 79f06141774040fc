"""Reports about a model that is well, to be made ill in one way at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from phasegate.monitoring.drift.judgement import Alarm, Channel, DriftJudgement, RuleOutcome
from phasegate.monitoring.performance.series import (
    Confusion,
    Figure,
    Performance,
    PerformanceWindow,
)
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.decide import decide
from phasegate.monitoring.retraining.decision import Change, ChangeKind, RetrainingDecision
from phasegate.monitoring.skew.report import FeatureSkew, SkewReport

START = datetime(2025, 1, 6, tzinfo=UTC)
WEEK, DAY = timedelta(days=7), timedelta(days=1)
MODEL, OTHER, PROFILE = "a" * 64, "b" * 64, "f" * 64
POLICY = MonitoringPolicy()


def at(week: float) -> datetime:
    """The start of a week."""
    return START + WEEK * week


def figure(value: float, of: int = 500) -> Figure:
    """A metric of so many rows."""
    half = 1.96 * math.sqrt(max(value * (1 - value), 1e-9) / of)
    return Figure(value, value - half, value + half, round(value * of), of)


def window(
    week: int, value: float | None, *, of: int = 500, model: str = MODEL, **changed: Any
) -> PerformanceWindow:
    """A week that was measured, or, with None, one whose labels are not there yet."""
    hits = round(value * of) if value is not None else 0
    fields: dict[str, Any] = {
        "since": at(week),
        "until": at(week + 1),
        "model_digest": model,
        "rows": 10 * of,
        "confusion": Confusion(hits, of - hits, 0, 9 * of) if value is not None else Confusion(),
        "pending": 0 if value is not None else 10 * of,
        "unlabelled": 0,
        "contradictory": 0,
        "measured": figure(value, of) if value is not None else None,
        "estimated": None,
    }
    return PerformanceWindow(**{**fields, **changed})


def performance(windows: Sequence[PerformanceWindow], **changed: Any) -> Performance:
    """What is known after the last of the windows."""
    now = max((one.until for one in windows), default=START)
    fields = {"metric": "precision", "floor": 0.8, "now": now, "windows": tuple(windows),
              "problems": (), "coverage": 0.95}  # fmt: skip
    return Performance(**{**fields, **changed})


def alarm(channel: Channel, feature: str = "device") -> Alarm:
    """An alarm of a channel."""
    return Alarm(channel, feature, "40 %", "5 %", f"{feature}: {channel}")


def judgement(
    since: datetime, *alarms: Alarm, rows: int = 5_000, judged: bool = True, model: str = MODEL
) -> DriftJudgement:
    """A day's judgement, which alerts where there is an alarm."""
    rule = RuleOutcome(bool(alarms), len(alarms), 30, 1.0, f"{len(alarms)} of 30 features drift")
    return DriftJudgement(
        model, PROFILE, since, since + DAY, rows, judged, (), None, rule, rule, tuple(alarms),
        bool(alarms),
    )  # fmt: skip


def days(until: datetime, *alarms: Alarm, since: datetime | None = None) -> list[DriftJudgement]:
    """A week of judgements; alarms from a time on, by default in none of them."""
    every = [until - DAY * number for number in range(7, 0, -1)]
    return [
        judgement(day, *(alarms if since is not None and day + DAY > since else ()))
        for day in every
    ]


def skewed(since: datetime | None, now: datetime) -> SkewReport:
    """Skew of one feature since a time; none with None."""
    feature = FeatureSkew(
        "spent", 9_000, 900 if since else 0, since, now if since else None, (), None, math.nan,
        since is not None,
    )  # fmt: skip
    return SkewReport(MODEL, now - WEEK, now, 9_000, 0, (feature,), (), since is not None)


def pipeline(when: datetime, **changed: Any) -> Change:
    """A change of the feature pipeline."""
    return Change(**{"kind": ChangeKind.PIPELINE, "at": when, "what": "feature pipeline v14",
                     "actor": "ada", **changed})  # fmt: skip


def release(when: datetime, model: str = MODEL) -> Change:
    """The promotion of a model."""
    return Change(
        ChangeKind.RELEASE, when, "fraud/2 replaced fraud/1", "pipeline", "fraud-000009",
        model_digest=model,
    )  # fmt: skip


def decided(
    found: Performance,
    drift: Sequence[DriftJudgement] | None = None,
    skew: SkewReport | None = None,
    changes: Sequence[Change] = (),
    policy: MonitoringPolicy = POLICY,
    last_training: datetime | None = None,
) -> RetrainingDecision:
    """What is decided at the end of a series; without more, inputs are well."""
    return decide(
        found,
        days(found.now) if drift is None else drift,
        skewed(None, found.now) if skew is None else skew,
        changes,
        policy,
        model_digest=MODEL,
        profile_digest=PROFILE,
        since=found.now - WEEK,
        until=found.now,
        now=found.now,
        last_training=last_training,
    )
