"""A look at a release: evidence, decision, and the decision made the newest entry."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.release.decision import Action, Decision
from phasegate.release.drivers.recording import TooSlow, record
from phasegate.release.drivers.settling import settle
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.record import ReleaseRecord
from phasegate.release.transitions import decided


@dataclass(frozen=True, slots=True)
class Look:
    """What a driver did.

    Attributes:
        entry: the newest one; None where there is no release.
        decision: what was decided; None where nothing was looked at.
        evidence: what was seen; None where nothing was looked at.
        problems: why traffic or registry do not follow the newest entry yet.
        winner: who changed the record first, and how; empty where nobody did. Then the decision
            was not recorded, and nothing of it was done.
    """

    entry: Entry | None
    decision: Decision | None = None
    evidence: Evidence | None = None
    problems: tuple[str, ...] = ()
    winner: str = ""


def seen(world: World, record: ReleaseRecord, now: datetime, *, read_log: bool = True) -> Evidence:
    """The evidence of a release; where even its source fails, the kill switch and the reason."""
    try:
        return world.evidence(record, now, read_log=read_log)
    except (BadInput, OSError) as error:
        return Evidence(
            release=record.release,
            champion=record.champion.digest,
            challenger=record.challenger.digest,
            phase=record.current.name,
            since=record.phase_applied or record.phase_started,
            until=now,
            kill=world.kill_switch.is_on(world.model),
            problems=(str(error),),
        )


def enact(
    world: World,
    entry: Entry,
    decision: Decision,
    evidence: Evidence,
    now: datetime,
    *,
    waiver: str = "",
) -> Look:
    """Record a decision, then make traffic and registry follow; the evidence is kept first.

    A decision that was already recorded for the same evidence and time is not recorded again.

    Raises:
        Unavailable: the store did not answer. A release that was to be rolled back has lost its
            traffic all the same, by the proxy's kill switch.
    """
    if _is_repeated(entry, decision, evidence, now):
        settled = settle(world, entry, now)
        return Look(settled.entry, decision, evidence, settled.problems)
    winner = ""
    try:
        world.releases.save_evidence(world.model, evidence)
        new = decided(entry, decision, evidence, now, world.actor, waiver=waiver)
        entry = record(world, entry, new)
    except TooSlow as lost:
        entry, winner = lost.winner, str(lost)
    except (BadInput, OSError):
        if decision.action is Action.ROLL_BACK:
            with suppress(BadInput):
                world.target.kill()
        raise
    settled = settle(world, entry, now)
    return Look(settled.entry, decision, evidence, settled.problems, winner)


def _is_repeated(entry: Entry, decision: Decision, evidence: Evidence, now: datetime) -> bool:
    return (
        decision.action is Action.HOLD
        and entry.action == "look"
        and (entry.at, entry.evidence, entry.decision) == (now, evidence.digest, decision)
    )
