"""One step of a release, for whatever runs now and then: a pipeline, a person, a timer."""

from __future__ import annotations

from datetime import datetime

from phasegate.release.decide import decide
from phasegate.release.drivers.looking import Look, enact, seen
from phasegate.release.drivers.recording import TooSlow, newest
from phasegate.release.drivers.settling import settle
from phasegate.release.drivers.starting import start_next
from phasegate.release.drivers.world import World


def step(world: World, now: datetime) -> Look:
    """Carry a release on by at most one decision; start one if a new challenger is registered.

    Looks at everything: log, proxy, kill switch. Holding is recorded too, as a look. May be called
    at any time, by several at once, and again after it died anywhere.

    Args:
        now: event time.

    Raises:
        Unavailable: store, or the registry where it is needed, did not answer.
    """
    entry = newest(world)
    problems: tuple[str, ...] = ()
    if entry is not None:
        settled = settle(world, entry, now)
        entry, problems = settled.entry, settled.problems
    if entry is None or (entry.record.is_over and entry.record.settled):
        winner = ""
        try:
            begun = start_next(world, entry, now)
        except TooSlow as lost:
            begun, winner = lost.winner, str(lost)
        if begun is None:
            return Look(entry)
        settled = settle(world, begun, now)
        return Look(settled.entry, problems=settled.problems, winner=winner)
    if entry.record.is_over:
        return Look(entry, problems=problems)
    evidence = seen(world, entry.record, now)
    decision = decide(world.policy or entry.record.policy, entry.record, evidence, now)
    return enact(world, entry, decision, evidence, now)
