"""What to do about a release now: one pure function for pipeline, guard and backtest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Action, Decision, Finding
from phasegate.release.evidence import Evidence
from phasegate.release.judges import judge, mismatch
from phasegate.release.policy import Policy
from phasegate.release.record import ReleaseRecord, Status, desired
from phasegate.traffic.plan import WHOLE


def decide(
    policy: Policy,
    record: ReleaseRecord | None,
    evidence: Evidence | None,
    now: datetime,
    *,
    waived: bool = False,
) -> Decision:
    """Advance, hold, roll back, freeze, finish or end: total, and closed when in doubt.

    In this order: a pulled kill switch and shown harm roll back from every phase, whatever else is
    known; cohorts that are not split as they should be freeze; anything missing holds, and rolls
    back once it has been missing for longer than the policy allows; only then, with everything
    seen and every gate at PASS, does a release move forwards. It never skips a phase.

    Args:
        policy: rules; those that the release was started under.
        record: state of the release; None where there is none.
        evidence: what is known; None where nothing is.
        now: event time.
        waived: whether a person takes the phase's minimum as reached; gates still have to pass.
    """
    if record is None:
        return Decision(Action.HOLD, ("there is no release",))
    if record.is_over:
        return Decision(Action.HOLD, (f"the release is over: {record.status}",))
    if evidence is not None and (kill := _killed(evidence)):
        return Decision(Action.ROLL_BACK, (kill,))
    if policy != record.policy:
        return _wait(record, now, ["the policy is not the one that the release was started under"])
    if evidence is None:
        return _wait(record, now, ["there is no evidence"])
    if foreign := _foreign(record, evidence):
        return _wait(record, now, [foreign])

    findings = _findings(policy, record, evidence)
    if harm := [found.reason for found in findings if found.outcome is Outcome.BLOCK]:
        return Decision(Action.ROLL_BACK, tuple(harm), findings)
    if 0 < record.current.weight < WHOLE and evidence.cohorts is not None:
        split = mismatch(evidence, record.current, policy)
        findings = (*findings, split)
        if split.outcome is Outcome.BLOCK and record.status is not Status.FROZEN:
            return Decision(Action.FREEZE, (split.reason,), findings)

    if unsound := list(unsoundness(record, evidence, now)):
        return _wait(record, now, unsound, findings)
    if now < max(record.phase_started, record.seen):
        return Decision(
            Action.HOLD,
            (f"the clock shows {now}, which is before {max(record.phase_started, record.seen)}",),
            findings,
        )
    if record.status is Status.FROZEN:
        return Decision(Action.HOLD, (f"frozen: {record.reason}",), findings)
    return _forwards(record, evidence, now, findings, waived)


def unsoundness(record: ReleaseRecord, evidence: Evidence, now: datetime) -> Iterator[str]:
    """What keeps evidence from moving a release forwards, whatever it shows."""
    yield from evidence.problems
    if not evidence.log_read and not evidence.problems:
        yield "the prediction log was not read"
    if evidence.kill is None:
        yield "the kill switch could not be read"
    if record.phase_applied is None:
        yield "traffic does not follow the phase yet"
    elif evidence.since != record.phase_applied or evidence.until <= evidence.since:
        yield f"the evidence is not of the phase's time, from {record.phase_applied} on"
    if not now - record.policy.unreachable <= evidence.until <= now:
        yield f"the evidence ends at {evidence.until}, and it is {now}"
    if evidence.traffic is None:
        yield "the proxy did not answer"
        return
    wanted, seen = desired(record), evidence.traffic
    challenger = wanted.challenger.slot if wanted.challenger else ""
    if (seen.champion, seen.challenger) != (wanted.champion.slot, challenger):
        yield (
            f"the proxy has {seen.champion} and {seen.challenger or 'no challenger'}, "
            f"expected {wanted.champion.slot} and {challenger}"
        )
    if wanted.challenger and not seen.challenger_healthy:
        yield "the challenger does not pass its health checks"
    if (seen.weight, seen.mirror) != (wanted.weight, wanted.mirror):
        yield (
            f"the proxy gives {seen.weight / 100:g} % and copies {seen.mirror / 100:g} %, "
            f"expected {wanted.weight / 100:g} % and {wanted.mirror / 100:g} %"
        )


def shortfalls(record: ReleaseRecord, evidence: Evidence) -> Iterator[tuple[str, float, float]]:
    """What the phase's minimum still lacks: its name, what there is, and what is needed."""
    minimum = record.current.minimum
    passed = (evidence.until - evidence.since) / timedelta(days=1)
    needed = minimum.duration / timedelta(days=1)
    requests, entities = units(record, evidence)
    for name, seen, wanted in (
        ("days", passed, needed),
        ("requests", requests, minimum.requests),
        ("entities", entities, minimum.entities),
    ):
        if not seen >= wanted:
            yield name, seen, wanted


def units(record: ReleaseRecord, evidence: Evidence) -> tuple[int, int]:
    """Requests that the challenger answered in this phase, and the entities they belong to."""
    seen = evidence.cohorts.challenger if evidence.cohorts else None
    if record.current.weight:
        return (seen.requests - seen.failed, seen.entities) if seen else (0, 0)
    return (evidence.pairs.answered, evidence.pairs.entities) if evidence.pairs else (0, 0)


def _forwards(
    record: ReleaseRecord,
    evidence: Evidence,
    now: datetime,
    findings: tuple[Finding, ...],
    waived: bool,
) -> Decision:
    phase = record.current
    missing = [
        f"{seen:,.4g} of {wanted:,.4g} {name} seen"
        for name, seen, wanted in shortfalls(record, evidence)
        if not waived
    ]
    gates = [found for found in findings if not found.guardrail]
    missing += [found.reason for found in gates if found.outcome is not Outcome.PASS]
    if not gates:
        missing.append(f"phase {phase.name} has no gate that could pass")
    if not missing:
        last = record.phase + 1 == len(record.policy.phases)
        ahead = "promotion" if last else f"phase {record.policy.phases[record.phase + 1].name}"
        return Decision(
            Action.FINISH if last else Action.ADVANCE,
            (f"every gate of phase {phase.name} passed: {ahead}",),
            findings,
        )
    if now - record.phase_started > phase.patience:
        over = f"phase {phase.name} is undecided after {_days(now - record.phase_started)}"
        ending = Action.FREEZE if phase.at_end == "freeze" else Action.END_INCONCLUSIVE
        return Decision(ending, (over, *missing), findings)
    return Decision(Action.HOLD, tuple(missing), findings)


def _findings(policy: Policy, record: ReleaseRecord, evidence: Evidence) -> tuple[Finding, ...]:
    phase = record.current
    return tuple(
        found
        for gates, guardrail in ((phase.gates, False), (phase.guardrails, True))
        for gate in gates
        for found in judge(gate, evidence, phase, policy, guardrail)
    )


def _wait(
    record: ReleaseRecord, now: datetime, why: list[str], findings: tuple[Finding, ...] = ()
) -> Decision:
    """Hold, unless nothing sound has been seen for longer than the policy allows."""
    unseen = now - record.seen
    if unseen > record.policy.unreachable:
        first = f"no sound evidence for {_days(unseen)}: nobody is watching the challenger"
        return Decision(Action.ROLL_BACK, (first, *why), findings)
    return Decision(Action.HOLD, tuple(why), findings)


def _killed(evidence: Evidence) -> str:
    if evidence.kill:
        return "the release's kill switch is on"
    if evidence.traffic is not None and evidence.traffic.killed:
        return "the proxy's kill switch is pulled"
    return ""


def _foreign(record: ReleaseRecord, evidence: Evidence) -> str:
    expected = (
        ("release", evidence.release, record.release),
        ("champion", evidence.champion, record.champion.digest),
        ("challenger", evidence.challenger, record.challenger.digest),
        ("phase", evidence.phase, record.current.name),
    )
    for what, seen, wanted in expected:
        if seen != wanted:
            return f"the evidence is of {what} {seen[:40]}, expected {wanted[:40]}"
    return ""


def _days(duration: timedelta) -> str:
    hours = duration / timedelta(hours=1)
    return f"{hours / 24:.3g} days" if hours >= 48 else f"{hours:.3g} hours"
