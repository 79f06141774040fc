"""Fraud scenarios, each a function from a day's transactions to transactions with fraud in them.

The first three follow the simulator of the Fraud Detection Handbook (Le Borgne, Siblini, Lebichot,
Bontempi 2022, chapter 3): high amounts, terminals compromised for 28 days, customers compromised
for 14 days. The fourth is card-not-present fraud in bursts at night. Each also has new ways, which
fraudsters take up when the concept changes: small amounts in the daytime.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from phasegate.simulation.population import CATEGORIES, Population
from phasegate.simulation.streams import Stream, generator
from phasegate.simulation.transactions import (
    CHIP,
    CONTACTLESS,
    DAY,
    MILLISECOND,
    ONLINE,
    Transactions,
    midnight,
)

SCENARIOS = ("genuine", "stolen_card", "terminal", "customer", "burst")
STOLEN_CARD, TERMINAL, CUSTOMER, BURST = range(1, 5)

TERMINAL_DAYS = 28
CUSTOMER_DAYS = 14
_HOUR = DAY // 24

# Shares of transactions; together they make a base rate between 1 % and 2 %.
_STOLEN_CARDS = 0.0025
_TERMINALS_COMPROMISED = 0.007  # of the physical terminals, at any time
_CUSTOMERS_COMPROMISED = 0.009  # of the customers, at any time
_BURST_ROWS = 0.003


def commit_fraud(
    genuine: Transactions,
    population: Population,
    day: date,
    new_ways: float,
    seed: int,
    *,
    times: float = 1.0,
) -> Transactions:
    """Put every scenario's fraud among a day's genuine transactions.

    Args:
        new_ways: share of the fraud, 0 to 1, that is committed in the new ways.
        times: factor of the shares below.

    Returns:
        the transactions, some changed and the bursts added at the end.
    """
    rows = steal_cards(genuine, population, day, new_ways, seed, times)
    rows = use_compromised_terminals(rows, population, day, new_ways, seed, times)
    rows = use_compromised_customers(rows, population, day, new_ways, seed, times)
    return rows.then(bursts(population, day, new_ways, seed, times))


def steal_cards(
    rows: Transactions,
    population: Population,
    day: date,
    new_ways: float,
    seed: int,
    times: float = 1.0,
) -> Transactions:
    """High amounts anywhere; in the new ways, cards are tried out by day at far fuel pumps."""
    rng = generator(seed, Stream.STOLEN_CARD, day)
    stolen = np.flatnonzero(rng.random(len(rows)) < times * _STOLEN_CARDS)
    high = rng.uniform(220, 900, len(stolen))
    low = rng.uniform(4, 15, len(stolen))
    daytime = midnight(day) + _between(rng, 9, 17, len(stolen))
    far = rng.choice(_fuel_pumps(population), len(stolen))
    new = rng.random(len(stolen)) < new_ways
    return _committed(
        rows, stolen, STOLEN_CARD,
        amount=np.where(new, low, high),
        time=np.where(new, daytime, rows.time[stolen]),
        terminal=np.where(new, far, rows.terminal[stolen]),
        channel=np.where(new, CHIP, rows.channel[stolen]),
    )  # fmt: skip


def use_compromised_terminals(
    rows: Transactions,
    population: Population,
    day: date,
    new_ways: float,
    seed: int,
    times: float = 1.0,
) -> Transactions:
    """Large chip payments at compromised terminals; in the new ways, small contactless ones by day.

    A terminal's fraud rate is known only after the label delay, so it still looks guilty when its
    time is over; how the card is used tells the two apart. A copied card cannot pay contactless.
    """
    compromised = np.zeros(population.terminals, bool)
    for chosen in _recent(
        Stream.TERMINALS_COMPROMISED, TERMINAL_DAYS, day, seed,
        size=population.online_from, share=times * _TERMINALS_COMPROMISED,
    ):  # fmt: skip
        compromised[chosen] = True
    there = np.flatnonzero(compromised[rows.terminal] & (rows.scenario == 0))
    rng = generator(seed, Stream.TERMINAL_FRAUD, day)
    chance, new = rng.random(len(there)), rng.random(len(there)) < new_ways
    hour = (rows.time[there] - midnight(day)) // _HOUR
    discreet = (rows.channel[there] == CONTACTLESS) & (hour >= 9) & (hour < 18)
    used = np.where(new, discreet & (chance < 0.95), chance < 0.93)
    return _committed(
        rows, there[used], TERMINAL,
        amount=rows.amount[there[used]] * np.where(new[used], 0.3, 3.0),
        channel=np.where(new[used], CONTACTLESS, CHIP),
    )  # fmt: skip


def use_compromised_customers(
    rows: Transactions,
    population: Population,
    day: date,
    new_ways: float,
    seed: int,
    times: float = 1.0,
) -> Transactions:
    """A third of a victim's payments go online at five times the amount; new ways: tiny ones."""
    compromised = np.zeros(population.customers, bool)
    for chosen in _recent(
        Stream.CUSTOMERS_COMPROMISED, CUSTOMER_DAYS, day, seed,
        size=population.customers, share=times * _CUSTOMERS_COMPROMISED,
    ):  # fmt: skip
        compromised[chosen] = True
    theirs = np.flatnonzero(compromised[rows.customer] & (rows.scenario == 0))
    rng = generator(seed, Stream.CUSTOMER_FRAUD, day)
    used = theirs[rng.random(len(theirs)) < 1 / 3]
    new = rng.random(len(used)) < new_ways
    inflated = population.mean_amount[rows.customer[used]] * rng.uniform(3.5, 7, len(used))
    tiny = rng.uniform(0.5, 2.5, len(used))
    return _committed(
        rows, used, CUSTOMER,
        amount=np.where(new, tiny, inflated),
        terminal=rng.integers(population.online_from, population.terminals, len(used)),
        channel=np.full(len(used), ONLINE),
    )  # fmt: skip


def bursts(
    population: Population, day: date, new_ways: float, seed: int, times: float = 1.0
) -> Transactions:
    """Several online payments within an hour at night; in the new ways, tiny ones by day."""
    rng = generator(seed, Stream.BURSTS, day)
    fewest, most = 3, 6
    wanted = float(population.rate.sum()) * times * _BURST_ROWS / ((fewest + most) / 2)
    victims = rng.integers(0, population.customers, rng.poisson(wanted))
    counts = rng.integers(fewest, most + 1, len(victims))
    new = np.repeat(rng.random(len(victims)) < new_ways, counts)
    night = np.repeat(_between(rng, 0.5, 4.0, len(victims)), counts)
    daytime = np.repeat(_between(rng, 9, 17, len(victims)), counts)
    size = int(counts.sum())
    return Transactions(
        time=midnight(day) + np.where(new, daytime, night) + _between(rng, 0, 0.75, size),
        customer=np.repeat(victims, counts).astype(np.int32),
        terminal=rng.integers(population.online_from, population.terminals, size).astype(np.int32),
        amount=np.where(new, rng.uniform(1, 4, size), rng.lognormal(np.log(70), 0.5, size)),
        channel=np.full(size, ONLINE, np.int8),
        scenario=np.full(size, BURST, np.int8),
    )


def _recent(
    stream: Stream, lasting: int, day: date, seed: int, *, size: int, share: float
) -> list[np.ndarray]:
    """Who was compromised on this day or one of the `lasting` - 1 before it.

    Days before the simulation's start count too: its first day is like any other.
    """
    last = day.toordinal()
    chosen = []
    for ordinal in range(max(last - lasting + 1, 0), last + 1):
        rng = generator(seed, stream, ordinal)
        chosen.append(rng.integers(0, size, rng.poisson(size * share / lasting)))
    return chosen


def _fuel_pumps(population: Population) -> np.ndarray:
    pumps = np.flatnonzero(population.category == CATEGORIES.index("fuel"))
    # A tiny population may have none: any physical terminal does then.
    return pumps if len(pumps) else np.arange(population.online_from)


def _between(rng: np.random.Generator, low: float, high: float, size: int) -> np.ndarray:
    """Microseconds since midnight, to the millisecond, between two hours of the day."""
    return (rng.uniform(low, high, size) * 3_600_000).astype(np.int64) * MILLISECOND


def _committed(
    rows: Transactions, used: np.ndarray, scenario: int, **values: np.ndarray
) -> Transactions:
    """The rows with those at `used` turned into a scenario's fraud, with new values."""
    changed = {}
    for name, value in (values | {"scenario": np.full(len(used), scenario)}).items():
        column = getattr(rows, name).copy()
        column[used] = value
        changed[name] = column
    return replace(rows, **changed)
