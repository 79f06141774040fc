"""What is broken in a model's inputs, since when, and which change that may be the fault of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from phasegate.monitoring.drift.judgement import Channel, DriftJudgement
from phasegate.monitoring.retraining.course import is_spoiled
from phasegate.monitoring.retraining.decision import Change, ChangeKind
from phasegate.monitoring.skew.report import FeatureSkew, SkewReport

BREAKING = frozenset(
    {Channel.MISSING, Channel.UNSEEN, Channel.CONSTANT, Channel.INVALID, Channel.UNKNOWN}
)
"""Channels that say that inputs are not what they were meant to be, rather than other inputs."""

LATE = timedelta(hours=1)  # by which a change may be announced after its effect


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is broken.

    Attributes:
        feature: where; empty for the window as a whole.
        reason: one sentence, with the numbers.
        since: event time at or after which it began.
        until: event time before which it began.
    """

    feature: str
    reason: str
    since: datetime
    until: datetime


def broken_inputs(
    drift: Sequence[DriftJudgement], skew: SkewReport | None, changes: Sequence[Change]
) -> list[Broken]:
    """Everything that is broken, by when it began; less what was taken back since."""
    first: dict[tuple[str, str], Broken] = {}
    for judgement in sorted(drift, key=lambda one: (one.since, one.until)):
        if is_spoiled(judgement.since, judgement.until, changes):
            continue
        for alarm in judgement.alarms:
            if alarm.channel in BREAKING:
                found = Broken(alarm.feature, alarm.reason, judgement.since, judgement.until)
                first.setdefault((alarm.channel.value, alarm.feature), found)
    skewed = _skewed(skew, changes) if skew is not None else []
    return sorted([*first.values(), *skewed], key=lambda one: (one.since, one.until, one.feature))


def blamed(
    changes: Sequence[Change], since: datetime, until: datetime, near: timedelta, model_digest: str
) -> list[Change]:
    """Changes that something may be the fault of that began in a span; the latest first.

    A change counts from ``near`` before the span to its end, and not after; one that was taken
    back does not; nor does a release of another model.
    """
    found = [
        change
        for change in changes
        if not change.undone
        and change.at < until
        and since - change.at <= near
        and (change.kind is not ChangeKind.RELEASE or change.model_digest in ("", model_digest))
    ]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _skewed(skew: SkewReport, changes: Sequence[Change]) -> list[Broken]:
    found = []
    for feature in skew.features:
        if not feature.alert:
            continue
        if feature.since is None:
            found.append(_whole(skew, feature))
        elif not _was_taken_back(feature, changes):
            found.append(
                Broken(feature.feature, _told(feature), feature.since, _plus(feature.since, LATE))
            )
    return found


def _whole(skew: SkewReport, feature: FeatureSkew) -> Broken:
    reason = f"{feature.feature} is served with another distribution than it is computed with"
    return Broken(feature.feature, reason, skew.since, skew.until)


def _was_taken_back(feature: FeatureSkew, changes: Sequence[Change]) -> bool:
    return any(
        change.undone
        and change.undone_at is not None
        and feature.since is not None
        and feature.until is not None
        and change.at - feature.since <= LATE
        and feature.until <= change.undone_at
        for change in changes
    )


def _told(feature: FeatureSkew) -> str:
    cause = f"; {feature.cause.kind}: {feature.cause.explanation}" if feature.cause else ""
    return (
        f"{feature.feature} was served otherwise than computed in {feature.differing:,} of "
        f"{feature.rows:,} rows, first at {feature.since:%Y-%m-%d %H:%M} UTC{cause}"
    )


def _plus(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment
