"""A release carried to a share by somebody else's pace, and by nothing but its own gates.

`phasegate.release.drivers.step` goes on whenever it may. A pipeline of another team may want to
say when: it asks for a share, or for the promotion, and gets it if the gates of the phase before
it pass at that time. A verdict that it brings along can only hold a release back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from phasegate.contracts.verdict import Check, Judgement, Outcome
from phasegate.errors import BadInput, Unavailable
from phasegate.release.decide import decide
from phasegate.release.decision import Action
from phasegate.release.drivers.judgement import NOTHING, gate_checks
from phasegate.release.drivers.looking import Look, enact, seen
from phasegate.release.drivers.recording import newest
from phasegate.release.drivers.settling import settle
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.policy import Policy
from phasegate.release.record import ReleaseRecord, Status

_ENDED = {
    Status.ROLLED_BACK: Outcome.BLOCK,
    Status.ENDED: Outcome.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a release is to be brought.

    Attributes:
        gate: name of the component that asks, for its verdict.
        text: the goal as a person reads it.
        phase: position of the phase; that after the last one is the promotion.
    """

    gate: str
    text: str
    phase: int

    def is_reached(self, record: ReleaseRecord) -> bool:
        """Whether the release is there, or further."""
        if record.status is Status.PROMOTED:
            return True
        return not record.is_over and record.phase >= self.phase


def share_goal(policy: Policy, weight: int, gate: str) -> Goal:
    """The first phase that gives the challenger a share.

    Args:
        policy: the rules that the release was started under.
        weight: the share, in basis points.
        gate: name of the component that asks.

    Raises:
        BadInput: no phase has it.
    """
    weights = [phase.weight for phase in policy.phases]
    if weight not in weights:
        raise BadInput(
            f"no phase gives the challenger {weight / 100:g} %",
            where=f"{gate}: weight",
            expected=f"one of {', '.join(f'{one / 100:g}' for one in dict.fromkeys(weights))}",
        )
    return Goal(gate, f"{weight / 100:g} % to the challenger", weights.index(weight))


def promotion_goal(policy: Policy, gate: str) -> Goal:
    """The promotion, which only the last phase leads to."""
    return Goal(gate, "the challenger promoted", len(policy.phases))


@dataclass(frozen=True, slots=True)
class Shift:
    """What became of it.

    Attributes:
        judgement: on the challenger: PASS where the goal is reached, BLOCK where the release is
            lost or the verdict is none on it, else INCONCLUSIVE: ask again later.
        look: what was looked at and done.
        is_final: whether asking again is of no use.
    """

    judgement: Judgement
    look: Look
    is_final: bool


def shift(
    world: World, goal_of: Callable[[Policy], Goal], verdict: Judgement, now: datetime
) -> Shift:
    """Bring a release nearer to a goal by at most one decision, if its gates let it.

    What the look finds against the release is done too: harm rolls back. It never goes beyond the
    goal, and never starts a release.

    Args:
        goal_of: the goal under the rules of the release.
        verdict: has to be PASS on the challenger's model.
        now: event time.

    Raises:
        BadInput: there is no release, or no such goal.
        Unavailable: the store did not answer, or traffic does not follow yet.
    """
    entry = newest(world)
    if entry is None:
        raise BadInput(
            "there is no release of this model",
            where=world.model,
            fix="start one: component deploy_shadow, or phasegate release start",
        )
    goal = goal_of(entry.record.policy)
    if refusal := _refusal(entry.record, verdict):
        outcome, reason = refusal
        return _told(goal, Look(entry), outcome, reason, is_final=True)
    settled = settle(world, entry, now)
    _require(world, settled.problems)
    record = settled.entry.record
    if goal.is_reached(record) or record.is_over:
        return _arrived(goal, Look(settled.entry))
    evidence = seen(world, record, now)
    decision = decide(world.policy or record.policy, record, evidence, now)
    if decision.action is Action.ADVANCE and goal.phase == len(record.policy.phases):
        reason = f"phase {record.current.name} is not the last: shift_traffic goes on to the next"
        return _told(goal, Look(settled.entry), Outcome.INCONCLUSIVE, reason)
    look = enact(world, settled.entry, decision, evidence, now)
    _require(world, look.problems)
    assert look.entry is not None
    if look.winner:
        return _told(goal, look, Outcome.INCONCLUSIVE, look.winner)
    if goal.is_reached(look.entry.record) or look.entry.record.is_over:
        return _arrived(goal, look)
    return _told(goal, look, Outcome.INCONCLUSIVE, "; ".join(decision.reasons))


def _refusal(record: ReleaseRecord, verdict: Judgement) -> tuple[Outcome, str] | None:
    """Why the verdict lets nothing move."""
    challenger = record.challenger
    if verdict.subject_digest != challenger.digest:
        return Outcome.BLOCK, (
            f"the verdict of {verdict.gate} is on {verdict.subject_digest[:12]}, "
            f"and the challenger of {record.release} is {challenger.slot}"
        )
    if verdict.outcome is not Outcome.PASS:
        said = "; ".join(verdict.reasons)
        return verdict.outcome, f"{verdict.gate} says {verdict.outcome}: {said}"
    return None


def _arrived(goal: Goal, look: Look) -> Shift:
    assert look.entry is not None
    record = look.entry.record
    outcome = Outcome.PASS if goal.is_reached(record) else _ENDED[record.status]
    reason = "reached" if outcome is Outcome.PASS else f"{record.status}: {record.reason}"
    return _told(goal, look, outcome, reason, is_final=True)


def _told(
    goal: Goal, look: Look, outcome: Outcome, reason: str, *, is_final: bool = False
) -> Shift:
    assert look.entry is not None
    record = look.entry.record
    check = Check("release", outcome, where_of(look.entry), goal.text, reason)
    others = gate_checks(look.decision) if not look.winner else ()
    judgement = Judgement(
        goal.gate,
        record.challenger.digest,
        look.evidence.digest if look.evidence is not None else NOTHING,
        (check, *others),
    )
    return Shift(judgement, look, is_final)


def where_of(entry: Entry) -> str:
    """Where a release stands, in a few words."""
    record = entry.record
    if record.is_over:
        return f"{record.status} in phase {record.current.name}"
    frozen = f"{record.status}, " if record.status is Status.FROZEN else ""
    return f"{frozen}phase {record.current.name}, {record.current.weight / 100:g} %"


def _require(world: World, problems: tuple[str, ...]) -> None:
    if problems:
        raise Unavailable("; ".join(problems), where=world.model)
