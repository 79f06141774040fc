"""What a replayed release would have been worth, judged by all labels that ever became known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from phasegate.clock import microseconds
from phasegate.release.backtest.replay import Stretch


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Each row of the past traffic in the order of event time; arrays are [rows].

    Attributes:
        time: microseconds since 1970.
        draw: basis points; the challenger answers at weights above it.
        key: number of the entity; a request without one is an entity of its own.
        first: whether it is the first row of its request.
        champion: business value of the champion's answer; NaN where it is not known.
        challenger: the same of the challenger's.
    """

    time: NDArray[np.int64]
    draw: NDArray[np.uint16]
    key: NDArray[np.int64]
    first: NDArray[np.bool_]
    champion: NDArray[np.float64]
    challenger: NDArray[np.float64]

    def gains(self) -> NDArray[np.float64]:
        """The challenger's value less the champion's of each row; 0 where it is not known."""
        return np.nan_to_num(self.challenger - self.champion, nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What a release did to users and to the business.

    Attributes:
        requests: that the challenger answered before the release was over.
        entities: that they belong to.
        against_champion: business value less what the champion alone would have brought.
        against_challenger: the same against switching to the challenger at once.
        regret: what the better of these two would have brought more; below zero where the
            release chose better than both, which it does when the better one changes.
        path: at each of the times asked for, ``against_champion`` of the traffic before.
    """

    requests: int
    entities: int
    against_champion: float
    against_challenger: float
    regret: float
    path: tuple[float, ...]


def look_back(ledger: Ledger, stretches: Sequence[Stretch], times: Sequence[datetime]) -> Hindsight:
    """What happened to each row under changing traffic.

    Args:
        ledger: the rows.
        stretches: who answered when.
        times: ascending; where the path is looked at.
    """
    served, at_risk = np.zeros(len(ledger.time), bool), np.zeros(len(ledger.time), bool)
    for stretch in stretches:
        rows = _between(ledger, stretch.since, stretch.until)
        served[rows] = ledger.draw[rows] < stretch.weight
        at_risk[rows] = served[rows] & stretch.running
    gains = ledger.gains()
    whole = float(gains.sum())
    path = gain_path(ledger, np.where(served, gains, 0.0), times)
    gained = float(np.where(served, gains, 0.0).sum())
    return Hindsight(
        requests=int(np.count_nonzero(ledger.first & at_risk)),
        entities=len(np.unique(ledger.key[at_risk])),
        against_champion=gained,
        against_challenger=gained - whole,
        regret=max(0.0, whole) - gained,
        path=path,
    )


def gain_path(
    ledger: Ledger, gains: NDArray[np.float64], times: Sequence[datetime]
) -> tuple[float, ...]:
    """Sum of the gains of rows before each time."""
    total = np.concatenate([[0.0], np.cumsum(gains)])
    at = np.searchsorted(ledger.time, [microseconds(time) for time in times], side="left")
    return tuple(float(value) for value in total[at])


def _between(ledger: Ledger, since: datetime, until: datetime) -> slice:
    ends = np.searchsorted(ledger.time, [microseconds(since), microseconds(until)], side="left")
    return slice(*map(int, ends))
