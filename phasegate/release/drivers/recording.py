"""The record as drivers change it: first the record, then its audit entry, then what it asks."""

from __future__ import annotations

from collections.abc import Callable

from phasegate.errors import Unavailable
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry

_ATTEMPTS = 20


class TooSlow(Unavailable):
    """Somebody else changed the record first.

    Attributes:
        winner: the newest entry.
    """

    def __init__(self, winner: Entry) -> None:
        self.winner = winner
        super().__init__(
            f"{winner.actor} was faster: {winner.action} ({winner.reason})",
            where=winner.record.release,
            fix="look at it and try again: phasegate release status",
        )


def newest(world: World) -> Entry | None:
    """The newest entry, which is in the audit log from now on."""
    entry = world.releases.head(world.model)
    if entry is not None:
        world.releases.append(entry)
    return entry


def record(world: World, previous: Entry | None, new: Entry) -> Entry:
    """Make an entry the newest one, if nobody was faster; returns it.

    Raises:
        TooSlow: somebody was; nothing is changed.
    """
    if not world.releases.swap(world.model, previous, new):
        winner = newest(world)
        if winner is None:
            raise Unavailable("the record is gone", where=world.model)
        raise TooSlow(winner)
    world.releases.append(new)
    return new


def insist(world: World, change: Callable[[Entry | None], Entry | None]) -> Entry | None:
    """Change the record, whoever else does at the same time.

    Args:
        change: from the newest entry to the next; None where nothing is to be changed.

    Returns:
        The newest entry.
    """
    for _ in range(_ATTEMPTS):
        previous = newest(world)
        new = change(previous)
        if new is None:
            return previous
        try:
            return record(world, previous, new)
        except TooSlow as lost:
            last = lost
    raise last
