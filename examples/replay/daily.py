"""Precision day by day, as whoever watches it would draw it: over the four weeks behind each day.

A single day, or week, has too few decisions to tell a model's precision from luck; four weeks have
some hundreds. Decisions on broken features are told apart, for both worlds alike: they say nothing
of a model, and among those of four weeks they would count for a month. A day with any of them is
held against the floor by them as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from examples.replay.measures import precision
from examples.replay.record import Piece, World, total
from phasegate.monitoring.performance.series import Confusion

DAY = timedelta(days=1)
BEHIND = 28 * DAY


@dataclass(frozen=True, slots=True)
class Day:
    """A day of one world.

    Attributes:
        at: midnight with which it begins.
        behind: decisions of the four weeks up to its end, fewer at the beginning, without those on
            broken features.
        broken: the day's own decisions on broken features.
    """

    at: datetime
    behind: Confusion
    broken: Confusion


def daily(pieces: Iterable[Piece], world: World) -> list[Day]:
    """Every day on which anything was decided, in order."""
    decided = [part for piece in pieces for part in piece.decided]
    found = []
    for day in sorted({part.day for part in decided}):
        behind = (
            part.side(world)
            for part in decided
            if not part.broken and day - BEHIND < part.day <= day
        )
        broken = (part.side(world) for part in decided if part.broken and part.day == day)
        found.append(Day(day, total(behind), total(broken)))
    return found


def below(days: Sequence[Day], floor: float) -> tuple[list[Day], list[Day]]:
    """Days below a floor, and those of them that are so by broken features alone.

    Without a decision 1 a day is below, for nothing is shown; broken features that led to none do
    no harm.
    """
    slow = [day for day in days if not precision(day.behind) >= floor]
    fast = [day for day in days if precision(day.broken) < floor and day not in slow]
    return sorted([*slow, *fast], key=lambda day: day.at), fast
