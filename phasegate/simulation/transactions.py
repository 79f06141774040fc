"""Genuine transactions of one day: when, who, where, how much."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np

from phasegate.simulation.population import FAVOURITES, Population
from phasegate.simulation.streams import Stream, generator

CHANNELS = ("chip", "contactless", "online")
CHIP, CONTACTLESS, ONLINE = range(3)
MILLISECOND = 1_000
DAY = int(timedelta(days=1) / timedelta(microseconds=1))

# Relative number of transactions in each hour of a day, and on each day of a week from Monday.
_HOURS = (6, 4, 3, 2, 2, 4, 12, 28, 45, 55, 60, 70, 85, 75, 62, 60, 68, 85, 95, 80, 58, 40, 25, 13)
_WEEKDAYS = (0.92, 0.94, 0.96, 1.0, 1.15, 1.18, 0.85)

_SPREAD = 0.5
_AWAY = 0.02
_LARGE_PURCHASE = 0.001
_SMALLEST_AMOUNT = 0.5
_CONTACTLESS_LIMIT = 50.0


@dataclass(frozen=True)
class Transactions:
    """Rows as parallel arrays [n].

    Attributes:
        time: microseconds since 1970 (UTC); customer, terminal: indices into the population.
        amount: currency units, not yet rounded; channel: index into CHANNELS.
        scenario: 0 for genuine, else the number of a fraud scenario.
    """

    time: np.ndarray
    customer: np.ndarray
    terminal: np.ndarray
    amount: np.ndarray
    channel: np.ndarray
    scenario: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: np.ndarray) -> Transactions:
        """The rows at these positions, in this order."""
        return Transactions(*(getattr(self, field.name)[rows] for field in fields(self)))

    def then(self, other: Transactions) -> Transactions:
        """These rows followed by others."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Transactions(*(np.concatenate(pair) for pair in pairs))


def midnight(day: date) -> int:
    """Start of a day in microseconds since 1970 (UTC)."""
    return (day - date(1970, 1, 1)).days * DAY


def genuine_transactions(
    population: Population, day: date, spending: float, seed: int
) -> Transactions:
    """What honest customers do on a day when amounts are `spending` times their original size."""
    rng = generator(seed, Stream.GENUINE, day)
    counts = rng.poisson(population.rate * _WEEKDAYS[day.weekday()])
    customer = np.repeat(np.arange(population.customers, dtype=np.int32), counts)
    size = len(customer)

    # The square makes the first favourites the most visited.
    slot = (rng.random(size) ** 2 * FAVOURITES).astype(np.int32)
    terminal = population.favourites[customer, slot]
    away = np.flatnonzero(rng.random(size) < _AWAY)
    terminal[away] = rng.integers(0, population.terminals, len(away))

    amount = population.mean_amount[customer] * population.category_factor[terminal] * spending
    # exp(-s^2/2) keeps the mean of the log-normal factor at 1.
    amount *= np.exp(_SPREAD * rng.standard_normal(size) - _SPREAD**2 / 2)
    large = np.flatnonzero(rng.random(size) < _LARGE_PURCHASE)
    amount[large] *= rng.uniform(3, 6, len(large))

    return Transactions(
        time=midnight(day) + time_of_day(rng, size),
        customer=customer,
        terminal=terminal,
        amount=np.maximum(amount, _SMALLEST_AMOUNT),
        channel=channel_of(population, terminal, amount, rng.random(size)),
        scenario=np.zeros(size, np.int8),
    )


def time_of_day(rng: np.random.Generator, size: int) -> np.ndarray:
    """Microseconds since midnight, to the millisecond, as busy as people are by the hour."""
    cumulative = np.concatenate([[0], np.cumsum(_HOURS)]) / np.sum(_HOURS)
    hours = np.interp(rng.random(size), cumulative, np.arange(25))
    last = DAY // MILLISECOND - 1
    return np.minimum((hours * 3_600_000).astype(np.int64), last) * MILLISECOND


def channel_of(
    population: Population, terminal: np.ndarray, amount: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """Online at online terminals, else contactless (mostly when small) or chip; `chance` 0 to 1."""
    contactless = chance < np.where(amount < _CONTACTLESS_LIMIT, 0.8, 0.25)
    physical = np.where(contactless, CONTACTLESS, CHIP)
    return np.where(terminal >= population.online_from, ONLINE, physical).astype(np.int8)
