"""The rules of a retraining decision; `decide` says in which order they apply."""

from __future__ import annotations

from collections.abc import Sequence

from phasegate.monitoring.retraining.course import Fall, promotion
from phasegate.monitoring.retraining.decision import Action, Change, ChangeKind
from phasegate.monitoring.retraining.findings import Answer, Found
from phasegate.monitoring.retraining.inputs import blamed, broken_inputs
from phasegate.monitoring.retraining.standing import has_new_labels, label_problems

_SHOWN = 3  # features that a sentence names


def of_another(found: Found) -> Answer | None:
    """A report is of something else."""
    wrong = []
    if found.performance.metric != found.policy.performance.metric:
        wrong.append(f"performance is measured by {found.performance.metric[:40]}")
    if any(one.model_digest != found.model_digest for one in found.drift):
        wrong.append("drift is of another model")
    if any(one.profile_digest != found.profile_digest for one in found.drift):
        wrong.append("drift is against another profile")
    if found.skew is not None and found.skew.model_digest != found.model_digest:
        wrong.append("skew is of another model")
    if not wrong:
        return None
    return Action.ASK, ["The reports are not of this model and its reference", *wrong], None


def broken(found: Found) -> Answer | None:
    """Inputs are broken."""
    faults = broken_inputs(found.drift, found.skew, found.changes)
    if not faults:
        if (
            found.skew is not None
            and found.skew.alert
            and not any(feature.alert for feature in found.skew.features)
        ):
            problems = found.skew.problems or ("nothing says why",)
            reason = "Served features could not be compared with recomputed ones"
            return Action.ASK, [reason, *problems], None
        return None
    features = sorted({one.feature for one in faults if one.feature})
    more = f" and {len(features) - _SHOWN} more" if len(features) > _SHOWN else ""
    named = f"Inputs are broken: {', '.join(features[:_SHOWN]) or 'the whole window'}{more}"
    details = [one.reason for one in faults]
    for one in faults:
        near = found.policy.retraining.near
        suspects = blamed(found.changes, one.since, one.until, near, found.model_digest)
        if suspects:
            return _roll_back(f"{named}; that began", suspects, details)
    return Action.ASK, [f"{named}, and no change was announced that explains it", *details], None


def nothing_known(found: Found) -> Answer | None:
    """There is nothing to judge by."""
    own = [w for w in found.performance.windows if w.model_digest == found.model_digest]
    is_judged = any(one.judged for one in found.drift)
    is_silent = bool(found.drift) and not any(one.rows > 0 for one in found.drift)
    if not is_silent and (is_judged or found.measured or found.estimated):
        return None
    made = promotion(found.changes, found.model_digest)
    if made is not None and found.until - made.at < found.policy.performance.window:
        return Action.NOTHING, [f"The model answers only since {made.at:%Y-%m-%d %H:%M} UTC"], None
    rows = sum(max(one.rows, 0) for one in found.drift)
    if is_silent or not (own or found.drift):
        return Action.ASK, ["The prediction log has no answers of this model"], None
    reason = "There is too little to judge, neither drift nor performance is known"
    return Action.ASK, [reason, f"{rows:,} rows were looked at"], None


def untold_labels(found: Found) -> Answer | None:
    """Labels cannot be trusted."""
    problems = label_problems(found.performance, found.model_digest, found.policy.performance)
    if not problems:
        return None
    said = "Labels are missing or contradict each other: performance is not known"
    return Action.ASK, [said, *problems], None


def caused_drop(found: Found) -> Answer | None:
    """Performance stepped down where something was changed."""
    fall = found.fall
    if fall is None or not fall.sudden:
        return None
    suspects = [fall.release] if fall.release is not None else _suspects(found, fall)
    return _roll_back(_told(found), suspects, []) if suspects else None


def below_floor(found: Found) -> Answer | None:
    """Performance is below the floor, on labels."""
    if found.measured is None or not found.measured.below:
        return None
    more = [_told(found)] if found.fall is not None else []
    return _retrain(found, "Performance is below the floor", more)


def declined(found: Found) -> Answer | None:
    """Performance fell."""
    if found.fall is None:
        return None
    if found.fall.sudden and found.fall.surely:
        said = "Performance dropped suddenly, and no change was announced that explains it"
        return Action.ASK, [said, _told(found)], None
    suspects = [] if found.fall.sudden or found.fall.surely else _suspects(found, found.fall)
    if suspects:
        said = f"Performance declines, and it may be the fault of a change: {suspects[0].what}"
        return Action.ASK, [said, _told(found)], None
    return _retrain(found, "Performance declines", [_told(found)])


def drift_with_a_change(found: Found) -> Answer | None:
    """Drift came where something was changed, and stayed."""
    if not found.alerting:
        return None
    first = min(found.alerting, key=lambda one: (one.since, one.until))
    # One alert may be a false one; a change of what is served goes on.
    later = [one for one in found.drift if one.judged and one.since >= first.since]
    if len(later) < 2 or not all(one.alert for one in later):
        return None
    suspects = [
        change
        for change in blamed(
            found.changes, first.since, first.until, found.policy.retraining.near, ""
        )
        if change.kind is not ChangeKind.RELEASE
    ]
    if not suspects:
        return None
    said = f"Drift began with a change that nobody has taken back: {suspects[0].what}"
    return Action.ASK, [said, *_alarms(found)], None


def near_floor(found: Found) -> Answer | None:
    """Performance is so near to the floor, on labels, that a new model would come too late."""
    if found.near is None or not found.near.below:
        return None
    headroom = found.policy.performance.headroom
    return _retrain(found, f"Performance is less than {headroom:.1%} above the floor", [])


def estimated_below(found: Found) -> Answer | None:
    """Performance is below the floor, as estimated before labels."""
    if found.estimated is None or not found.estimated.below:
        return None
    # What a change did to labels is not known before they are: the estimate may be its fault.
    known = max((w.until for w in found.performance.windows if w.measured), default=None)
    near = found.policy.retraining.near
    suspects = blamed(found.changes, known or found.until, found.until, near, "")
    suspects = [change for change in suspects if change.kind is not ChangeKind.RELEASE]
    if suspects:
        said = "Performance is estimated below the floor, and labels do not tell yet about a change"
        return Action.ASK, [f"{said}: {suspects[0].what}", *_alarms(found)], None
    return _retrain(found, "Performance is estimated below the floor", _alarms(found))


def drifted(found: Found) -> Answer | None:
    """Drift alerts."""
    if not found.alerting:
        return None
    if found.measured is None and found.estimated is None:
        said = "Drift alerts, and nothing is known about performance"
        return Action.ASK, [said, *_alarms(found)], None
    said = "Drift alerts, which calls for a look at performance: it stands"
    return Action.NOTHING, [said, *_alarms(found)], None


def nothing(found: Found) -> Answer:
    """Nothing else applied."""
    if found.measured is None and found.estimated is None:
        return Action.NOTHING, ["No drift, and nothing is known about performance yet"], None
    return Action.NOTHING, ["Nothing calls for anything"], None


def _retrain(found: Found, why: str, more: list[str]) -> Answer:
    rules = found.policy
    if has_new_labels(
        found.performance, found.last_training, rules.labels.delay, rules.performance.min_rows
    ):
        return Action.RETRAIN, [why, *more], None
    since = "" if found.last_training is None else f" since {found.last_training:%Y-%m-%d}"
    lack = "too few labels became known to train on" + since
    return Action.ASK, [f"{why}, and {lack}", *more], None


def _suspects(found: Found, fall: Fall) -> list[Change]:
    near = found.policy.retraining.near
    return blamed(found.changes, fall.since, fall.until, near, found.model_digest)


def _roll_back(what: str, suspects: Sequence[Change], details: list[str]) -> Answer:
    change = suspects[0]
    blame = (
        f"{what} with the {change.kind} change '{change.what}' of "
        f"{change.at:%Y-%m-%d %H:%M} UTC by {change.actor}"
    )
    others = [
        f"it may also be '{other.what}' of {other.at:%Y-%m-%d %H:%M} UTC" for other in suspects[1:]
    ]
    return Action.ROLL_BACK, [blame, *details, *others], change


def _told(found: Found) -> str:
    shape, metric = found.shape, found.policy.performance.metric
    sizes = f"{metric} went from {shape.before:.1%} to {shape.after:.1%}"
    if shape.at is not None:
        return f"{sizes} in one step at {shape.at:%Y-%m-%d}"
    return f"{sizes} little by little"


def _alarms(found: Found) -> list[str]:
    newest = max(found.alerting, key=lambda one: (one.until, one.since), default=None)
    if newest is None:
        return []
    rule = getattr(newest, found.policy.drift.act_on)
    return [*([rule.reason] if rule.alert else []), *(alarm.reason for alarm in newest.alarms)]


def remarks(found: Found) -> list[str]:
    """What did not decide and should be known."""
    said = []
    for one in (found.measured, found.estimated):
        if one is not None and one.maybe:
            said.append("one window below the floor is not enough evidence by itself")
    if unjudged := sum(not one.judged for one in found.drift):
        said.append(f"{unjudged} of {len(found.drift)} windows had too few rows to judge drift")
    if found.skew is None:
        said.append("served features were not compared with recomputed ones")
    else:
        said.extend(found.skew.problems)
    return [*said, *found.performance.problems]


RULES = (
    of_another,
    broken,
    nothing_known,
    untold_labels,
    caused_drop,
    below_floor,
    declined,
    drift_with_a_change,
    near_floor,
    estimated_below,
    drifted,
)
"""Those that apply to some, in order."""
