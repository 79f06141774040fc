"""A promotion is taken back through the release's own record."""

from __future__ import annotations

from datetime import datetime

from phasegate.errors import BadInput, Unavailable
from phasegate.monitoring.retraining.decision import RetrainingDecision
from phasegate.release.drivers import manual
from phasegate.release.drivers.settling import settle
from phasegate.release.drivers.world import World
from phasegate.release.record import Status


def take_back(world: World, decision: RetrainingDecision, now: datetime) -> str:
    """Give the champion before it everything back; does nothing more where that was done.

    Args:
        decision: whose change is a release.
        now: event time.

    Returns:
        What was done, in a sentence.

    Raises:
        BadInput: another release has begun since, or nobody serves the model before it.
        Unavailable: a store, the registry or the proxy did not answer, or does not follow yet.
    """
    assert decision.change is not None
    name, entry = decision.change.release, world.releases.head(world.model)
    if entry is None or entry.record.release != name:
        there = entry.record.release if entry is not None else "none"
        raise BadInput(
            f"the newest release is {there}: {name} cannot be taken back any more",
            where=f"undo_change: {world.model}",
            fix="release the model that is wanted: phasegate release start",
        )
    if entry.record.status is Status.ROLLED_BACK:
        settled = settle(world, entry, now)
        record, problems = settled.entry.record, settled.problems
    else:
        reason = f"monitoring: {decision.reasons[0] if decision.reasons else 'performance fell'}"
        look = manual.rollback(world, now, reason)
        assert look.entry is not None
        record, problems = look.entry.record, look.problems
    if problems:
        raise Unavailable("; ".join(problems), where=f"undo_change: {world.model}")
    return f"{record.champion.reference} answers again in place of {record.challenger.reference}"
