"""A window held against its reference: pure, total, and never silently fine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from phasegate.errors import BadInput
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift import channels, whole
from phasegate.monitoring.drift.calibration import Calibration
from phasegate.monitoring.drift.column import Column, column_of
from phasegate.monitoring.drift.judgement import (
    Alarm,
    Channel,
    DriftJudgement,
    FeatureDrift,
    RuleOutcome,
)
from phasegate.monitoring.drift.resampling import MONTH
from phasegate.monitoring.drift.variation import Spread, Variation
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile, Reference

NOTHING = Spread()


def judge(
    profile: Profile,
    calibration: Calibration | None,
    counts: WindowCounts,
    rules: DriftRules,
    *,
    since: datetime,
    until: datetime,
    traffic: int | None = None,
) -> DriftJudgement:
    """Whether a window is still like the reference, by both rules and all channels.

    Args:
        profile: the reference.
        calibration: of drift-free windows; without one, rows are taken as independent.
        counts: of the window's rows, on the profile's edges.
        rules: what is allowed.
        since, until: the window, of event time.
        traffic: rows of all models that answered users in the window, which the row rate is judged
            by; None where this model was the only one.

    Raises:
        BadInput: counts or calibration are of another profile, or the window ends before it begins.
    """
    _check(profile, calibration, counts, since, until)
    limits = (calibration.of(until - since) if calibration else None) or uncalibrated(
        profile, until - since, rules
    )
    columns = {
        one.name: column_of(
            one, counts.features.get(one.name), counts.rows,
            limits.features.get(one.name, NOTHING), limits.threshold,
        )
        for one in profile.features
    }  # fmt: skip
    scores = column_of(profile.scores, counts.scores, counts.rows, limits.scores, limits.threshold)
    features = tuple(_drift(one, columns[one.name], rules) for one in profile.features)
    judged = counts.rows >= _least(rules)
    literal = _literal(features, counts.rows, limits, rules)
    calibrated = _calibrated(features, columns, counts.rows, limits, rules)
    alarms = (
        *_of_columns(profile, columns, counts.rows, rules),
        *_of_distributions(features, columns, literal, calibrated, rules),
        *whole.predictions(profile, counts, scores, rules, limits),
        *whole.row_rate(profile, counts.rows if traffic is None else traffic, until - since,
                        limits, rules),
    )  # fmt: skip
    return DriftJudgement(
        profile.model_digest, profile.digest, since, until, counts.rows, judged, features,
        _drift(profile.scores, scores, rules), literal, calibrated, alarms,
        bool(alarms) or (literal if rules.act_on == "literal" else calibrated).alert,
    )  # fmt: skip


def uncalibrated(profile: Profile, span: timedelta, rules: DriftRules) -> Variation:
    """What drift-free windows would be like if all rows were independent.

    The budget is divided among the p-values of all columns and channels (Bonferroni).
    """
    tests = 3 * len(profile.features) + 4
    alpha = min(rules.calibrated.false_alarms * (span / MONTH), 0.5) / tests
    bound = -math.log(alpha) if alpha > 0 else math.inf
    return Variation(
        span, 0, 0.0, bound, False, 0.0, 0.0, 0.0, NOTHING, {}, math.nan, math.nan, math.nan
    )


def _check(
    profile: Profile, calibration: Calibration | None, counts: WindowCounts, since: datetime,
    until: datetime,
) -> None:  # fmt: skip
    digests = {"counts": counts.profile}
    if calibration is not None:
        digests["calibration"] = calibration.profile_digest
    for name, digest in digests.items():
        if digest != profile.digest:
            raise BadInput(
                f"{name} of profile {digest[:12]}", where="drift",
                expected=f"those of profile {profile.digest[:12]}",
                fix="they belong to another model: take the profile of that model",
            )  # fmt: skip
    if since >= until:
        raise BadInput(f"the window ends at {until}, and begins at {since}", where="drift")


def _least(rules: DriftRules) -> int:
    return 1 if rules.act_on == "literal" else max(rules.calibrated.min_rows, 1)


def _drift(reference: Reference, column: Column | str, rules: DriftRules) -> FeatureDrift:
    if isinstance(column, Column):
        return column.drift(rules)
    nan = math.nan
    return FeatureDrift(reference.name, reference.kind, 0, *[nan] * 7, True, True)


def _literal(
    features: Sequence[FeatureDrift], rows: int, limits: Variation, rules: DriftRules
) -> RuleOutcome:
    rule, of = rules.literal, len(features)
    drifted = [one.feature for one in features if one.literal]
    alert = len(drifted) > rule.share * of
    reason = (
        f"{len(drifted)} of {of} features have a PSI above {rule.psi:g} or a p-value below "
        f"{rule.p_value:g}; more than {rule.share:.0%} alert"
    )
    if not rows:
        reason = "there are no rows to judge"
    return RuleOutcome(alert, len(drifted), of, limits.literal, reason)


def _calibrated(
    features: Sequence[FeatureDrift], columns: Mapping[str, Column | str], rows: int,
    limits: Variation, rules: DriftRules,
) -> RuleOutcome:  # fmt: skip
    rule, of = rules.calibrated, len(features)
    least = max(rule.min_rows, 1)
    drifted = [one.feature for one in features if one.calibrated]
    few = [
        name for name, one in columns.items()
        if isinstance(one, Column) and not one.unknown and one.values < least
    ]  # fmt: skip
    if rows < least:
        reason = f"{rows:,} rows, of at least {least:,}: no distribution is judged"
    else:
        reason = f"{whole.named(drifted) or 'no feature'} drifted of {of}"
        if few:
            reason += f"; {whole.named(few)} not judged, with fewer than {least:,} values"
    return RuleOutcome(
        bool(drifted), len(drifted), of, limits.calibrated, f"{reason}; {_basis(limits, rules)}"
    )


def _basis(limits: Variation, rules: DriftRules) -> str:
    """What the bounds of this window are worth."""
    if not limits.windows:
        return "not calibrated, rows taken as independent"
    said = f"bounds of {limits.independent:.0f} reference windows of {limits.length}"
    if limits.extrapolated:
        said += ", too few for the budget: extrapolated, and wide to be safe"
    both = limits.calibrated + limits.channels
    return (
        f"{said}; held out of the bounds, these had {both:.2g} false alarms in 30 days with all "
        f"channels (95 % bound {limits.most(both):.2g}), of {rules.calibrated.false_alarms:g} "
        "allowed"
    )


def _of_columns(
    profile: Profile, columns: Mapping[str, Column | str], rows: int, rules: DriftRules
) -> Sequence[Alarm]:
    found: list[Alarm] = []
    for one in profile.features:
        column = columns[one.name]
        if isinstance(column, str):
            found.append(
                Alarm(
                    Channel.UNKNOWN,
                    one.name,
                    "not a number",
                    "a number",
                    f"{one.name} could not be compared: {column}",
                )
            )
        elif rows:
            found += channels.of_column(column, rules.channels)
    return found


def _of_distributions(
    features: Sequence[FeatureDrift], columns: Mapping[str, Column | str], literal: RuleOutcome,
    calibrated: RuleOutcome, rules: DriftRules,
) -> Sequence[Alarm]:  # fmt: skip
    """Alarms of the rule that is acted on."""
    compared = [
        one for one in features
        if isinstance(column := columns[one.feature], Column) and not column.unknown
    ]  # fmt: skip
    if rules.act_on == "literal":
        rule = rules.literal
        return [
            Alarm(
                Channel.DISTRIBUTION, one.feature, f"PSI {one.psi:.3f}, p {one.p_value:.2g}",
                f"PSI {rule.psi:g}, p {rule.p_value:g}",
                f"{one.feature} is distributed otherwise: {whole.words(one)}",
            )
            for one in compared if one.literal and literal.alert
        ]  # fmt: skip
    return [
        Alarm(
            Channel.DISTRIBUTION, one.feature, *whole.far(one, rules),
            f"{one.feature} is distributed otherwise: {whole.words(one)}",
        )
        for one in compared if one.calibrated and calibrated.alert
    ]  # fmt: skip
