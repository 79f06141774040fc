"""Channels of the window as a whole: its predictions and its number of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import fmean

import numpy as np

from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift import rules as rule
from phasegate.monitoring.drift.column import Column
from phasegate.monitoring.drift.comparison import share_square
from phasegate.monitoring.drift.judgement import Alarm, Channel, FeatureDrift
from phasegate.monitoring.drift.variation import Variation
from phasegate.monitoring.policy import DAY, DriftRules
from phasegate.monitoring.profile import Profile


def predictions(
    profile: Profile, counts: WindowCounts, scores: Column | str, rules: DriftRules,
    limits: Variation,
) -> Iterator[Alarm]:  # fmt: skip
    """Alarms of the scores and of the decisions; none where the reference has no scores."""
    if not sum(profile.scores.counts):
        return
    if isinstance(scores, str) or scores.unknown:
        why = scores if isinstance(scores, str) else scores.unknown
        if counts.rows or isinstance(scores, str):
            yield Alarm(
                Channel.UNKNOWN, "score", "not a number", "a number",
                f"the scores could not be compared: {why}",
            )  # fmt: skip
        return
    drift = scores.drift(rules)
    if drift.calibrated:
        yield Alarm(
            Channel.PREDICTION, "score", *far(drift, rules),
            f"the scores are distributed otherwise: {words(drift)}",
        )  # fmt: skip
    infinite = scores.counts.rows - scores.values
    if infinite:
        yield Alarm(
            Channel.INVALID, "score", f"{infinite:,}", "0",
            f"{infinite:,} answered rows have no finite score",
        )  # fmt: skip
    if not 0 <= counts.positive <= counts.rows:
        yield Alarm(
            Channel.UNKNOWN, "decision", f"{counts.positive:,}", f"0 to {counts.rows:,}",
            f"{counts.positive:,} of {counts.rows:,} rows cannot be decided 1",
        )  # fmt: skip
        return
    if counts.rows < max(rules.calibrated.min_rows, 1) or not profile.rows:
        return
    now, before = counts.positive / counts.rows, profile.positive / profile.rows
    square = share_square(*(np.array([float(one)]) for one in (
        profile.positive, profile.rows, counts.positive, counts.rows)))  # fmt: skip
    differs = rule.factor(
        np.array([now]), np.array([before]), square, limits.positive, limits.threshold,
        rules.channels.positive,
    )  # fmt: skip
    if differs[0]:
        yield Alarm(
            Channel.PREDICTION, "decision", f"{now:.2%}",
            f"{before:.2%} times or by {rules.channels.positive:g}",
            f"{now:.2%} of the rows are decided 1; {before:.2%} of the reference",
        )  # fmt: skip


def row_rate(
    profile: Profile, rows: int, span: timedelta, limits: Variation, rules: DriftRules
) -> Iterator[Alarm]:
    """The alarm of a number of rows that is not the usual one.

    Args:
        rows: of the window.
        span: of event time, of the window.
    """
    if not rules.channels.rate:
        return
    usual = usual_rows(profile, span, limits)
    if not usual:
        return
    square = rule.rate_square(np.array([rows]), np.array([usual]))
    differs = rule.factor(
        np.array([float(rows)]), np.array([usual]), square, limits.rate, limits.threshold,
        rules.channels.rate,
    )  # fmt: skip
    if differs[0]:
        yield Alarm(
            Channel.RATE, "", f"{rows:,} rows",
            f"{usual:,.0f} rows times or by {rules.channels.rate:g}",
            f"{rows:,} rows where {usual:,.0f} are usual",
        )  # fmt: skip


def usual_rows(profile: Profile, span: timedelta, limits: Variation) -> float:
    """Rows that a window of this span usually has; 0 where that is not known."""
    if limits.rows:
        return limits.rows * (span / limits.length)
    return fmean(profile.daily_rows) * (span / DAY) if profile.daily_rows else 0.0


def far(drift: FeatureDrift, rules: DriftRules) -> tuple[str, str]:
    """Observed and allowed distance, as a person reads them."""
    rule_ = rules.calibrated
    return (
        f"distance {drift.distance:.3f}, PSI {drift.debiased:.3f}",
        f"distance {rule_.ks:g}, PSI {rule_.psi:g}",
    )


def words(drift: FeatureDrift) -> str:
    """The distance in a sentence."""
    name = "KS distance" if drift.kind == "numeric" else "total variation"
    by_chance = "" if math.isnan(drift.calibrated_p) else f", by chance {drift.calibrated_p:.1g}"
    return f"{name} {drift.distance:.3f}, PSI {drift.debiased:.3f}{by_chance}"


def named(names: Sequence[str], most: int = 3) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
