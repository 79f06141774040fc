"""What happens in the six months, and how much of it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from phasegate.simulation import Simulation, parse_change

DAY = timedelta(days=1)
WEEK = 7 * DAY


@dataclass(frozen=True)
class Story:
    """The world of the replay.

    Attributes:
        weeks: of traffic.
        seed: of the simulation; everything else follows from it.
        customers: of the bank, whose payments it learns from.
        terminals: where they pay.
        served: per cent of the customers, whose payments are sent through the proxy.
        fraud: times the simulator's usual 1.2 % of payments: with as few as that a week of so small
            a bank would say nothing of a model.
        changes: of how people and fraudsters behave, as `phasegate simulate --change` takes them.
        bug_at: when version 14 of the feature pipeline goes live; None without it.
        pieces: that a week's traffic is sent in; releases take a step after each.
        simulated: weeks that are simulated before the traffic begins.
        trained: weeks of payments, with their labels, that a model learns from.
        label_days: after which it is known what became of a payment.
    """

    weeks: int = 26
    seed: int = 3
    customers: int = 1_200
    terminals: int = 240
    served: int = 40
    fraud: float = 3.0
    changes: Sequence[str] = (
        "drift@2025-03-17:days=160,factor=1.6",
        "concept@2025-03-17:days=160,share=0.6",
    )
    bug_at: datetime | None = datetime(2025, 4, 23, 9, tzinfo=UTC)
    pieces: int = 2
    simulated: int = 13
    trained: int = 12
    label_days: int = 7

    @property
    def live_from(self) -> datetime:
        """Event time of the first request: a Monday."""
        return datetime(2025, 3, 3, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """Event time before which the last request is sent."""
        return self.live_from + self.weeks * WEEK

    @property
    def label_delay(self) -> timedelta:
        """After which every label is known."""
        return self.label_days * DAY

    @property
    def simulation(self) -> Simulation:
        """Everything that happens, before and while requests are sent."""
        first = self.live_from - self.simulated * WEEK
        days = 7 * (self.simulated + self.weeks)
        start = date(first.year, first.month, first.day)
        changes = tuple(
            change
            for text in self.changes
            if (change := parse_change(text)).at < start + timedelta(days=days)
        )
        return Simulation(
            start, days, self.customers, self.terminals, self.seed, changes,
            label_delay=self.label_days, fraud=self.fraud,
        )  # fmt: skip

    def moments(self) -> list[tuple[datetime, datetime]]:
        """Start and end of each piece of traffic."""
        step = WEEK / self.pieces
        count = self.weeks * self.pieces
        return [(self.live_from + n * step, self.live_from + (n + 1) * step) for n in range(count)]

    def shorter(self, weeks: int) -> Story:
        """The same world, for fewer weeks."""
        return replace(self, weeks=weeks)
