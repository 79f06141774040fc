"""Who pays, and where: customers and terminals that stay the same through a simulation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from phasegate.simulation.streams import Stream, generator

COUNTRIES = ("AT", "BE", "CH", "DE", "ES", "FR", "IT", "NL")
# (category, how its amounts compare with a customer's mean, weight among terminals)
PHYSICAL_CATEGORIES = (
    ("grocery", 0.9, 0.30), ("restaurant", 0.8, 0.22), ("fuel", 1.1, 0.12), ("clothing", 1.3, 0.12),
    ("health", 1.0, 0.10), ("transport", 0.4, 0.08), ("home", 1.6, 0.06),
)  # fmt: skip
ONLINE_CATEGORIES = (
    ("marketplace", 1.0, 0.40), ("electronics", 1.8, 0.15), ("travel", 2.0, 0.10),
    ("digital_goods", 0.4, 0.20), ("subscription", 0.5, 0.15),
)  # fmt: skip
CATEGORIES = tuple(name for name, _, _ in PHYSICAL_CATEGORIES + ONLINE_CATEGORIES)

FAVOURITES = 16
_ONLINE_TERMINALS = 0.15
_ONLINE_FAVOURITES = 0.25
_CITY_RADIUS_KM = 8.0
_COUNTRY_SIZE_KM = 1_500.0
_TERMINALS_PER_CITY = 60


@dataclass(frozen=True)
class Population:
    """Customers [C] and terminals [T] as arrays; terminals from `online_from` on are online.

    Attributes:
        customer_ids, terminal_ids: their names, as Arrow strings.
        home: [C, 2] homes in km; place: [T, 2] sites in km (meaningless online).
        mean_amount: [C] mean amount; rate: [C] mean transactions a day.
        favourites: [C, FAVOURITES] terminals a customer goes to, most visited first.
        category: [T] index into CATEGORIES; category_factor: [T] what it does to an amount.
        country: [T] index into COUNTRIES.
    """

    customer_ids: pa.Array
    terminal_ids: pa.Array
    home: np.ndarray
    place: np.ndarray
    mean_amount: np.ndarray
    rate: np.ndarray
    favourites: np.ndarray
    category: np.ndarray
    category_factor: np.ndarray
    country: np.ndarray
    online_from: int

    @property
    def customers(self) -> int:
        """Number of customers."""
        return len(self.rate)

    @property
    def terminals(self) -> int:
        """Number of terminals."""
        return len(self.category)


@lru_cache(maxsize=2)
def populate(customers: int, terminals: int, transactions_per_day: float, seed: int) -> Population:
    """Draw a population; the arguments alone decide it."""
    rng = generator(seed, Stream.POPULATION)
    online_from = terminals - max(1, round(terminals * _ONLINE_TERMINALS))
    cities = max(1, online_from // _TERMINALS_PER_CITY)
    centre = rng.uniform(0, _COUNTRY_SIZE_KM, (cities, 2))
    city_country = rng.integers(0, len(COUNTRIES), cities)

    # Physical terminals are numbered city by city, so that a city is a range of numbers.
    first = np.linspace(0, online_from, cities + 1).astype(np.int64)
    city = np.repeat(np.arange(cities), np.diff(first))
    place = np.zeros((terminals, 2))
    place[:online_from] = centre[city] + rng.normal(0, _CITY_RADIUS_KM, (online_from, 2))
    country = rng.integers(0, len(COUNTRIES), terminals)
    country[:online_from] = city_country[city]

    category = np.empty(terminals, np.int64)
    category[:online_from] = _draw_categories(rng, PHYSICAL_CATEGORIES, online_from)
    category[online_from:] = len(PHYSICAL_CATEGORIES) + _draw_categories(
        rng, ONLINE_CATEGORIES, terminals - online_from
    )
    factors = np.array([factor for _, factor, _ in PHYSICAL_CATEGORIES + ONLINE_CATEGORIES])

    home_city = rng.integers(0, cities, customers)
    shape = (customers, FAVOURITES)
    low, high = first[home_city][:, None], first[home_city + 1][:, None]
    nearby = low + (rng.random(shape) * (high - low)).astype(np.int64)
    online = rng.integers(online_from, terminals, shape)
    favourites = np.where(rng.random(shape) < _ONLINE_FAVOURITES, online, nearby)

    # Terminal numbers are shuffled in their names: a name must not tell online from physical.
    names = rng.permutation(terminals)
    return Population(
        customer_ids=_identifiers("C", np.arange(customers), customers),
        terminal_ids=_identifiers("T", names, terminals),
        home=centre[home_city] + rng.normal(0, _CITY_RADIUS_KM, (customers, 2)),
        place=place,
        mean_amount=np.clip(rng.lognormal(np.log(25), 0.5, customers), 5, 150),
        rate=rng.gamma(4.0, transactions_per_day / 4.0, customers),
        favourites=favourites.astype(np.int32),
        category=category,
        category_factor=factors[category],
        country=country,
        online_from=online_from,
    )


def _draw_categories(
    rng: np.random.Generator, kinds: tuple[tuple[str, float, float], ...], size: int
) -> np.ndarray:
    weights = np.array([weight for _, _, weight in kinds])
    return rng.choice(len(kinds), size=size, p=weights / weights.sum())


def _identifiers(prefix: str, numbers: np.ndarray, count: int) -> pa.Array:
    width = max(6, len(str(count)))
    return pa.array([f"{prefix}{number:0{width}d}" for number in numbers.tolist()], pa.string())
