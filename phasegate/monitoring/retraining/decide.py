"""What is to be done about a model: nothing, retrain, roll a change back, or ask a person.

The rules, of which the first that applies decides:

1.  A report is of another model, metric or profile: ASK.
2.  Inputs are broken (missing, unseen, invalid or newly constant values, what cannot be computed,
    or served features that differ from recomputed ones): ROLL_BACK of the latest announced change
    that came at most ``retraining.near`` before that began; ASK where there is none. Whatever the
    performance is, a model is never trained on broken inputs. No label is waited for.
3.  Nobody was answered, or neither drift nor performance could be judged: ASK; NOTHING yet of a
    model that was promoted less than a performance window ago.
4.  Labels are missing or contradict each other beyond what is allowed: ASK.
5.  Performance stepped down, and an announced change is near the step, or the step is where the
    release of this model took over: ROLL_BACK of it.
6.  Below the floor, on labels (see `standing.measured_standing`): RETRAIN.
7.  Performance fell gradually, or suddenly and without a cause but hardly to be told from
    gradually: RETRAIN. Clearly suddenly, and without a cause: ASK. So is a slope that may as well
    be a step near an announced change.
8.  Drift began near an announced change of pipeline or schema and stayed, in two windows or more
    and in each since, and hurt nothing that is known so far: ASK.
9.  On labels less than ``performance.headroom`` above the floor, by the same evidence as is asked
    for below it: RETRAIN, so that the next model is released before the floor is reached.
10. Below the floor as estimated before labels (see `standing.estimated_standing`): RETRAIN; ASK
    where pipeline or schema were changed since the labels that are known.
11. Drift alerts: that alone retrains nothing, it is looked at whether performance suffers. Where
    it is known, by labels or by estimate, and stands: NOTHING. Where nothing is known of it: ASK.
12. Otherwise NOTHING.

RETRAIN needs labels that became known since the last training: without, the same model would come
out, and it is ASK. Whether a training may begin now is for `claims.may_train` to say. What a
change did that has been taken back since is no evidence of anything.

What a person answered to ASK comes before these rules: see `answers.follow`.

Steps and slopes are believed by BIC (`phasegate.statistics.change_point`), a season is not taken
for either.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from phasegate.digests import digest_json
from phasegate.monitoring.drift.judgement import DriftJudgement
from phasegate.monitoring.performance.series import Performance
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.course import counted, is_spoiled, shape_of
from phasegate.monitoring.retraining.decision import Change, RetrainingDecision
from phasegate.monitoring.retraining.findings import Found
from phasegate.monitoring.retraining.rules import RULES, nothing, remarks
from phasegate.monitoring.retraining.standing import (
    estimated_standing,
    measured_standing,
)
from phasegate.monitoring.skew.report import SkewReport


def decide(
    performance: Performance,
    drift: Sequence[DriftJudgement],
    skew: SkewReport | None,
    changes: Sequence[Change],
    policy: MonitoringPolicy,
    *,
    model_digest: str,
    profile_digest: str,
    since: datetime,
    until: datetime,
    now: datetime,
    last_training: datetime | None,
) -> RetrainingDecision:
    """What is to be done, by the rules above; of nothing but its arguments, and it never fails.

    Args:
        performance: of the champion and those before it.
        drift: judgements of the windows between ``since`` and ``until``.
        skew: of the same span; None where it was left out.
        changes: made under the model, as they stand now.
        policy: the rules' numbers.
        model_digest: of the champion.
        profile_digest: of its reference.
        since, until: span that was looked at, event time.
        now: event time.
        last_training: event time of the last training; None where there was none.
    """
    known = tuple(change for change in changes if change.at <= now)
    shape, fall = shape_of(performance, model_digest, known, policy.retraining)
    alerting = tuple(
        one for one in drift if one.alert and not is_spoiled(one.since, one.until, known)
    )
    windows = counted(performance, model_digest, known, policy.retraining)
    rules, drifts = policy.performance, bool(alerting)
    found = Found(
        performance=performance,
        drift=tuple(drift),
        skew=skew,
        changes=known,
        policy=policy,
        model_digest=model_digest,
        profile_digest=profile_digest,
        until=until,
        last_training=last_training,
        shape=shape,
        fall=fall,
        alerting=alerting,
        measured=measured_standing(windows, rules, drifts=drifts),
        near=measured_standing(windows, rules, drifts=drifts, headroom=rules.headroom),
        estimated=estimated_standing(performance, model_digest, known, rules, drifts=drifts),
    )
    answers = (answer for rule in RULES if (answer := rule(found)) is not None)
    action, reasons, change = next(answers, None) or nothing(found)
    numbers = [one.reason for one in (found.measured, found.estimated) if one is not None]
    said = [*reasons, *numbers, *remarks(found)]
    return RetrainingDecision(
        action=action,
        reasons=tuple(dict.fromkeys(said)),
        model_digest=model_digest,
        profile_digest=profile_digest,
        since=since,
        until=until,
        now=now,
        shape=shape,
        change=change,
        evidence={
            "performance": digest_json(performance.to_json()),
            "drift": digest_json([one.to_json() for one in drift]),
            "policy": digest_json(policy.to_json()),
            **({"skew": digest_json(skew.to_json())} if skew is not None else {}),
        },
    )
