"""What to simulate: a value that, with its seed, names one exact table."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from phasegate.errors import BadInput
from phasegate.simulation.changes import Change

# Raised whenever the same simulation would give other rows than before.
VERSION = 1

_FEWEST_TERMINALS = 20


@dataclass(frozen=True)
class Simulation:
    """Card transactions of a population over consecutive days.

    Attributes:
        start: first simulated day (UTC).
        days: number of days.
        customers: number of card holders.
        terminals: number of merchant terminals, physical and online.
        seed: every draw follows from it; a day's rows follow from seed, population and date alone,
            so that any day can be made by itself.
        changes: what goes wrong, and when.
        transactions_per_day: mean number of transactions of a customer in a day.
        label_delay: days after which every label has arrived; a label's own delay is drawn below.
        fraud: factor of the usual number of frauds of every kind.
        scenario_column: also write the fraud scenario of each row, which is an answer key: never
            train on it.

    Raises:
        BadInput: when a number is out of range or a change begins after the last day.
    """

    start: date
    days: int
    customers: int = 5_000
    terminals: int = 1_000
    seed: int = 7
    changes: tuple[Change, ...] = ()
    transactions_per_day: float = 2.0
    label_delay: int = 7
    fraud: float = 1.0
    scenario_column: bool = False

    def __post_init__(self) -> None:
        for name, least in (("days", 1), ("customers", 1), ("terminals", _FEWEST_TERMINALS)):
            _require(getattr(self, name) >= least, name, getattr(self, name), f"{least} or more")
        _require(self.seed >= 0, "seed", self.seed, "a whole number, 0 or more")
        _require(
            0 < self.transactions_per_day <= 100,
            "transactions_per_day", self.transactions_per_day, "above 0 and at most 100",
        )  # fmt: skip
        _require(1 <= self.label_delay <= 365, "label_delay", self.label_delay, "1 to 365 days")
        _require(0 < self.fraud <= 10, "fraud", self.fraud, "above 0 and at most 10")
        _require(
            self.start.toordinal() + self.days <= date.max.toordinal(),
            "days", self.days, "a period that ends before the year 10000",
        )  # fmt: skip
        for change in self.changes:
            if change.at > self.last_day:
                raise BadInput(
                    f"the change '{change}' begins after the last simulated day",
                    where="simulation",
                    expected=f"a date up to {self.last_day}",
                    fix="move the change or simulate more days",
                )

    @property
    def last_day(self) -> date:
        """The last simulated day."""
        return self.start + timedelta(days=self.days - 1)

    @property
    def expected_rows(self) -> int:
        """About how many rows the simulation has (for progress bars and disk estimates)."""
        return round(self.days * self.customers * self.transactions_per_day)

    def dates(self) -> Iterator[date]:
        """Every simulated day, in order."""
        return (self.start + timedelta(days=offset) for offset in range(self.days))

    def to_json(self) -> dict[str, Any]:
        """The simulation as plain JSON values: what a written file says about its origin."""
        fields = dataclasses.asdict(self)
        return fields | {
            "version": VERSION,
            "start": self.start.isoformat(),
            "changes": [str(change) for change in self.changes],
        }


def _require(condition: bool, name: str, value: object, expected: str) -> None:
    if not condition:
        raise BadInput(f"{name} is {value}", where="simulation", expected=expected)
