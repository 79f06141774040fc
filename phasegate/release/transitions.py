"""How a release record changes: each change is a new audit entry that follows the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.release.decide import unsoundness
from phasegate.release.decision import Action, Decision
from phasegate.release.entry import FIRST, Entry
from phasegate.release.evidence import Evidence
from phasegate.release.policy import Policy
from phasegate.release.reasons import SHORTEST_REASON, checked_reason
from phasegate.release.record import ModelVersion, ReleaseRecord, Status


def started(
    previous: Entry | None,
    *,
    model: str,
    champion: ModelVersion,
    challenger: ModelVersion,
    policy: Policy,
    now: datetime,
    actor: str,
    reason: str,
) -> Entry:
    """A new release, in its first phase.

    Raises:
        BadInput: one is under way, the two are the same model, or there is no shadow and no
            reason for that.
    """
    if previous is not None and not (previous.record.is_over and previous.record.settled):
        raise BadInput(
            f"release {previous.record.release} is {previous.record.status}",
            where=model,
            fix="phasegate release status shows it; end it with phasegate release rollback",
        )
    if champion.digest == challenger.digest:
        raise BadInput("champion and challenger are the same model", where=model)
    if not policy.phases:
        raise BadInput("the policy has no phases", where=model)
    if policy.phases[0].weight and len(policy.shadow_off.strip()) < SHORTEST_REASON:
        raise BadInput(
            "the first phase is no shadow, and no reason is written",
            where=f"{model}: release policy",
            expected=f"a shadow, or a reason of at least {SHORTEST_REASON} characters",
        )
    sequence = previous.sequence + 1 if previous else 1
    record = ReleaseRecord(
        sequence=sequence,
        model=model,
        release=f"{model}-{sequence:06d}-{challenger.slot}",
        champion=champion,
        challenger=challenger,
        policy=policy,
        status=Status.RUNNING,
        phase=0,
        started=now,
        phase_started=now,
        phase_applied=None,
        seen=now,
        settled=False,
        reason=f"{reason}; without shadow: {policy.shadow_off}" if policy.shadow_off else reason,
    )
    return _entry(previous, record, now, actor, "start", record.reason)


def applied(previous: Entry, now: datetime, actor: str) -> Entry:
    """Traffic, and after its end the registry too, were seen to follow the record."""
    record = previous.record
    if record.is_over:
        changed = replace(record, settled=True)
        return _entry(previous, changed, now, actor, "settle", "traffic and registry follow")
    begun = max(now, record.phase_started)
    changed = replace(record, phase_applied=begun, seen=max(begun, record.seen))
    reason = f"traffic follows phase {record.current.name}"
    return _entry(previous, changed, now, actor, "apply", reason)


def decided(
    previous: Entry,
    decision: Decision,
    evidence: Evidence | None,
    now: datetime,
    actor: str,
    *,
    waiver: str = "",
) -> Entry:
    """What a decision makes of the record; a hold is recorded as a look.

    Args:
        waiver: why a person took the phase's minimum as reached; empty where nobody did.

    Raises:
        ValueError: the release is in no state for that action, which `decide` never asks.
    """
    record = previous.record
    if record.is_over:
        raise ValueError(f"{decision.action} of a release that is over")
    if record.status is Status.FROZEN and decision.action in (Action.ADVANCE, Action.FINISH):
        raise ValueError(f"{decision.action} of a frozen release")
    if evidence is not None and not any(unsoundness(record, evidence, now)):
        record = replace(record, seen=max(record.seen, now))
    reason = "; ".join(filter(None, (waiver, *decision.reasons[:1])))
    match decision.action:
        case Action.ADVANCE:
            changed = _in_phase(record, record.phase + 1, now)
        case Action.FINISH:
            if record.phase + 1 != len(record.policy.phases):
                raise ValueError("only the last phase can finish a release")
            changed = replace(record, status=Status.PROMOTED)
        case Action.FREEZE:
            changed = replace(record, status=Status.FROZEN)
        case Action.ROLL_BACK:
            changed = replace(record, status=Status.ROLLED_BACK)
        case Action.END_INCONCLUSIVE:
            changed = replace(record, status=Status.ENDED)
        case Action.HOLD:
            return _entry(previous, record, now, actor, "look", reason, evidence, decision)
    changed = replace(changed, reason=reason)
    return _entry(previous, changed, now, actor, str(decision.action), reason, evidence, decision)


def rolled_back(previous: Entry, now: datetime, actor: str, reason: str) -> Entry:
    """A person gives the champion everything back, even after a promotion.

    Raises:
        BadInput: it is over already, or no reason is given.
    """
    record = previous.record
    if record.status in (Status.ROLLED_BACK, Status.ENDED):
        raise BadInput(f"release {record.release} is {record.status} already")
    changed = replace(
        record, status=Status.ROLLED_BACK, settled=False, reason=checked_reason(reason, "rollback")
    )
    return _entry(previous, changed, now, actor, "roll back", reason)


def frozen(previous: Entry, now: datetime, actor: str, reason: str) -> Entry:
    """A person stops a release where it is.

    Raises:
        BadInput: it does not run, or no reason is given.
    """
    _require(previous.record, [Status.RUNNING], "freeze")
    changed = replace(
        previous.record, status=Status.FROZEN, reason=checked_reason(reason, "freeze")
    )
    return _entry(previous, changed, now, actor, "freeze", reason)


def resumed(previous: Entry, now: datetime, actor: str, reason: str) -> Entry:
    """A person lets a frozen release go on; its phase begins anew, with new evidence.

    Raises:
        BadInput: it is not frozen, or no reason is given.
    """
    record = previous.record
    _require(record, [Status.FROZEN], "resume")
    again = replace(_in_phase(record, record.phase, now), status=Status.RUNNING)
    changed = replace(again, reason=checked_reason(reason, "resume"))
    return _entry(previous, changed, now, actor, "resume", reason)


def _in_phase(record: ReleaseRecord, phase: int, now: datetime) -> ReleaseRecord:
    begun = max(now, record.phase_started)
    return replace(
        record, phase=phase, phase_started=begun, phase_applied=None, seen=max(begun, record.seen)
    )


def _entry(
    previous: Entry | None,
    record: ReleaseRecord,
    now: datetime,
    actor: str,
    action: str,
    reason: str,
    evidence: Evidence | None = None,
    decision: Decision | None = None,
) -> Entry:
    sequence = previous.sequence + 1 if previous else 1
    return Entry(
        sequence=sequence,
        previous=previous.hash if previous else FIRST,
        at=now,
        actor=actor,
        action=action,
        reason=_told(reason),
        evidence=evidence.digest if evidence else "",
        decision=decision,
        record=replace(record, sequence=sequence, reason=_told(record.reason)),
    ).sealed()


def _require(record: ReleaseRecord, allowed: Sequence[Status], what: str) -> None:
    if record.status not in allowed:
        raise BadInput(
            f"cannot {what} release {record.release}, which is {record.status}",
            expected=" or ".join(allowed),
        )


def _told(reason: str) -> str:
    """A reason as it can be written down: a terminal may pass on bytes that are no text."""
    return reason.encode("utf-8", "replace").decode()
