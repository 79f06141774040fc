"""A release replayed in event time: production's own decisions and transitions, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from phasegate.release.decide import decide
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion, ReleaseRecord, desired
from phasegate.release.transitions import applied, decided, started
from phasegate.traffic.plan import WHOLE

ACTOR = "backtest"

Gather = Callable[[ReleaseRecord, datetime], Evidence]
"""The evidence that a look at a time has, of the phase that the record is in."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Who is compared, and when somebody would have looked.

    Attributes:
        model: name of the model.
        champion: answers before.
        challenger: wants its place.
        since: event time at which each release starts.
        until: end of the past traffic.
        every: event time between two looks.
    """

    model: str
    champion: ModelVersion
    challenger: ModelVersion
    since: datetime
    until: datetime
    every: timedelta

    @property
    def looks(self) -> tuple[datetime, ...]:
        """Times of the looks; there is none after the traffic's end."""
        count = (self.until - self.since) // self.every
        return tuple(self.since + number * self.every for number in range(1, count + 1))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which traffic does not change.

    Attributes:
        since: first event time.
        until: event time that is not part of it any more.
        weight: the challenger's share of the requests, in basis points.
        mirror: share of copies, in basis points.
        running: whether the release was not over yet.
    """

    since: datetime
    until: datetime
    weight: int
    mirror: int
    running: bool


def replay(contest: Contest, policy: Policy, gather: Gather) -> tuple[Entry, ...]:
    """The entries that the audit log would have, had the policy been in force.

    Traffic follows each decision at once. A release that is frozen stays so: there is no person
    here who would resume it.

    Raises:
        BadInput: the policy cannot start a release.
    """
    entry = started(
        None,
        model=contest.model,
        champion=contest.champion,
        challenger=contest.challenger,
        policy=policy,
        now=contest.since,
        actor=ACTOR,
        reason="replay of past traffic",
    )
    entries = [entry, applied(entry, contest.since, ACTOR)]
    for now in contest.looks:
        entry = entries[-1]
        if entry.record.is_over:
            break
        evidence = gather(entry.record, now)
        decision = decide(policy, entry.record, evidence, now)
        entries.append(decided(entry, decision, evidence, now, ACTOR))
        record = entries[-1].record
        if record.is_over or record.phase_applied is None:
            entries.append(applied(entries[-1], now, ACTOR))
    return tuple(entries)


def stretches(contest: Contest, entries: Sequence[Entry]) -> Iterator[Stretch]:
    """Traffic from the release's start to the end of the past, in order."""
    changes = [(one.at, desired(one.record), not one.record.is_over) for one in entries]
    changes.append((contest.until, changes[-1][1], False))
    for (since, wanted, running), (until, _, _) in pairwise(changes):
        if since < until:
            whole = wanted.champion != contest.champion
            yield Stretch(since, until, WHOLE if whole else wanted.weight, wanted.mirror, running)
