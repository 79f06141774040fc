"""What may be done to a release, from one audit entry to the next.

The same as `phasegate.release.transitions` does, written down a second time: an entry that was
made by other hands, and sealed well, is still found when it skips a phase or a gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Action
from phasegate.release.entry import Entry
from phasegate.release.record import ReleaseRecord, Status


@dataclass(frozen=True, slots=True)
class _Rule:
    """What an action may do to a record, which `phasegate.release.transitions` does.

    Attributes:
        before: statuses that it may find.
        after: status that it leaves; None for the same.
        changes: fields of the record that it may set, besides sequence and status.
        decision: what was decided, where something was.
        by_hand: whether it may be without a decision.
    """

    before: tuple[Status, ...]
    after: Status | None
    changes: tuple[str, ...]
    decision: Action | None = None
    by_hand: bool = False


_OPEN = (Status.RUNNING, Status.FROZEN)
_OVER = (Status.PROMOTED, Status.ROLLED_BACK, Status.ENDED)
_PHASE = ("phase_started", "phase_applied", "seen", "reason")
_END = ("seen", "reason")
_RUNS = (Status.RUNNING,)

_RULES = {
    "apply": _Rule(_OPEN, None, ("phase_applied", "seen"), by_hand=True),
    "settle": _Rule(_OVER, None, ("settled",), by_hand=True),
    "look": _Rule(_OPEN, None, ("seen",), Action.HOLD),
    "advance": _Rule(_RUNS, Status.RUNNING, ("phase", *_PHASE), Action.ADVANCE),
    "finish": _Rule(_RUNS, Status.PROMOTED, _END, Action.FINISH),
    "freeze": _Rule(_RUNS, Status.FROZEN, _END, Action.FREEZE, by_hand=True),
    "resume": _Rule((Status.FROZEN,), Status.RUNNING, _PHASE, by_hand=True),
    "roll back": _Rule(
        (*_OPEN, Status.PROMOTED), Status.ROLLED_BACK, ("settled", *_END), Action.ROLL_BACK, True
    ),
    "end inconclusive": _Rule(_RUNS, Status.ENDED, _END, Action.END_INCONCLUSIVE),
}


def decision_flaws(entry: Entry) -> Iterator[str]:
    """What speaks against an action, of what was decided; a gate that did not pass above all."""
    rule = _RULES.get(entry.action)
    decision = entry.decision
    if decision is None:
        if rule is not None and not rule.by_hand:
            yield f"'{entry.action}' without a decision"
        return
    if rule is None or decision.action is not rule.decision:
        yield f"'{entry.action[:40]}' after the decision '{decision.action}'"
    if decision.action in (Action.ADVANCE, Action.FINISH):
        gates = [found for found in decision.findings if not found.guardrail]
        if not gates:
            yield f"'{decision.action}' without a gate that passed"
        for found in gates:
            if found.outcome is not Outcome.PASS:
                yield f"'{decision.action}' though gate '{found.name[:80]}' is {found.outcome}"
        if any(found.outcome is Outcome.BLOCK for found in decision.findings if found.guardrail):
            yield f"'{decision.action}' though a guardrail is BLOCK"
        if not entry.evidence:
            yield f"'{decision.action}' without evidence"


def start_flaws(before: Entry | None, entry: Entry) -> Iterator[str]:
    """What speaks against the start of a release after an entry."""
    record = entry.record
    if before is not None and not (before.record.is_over and before.record.settled):
        yield f"a release starts while {before.record.release[:80]} is under way"
    begun = (record.status, record.phase, record.phase_applied, record.settled)
    if begun != (Status.RUNNING, 0, None, False):
        yield "a release starts that is not at its beginning"
    if not record.started == record.phase_started == record.seen == entry.at:
        yield "a release starts at another time than its entry's"
    if record.champion.digest == record.challenger.digest:
        yield "champion and challenger are the same model"
    if not record.policy.phases:
        yield "its policy has no phases"
    elif record.policy.phases[0].weight and not record.policy.shadow_off.strip():
        yield "it starts without a shadow, and no reason is written"


def change_flaws(before: ReleaseRecord, entry: Entry) -> Iterator[str]:
    """What speaks against a change of the record from what it was before."""
    after, action = entry.record, entry.action
    rule = _RULES.get(action)
    if rule is None:
        yield f"'{action[:40]}' is nothing that is done to a release"
        return
    if before.status not in rule.before:
        yield f"'{action}' of a release that is {before.status}"
    if before.status is Status.PROMOTED and entry.decision is not None:
        yield f"'{action}' of a promoted release, which only a person may do"
    if after.status is not (rule.after or before.status):
        yield f"'{action}' leaves it {after.status}"
    kept = {"sequence", "status", *rule.changes}
    for field in fields(ReleaseRecord):
        if field.name not in kept and getattr(before, field.name) != getattr(after, field.name):
            yield f"'{action}' changed {field.name}"
    yield from (f"'{action}' {what}" for what in _step_flaws(before, after, action))


def _step_flaws(before: ReleaseRecord, after: ReleaseRecord, action: str) -> Iterator[str]:
    if after.seen < before.seen:
        yield "put the time of the last look back"
    if action == "advance" and after.phase != before.phase + 1:
        yield f"went from phase {before.phase + 1} to {after.phase + 1}"
    if action in ("advance", "resume") and after.phase_applied is not None:
        yield "takes for granted that traffic follows"
    if action in ("advance", "resume") and after.phase_started < before.phase_started:
        yield "put the start of the phase back"
    if action in ("advance", "finish") and before.phase_applied is None:
        yield "came before traffic followed the phase"
    if action == "finish" and before.phase + 1 != len(before.policy.phases):
        yield f"came in phase {before.phase + 1} of {len(before.policy.phases)}"
    if action == "apply" and (
        after.phase_applied is None or after.phase_applied < after.phase_started
    ):
        yield "says that traffic followed before the phase began"
    if action in ("settle", "roll back") and after.settled is not (action == "settle"):
        yield f"leaves it {'settled' if after.settled else 'unsettled'}"
