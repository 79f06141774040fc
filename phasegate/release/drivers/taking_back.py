"""A release taken back through its own record, once, whoever asks for it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from phasegate.errors import BadInput, Unavailable
from phasegate.release.drivers import manual
from phasegate.release.drivers.recording import newest
from phasegate.release.drivers.settling import settle
from phasegate.release.drivers.world import World
from phasegate.release.record import Status


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was done.

    Attributes:
        said: in a sentence.
        champion: ``NAME/VERSION`` that answers now; empty where no release ever was.
        is_done: whether there was a release to take back, now or before.
    """

    said: str
    champion: str
    is_done: bool


def take_back(world: World, release: str, reason: str, now: datetime) -> TakenBack:
    """Give the champion before a release everything back; nothing more where that was done.

    Args:
        release: which; empty takes the newest one.
        reason: for the audit log.
        now: event time.

    Raises:
        BadInput: another release has begun since, no reason is given, or nobody serves the model
            before it.
        Unavailable: something did not answer, or does not follow yet; where it was the store, the
            proxy's kill switch was pulled.
    """
    try:
        entry = newest(world)
    except (Unavailable, OSError):
        with suppress(BadInput):
            world.target.kill()
        raise
    if entry is None and not release:
        return TakenBack("there is no release of this model", "", False)
    if entry is None or (release and entry.record.release != release):
        there = entry.record.release if entry is not None else "none"
        raise BadInput(
            f"the newest release is {there}: {release} cannot be taken back any more",
            where=world.model,
            fix="release the model that is wanted: phasegate release start",
        )
    if entry.record.status in (Status.ROLLED_BACK, Status.ENDED):
        settled = settle(world, entry, now)
        record, problems = settled.entry.record, settled.problems
    else:
        look = manual.rollback(world, now, reason)
        assert look.entry is not None
        record, problems = look.entry.record, look.problems
    if problems:
        raise Unavailable("; ".join(problems), where=world.model)
    said = f"{record.champion.reference} answers again in place of {record.challenger.reference}"
    return TakenBack(said, record.champion.reference, True)
