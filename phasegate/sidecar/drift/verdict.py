"""A judgement of counts, with what detectors found on samples; and the alert that says both."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

from phasegate.digests import digest_json
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift.judgement import Alarm, Channel, DriftJudgement, RuleOutcome
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.sidecar.drift.detectors.findings import Findings, Test
from phasegate.sidecar.drift.windows import Ended, Kind

ALERT_TYPE = "dev.phasegate.drift.alert"
_SHARE = 0.1  # of the budget of false alarms that detectors may spend beside the rules
_MONTH = timedelta(days=30)


def level(rules: DriftRules, span: timedelta) -> float:
    """Below which p-value the joint test alarms: a tenth of the budget, by the windows of a month.

    Args:
        span: event time of the window.
    """
    return min(0.01, max(1e-4, _SHARE * rules.calibrated.false_alarms * (span / _MONTH)))


def rules_for(kind: Kind, rules: DriftRules, replicas: int) -> DriftRules:
    """The rules of a kind of window.

    One that ends by its rows says nothing of their number; nor does one replica of several, which
    sees a share of them that nobody knows.
    """
    if kind == "time" and replicas == 1:
        return rules
    return replace(rules, channels=replace(rules.channels, rate=0.0))


def with_findings(
    judgement: DriftJudgement, findings: Findings, rules: DriftRules
) -> DriftJudgement:
    """The judgement with the alarms of detectors.

    Detectors of single features confirm or question the rules, and alarm only where they have no
    number; the joint test sees what no feature shows alone, and alarms by itself.
    """
    span = judgement.until - judgement.since
    alarms = [
        *_not_computable(findings),
        *(_joint(test, rules, level(rules, span)) for test in findings.tests if not test.feature),
    ]
    found = tuple(alarm for alarm in alarms if alarm is not None)
    return replace(
        judgement, alarms=(*judgement.alarms, *found), alert=judgement.alert or bool(found)
    )


def not_judged(counts: WindowCounts, profile: Profile, ended: Ended, why: str) -> DriftJudgement:
    """What is said of a window that could not be judged at all: that, and an alarm."""
    nothing = RuleOutcome(False, 0, len(profile.features), math.nan, "not judged")
    alarm = Alarm(
        Channel.UNKNOWN, "", "no result", "a result", f"the window could not be judged: {why}"[:500]
    )
    return DriftJudgement(
        profile.model_digest, profile.digest, ended.since, ended.until, counts.rows, False, (),
        None, nothing, nothing, (alarm,), True,
    )  # fmt: skip


def alert_id(model: str, kind: Kind, judgement: DriftJudgement) -> str:
    """Hex sha256 of the window that is judged: the same however often it is judged."""
    return digest_json(
        {
            "model": model,
            "model_digest": judgement.model_digest,
            "profile": judgement.profile_digest,
            "window": kind,
            "since": judgement.since.isoformat(),
            "until": judgement.until.isoformat(),
            "rows": judgement.rows,
            "features": [[one.feature, one.psi, one.distance] for one in judgement.features
                         if math.isfinite(one.psi) and math.isfinite(one.distance)],
        }
    )  # fmt: skip


def cloud_event(model: str, kind: Kind, judgement: DriftJudgement) -> dict[str, Any]:
    """The alert as a CloudEvent 1.0 in structured JSON, whose data are the judgement."""
    return {
        "specversion": "1.0",
        "type": ALERT_TYPE,
        "source": f"/phasegate/sidecar/{model}",
        "id": alert_id(model, kind, judgement),
        "subject": f"{model}/{judgement.model_digest[:12]}",
        "time": judgement.until.isoformat(),
        "datacontenttype": "application/json",
        "window": kind,
        "data": judgement.to_json(),
    }


def alert_name(model: str, identity: str) -> str:
    """Where an alert lies in the store."""
    return f"monitoring/{model}/alerts/{identity}.json"


def _not_computable(findings: Findings) -> list[Alarm]:
    if findings.problem:
        return [
            Alarm(
                Channel.UNKNOWN, "", "no result", "a result",
                f"the detectors of {findings.library} could not be run: {findings.problem}",
            )
        ]  # fmt: skip
    return [
        Alarm(
            Channel.UNKNOWN, test.feature, f"{test.method} of {test.rows} values", "a number",
            f"{test.method} of {test.feature or 'all features together'} is not computable: "
            f"{test.rows} of the window's values and {test.reference_rows} of the reference's",
        )
        for test in findings.tests
        if not (math.isfinite(test.statistic) and math.isfinite(test.p_value))
    ]  # fmt: skip


def _joint(test: Test, rules: DriftRules, allowed: float) -> Alarm | None:
    if not (test.p_value < allowed and test.statistic >= rules.calibrated.ks):
        return None
    return Alarm(
        Channel.MULTIVARIATE, "", f"{test.statistic:.3g}, p {test.p_value:.2g}",
        f"{rules.calibrated.ks:g} or p {allowed:.2g}",
        f"{test.method} tells {test.rows} rows of the window from {test.reference_rows} of the "
        f"reference: {test.statistic:.3g}, p {test.p_value:.2g}",
    )  # fmt: skip
