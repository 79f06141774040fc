"""What a look at a release comes to as a verdict, numbers and one word."""

from __future__ import annotations

from phasegate.contracts import Check, Judgement, Outcome
from phasegate.release.decide import units
from phasegate.release.decision import Action, Decision
from phasegate.release.drivers.looking import Look

NOTHING = "0" * 64  # digest where there is no release, or nothing was looked at
_OUTCOMES = {
    Action.ADVANCE: Outcome.PASS,
    Action.FINISH: Outcome.PASS,
    Action.ROLL_BACK: Outcome.BLOCK,
}


def action_of(look: Look) -> str:
    """What was done, in a word or two."""
    if look.winner:
        return "none"
    if look.decision is not None:
        return str(look.decision.action)
    return "start" if look.entry is not None and not look.entry.record.is_over else "none"


def judgement_of(look: Look, gate: str) -> Judgement:
    """The decision as a check, with those of the gates, and of guardrails that showed harm.

    Args:
        gate: name of the component that judges.
    """
    decision, entry, action = look.decision, look.entry, action_of(look)
    reasons = decision.reasons if decision is not None else ("nothing was looked at",)
    done = Check(
        name="release",
        outcome=_OUTCOMES.get(decision.action, Outcome.INCONCLUSIVE)
        if decision is not None and not look.winner
        else Outcome.INCONCLUSIVE,
        observed=action,
        required="every gate of the phase at PASS",
        reason=look.winner or "; ".join(reasons),
    )
    return Judgement(
        gate,
        entry.record.challenger.digest if entry is not None else NOTHING,
        look.evidence.digest if look.evidence is not None else NOTHING,
        (done, *gate_checks(decision)),
    )


def gate_checks(decision: Decision | None) -> tuple[Check, ...]:
    """What each gate of a decision found, and each guardrail that showed harm."""
    return tuple(
        Check(one.name, one.outcome, one.observed, one.required, one.reason)
        for one in (decision.findings if decision is not None else ())
        if not one.guardrail or one.outcome is Outcome.BLOCK
    )


def metrics_of(look: Look) -> dict[str, float]:
    """Where the release stands, as numbers."""
    if look.entry is None:
        return {}
    record = look.entry.record
    found = [one for one in look.decision.findings if not one.guardrail] if look.decision else []
    numbers = {
        "audit_entry": look.entry.sequence,
        "phase": record.phase + 1,
        "phases": len(record.policy.phases),
        "weight_percent": record.current.weight / 100,
        "mirror_percent": record.current.mirror / 100,
        "gates": len(found),
        "gates_passed": sum(one.outcome is Outcome.PASS for one in found),
    }
    if look.evidence is not None:
        numbers["requests"], numbers["entities"] = units(record, look.evidence)
    return numbers
