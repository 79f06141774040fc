"""One release from its start to its end, day by day of event time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from examples.production.production import Production
from examples.production.traffic import DAY, send_day
from examples.release_demo.crashes import crashing
from examples.release_demo.scenarios import Scenario
from examples.release_demo.tables import Tables
from phasegate.errors import BadInput
from phasegate.local.serving.models import ServedModel
from phasegate.release.drivers.starting import start
from phasegate.release.drivers.step import step
from phasegate.release.entry import Entry
from phasegate.release.policy import Policy
from phasegate.release.record import ReleaseRecord

_NO_DECISIONS = ("start", "apply", "settle")


@dataclass(frozen=True)
class Day:
    """A day of a release.

    Attributes:
        number: from 1.
        phase: in which it began.
        weight: the challenger's share as it began, in basis points.
        requests: of users.
        entry: what was decided, by its end at the latest.
    """

    number: int
    phase: str
    weight: int
    requests: int
    entry: Entry


@dataclass
class Journey:
    """What became of a release.

    Attributes:
        scenario: that was played.
        started: event time of its start.
        champion: who answered before.
        challenger: who wanted its place.
        days: in order.
        by_role: answers to users, by who gave them.
        failed: requests of users without a good answer, by what they got instead.
        kills: of the challenger's server.
        seconds: of wall time, until its end was recorded.
    """

    scenario: Scenario
    started: datetime
    champion: ServedModel
    challenger: ServedModel
    days: list[Day] = field(default_factory=list)
    by_role: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    seconds: float = 0.0

    @property
    def end(self) -> Entry:
        """The last decision."""
        return self.days[-1].entry

    @property
    def requests(self) -> int:
        """Of users."""
        return sum(day.requests for day in self.days)


def travel(
    production: Production,
    scenario: Scenario,
    models: tuple[ServedModel, ServedModel],
    policy: Policy,
    tables: Tables,
    told: Callable[[Day], None],
) -> Journey:
    """Release a challenger, and send users' requests until the release is over.

    Args:
        models: champion and challenger.
        told: of every day.

    Raises:
        BadInput: there are no more days, or production refuses something.
    """
    champion, challenger = models
    began = time.monotonic()
    journey = Journey(scenario, production.now, champion, challenger)
    production.deploy(challenger)
    reason = f"the demo's challenger '{scenario.name}'"
    start(
        production.world, champion.version, challenger.version, policy, production.now, reason
    )  # fmt: skip
    with crashing(production, challenger, scenario.crashes) as crashes:
        while not (record := _record(production)).is_over:
            if production.now >= tables.live_from + tables.live_days * DAY:
                raise BadInput("there are no more days of the demo", where=scenario.name)
            journey.days.append(_live(production, journey, record, tables))
            told(journey.days[-1])
    journey.kills = crashes.kills
    journey.seconds = time.monotonic() - began
    return journey


def _live(production: Production, journey: Journey, record: ReleaseRecord, tables: Tables) -> Day:
    """Send a day's requests, wait for their log, and take one step."""
    day, before = production.now, record.sequence

    def sending(at: datetime) -> None:
        production.now = at

    sent = send_day(tables.requests(day), production.inputs, sending)
    journey.by_role += sent.by_role
    journey.failed += sent.failures
    bad = {str(status): count for status, count in sent.by_status.items() if status != 200}
    journey.failed += Counter(bad)
    production.now = day + DAY
    is_copied = record.current.mirror > 0 and not _record(production).is_over
    production.log.await_day(day, sent, is_copied)
    step(production.world, production.now)
    decided = [
        entry
        for entry in production.releases.entries(production.name)
        if entry.sequence > before and entry.action not in _NO_DECISIONS
    ]
    if not decided:
        raise BadInput("nothing was decided about this day", where=f"{day:%Y-%m-%d}")
    return Day(
        len(journey.days) + 1, record.current.name, record.current.weight, sent.requests,
        decided[-1],
    )  # fmt: skip


def _record(production: Production) -> ReleaseRecord:
    entry = production.releases.head(production.name)
    if entry is None:
        raise BadInput("the release is gone", where=production.name)
    return entry.record
