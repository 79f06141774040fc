"""Simulated traffic: who asks, which model answers, and what the answer is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from phasegate.statistics.clusters import Clusters

ENTITIES = 5_000


@dataclass(frozen=True)
class Stream:
    """Requests in the order in which they come.

    Attributes:
        entity: number of who asks, [requests].
        challenger: whether the challenger answers, [requests]; the same for all of an entity's.
        value: what the answer is worth, [requests]; 1 on average where the champion answers.
    """

    entity: np.ndarray
    challenger: np.ndarray
    value: np.ndarray


def simulate(kind: str, requests: int, weight: float, effect: float, seed: int) -> Stream:
    """A stream of a kind in `KINDS`.

    Args:
        weight: share of the entities that the challenger answers.
        effect: by how much its answers are worth more, as a share of the champion's.
    """
    rng = np.random.default_rng(seed)
    entity, value = KINDS[kind](rng, requests)
    challenger = (rng.random(ENTITIES) < weight)[entity]
    return Stream(entity, challenger, np.where(challenger, value + effect, value))


def sums_at_every_request(stream: Stream, mask: np.ndarray) -> Clusters:
    """Sums over the entities of one cohort as they are after each request: arrays [requests].

    Args:
        mask: requests of the cohort, [requests].
    """
    n_before, y_before = _before(stream)
    value = stream.value
    steps = (
        n_before == 0,
        np.ones_like(value),
        2 * n_before + 1,
        value,
        2 * y_before * value + value**2,
        (y_before + value) * (n_before + 1) - y_before * n_before,
    )
    return Clusters(*(np.cumsum(np.where(mask, step, 0.0)) for step in steps))


def at(sums: Clusters, position: int) -> Clusters:
    """Sums after one request, as plain numbers."""
    entities, requests, *rest = (float(getattr(sums, name)[position]) for name in _FIELDS)
    return Clusters(int(entities), int(requests), *rest)


_FIELDS = (
    "entities", "requests", "requests_squared", "value", "value_squared", "value_requests",
)  # fmt: skip


def _before(stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Requests and value of the same entity before each request."""
    order = np.argsort(stream.entity, kind="stable")
    entity, value = stream.entity[order], stream.value[order]
    first = np.flatnonzero(np.r_[True, entity[1:] != entity[:-1]])
    lengths = np.diff(np.r_[first, len(entity)])
    n = np.arange(len(entity)) - np.repeat(first, lengths)
    total = np.cumsum(value) - value
    y = total - np.repeat(total[first], lengths)
    counts, values = np.empty(len(entity)), np.empty(len(entity))
    counts[order], values[order] = n, y
    return counts, values


def _balanced(rng: np.random.Generator, requests: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(ENTITIES, size=requests), rng.normal(1.0, 1.0, requests)


def _heavy_tailed(rng: np.random.Generator, requests: int) -> tuple[np.ndarray, np.ndarray]:
    sigma = 1.5  # the largest of 50,000 is 160 times the mean
    return rng.integers(ENTITIES, size=requests), rng.lognormal(-(sigma**2) / 2, sigma, requests)


def _autocorrelated(rng: np.random.Generator, requests: int) -> tuple[np.ndarray, np.ndarray]:
    level = lfilter([0.1], [1.0, -0.995], rng.normal(0.0, 1.0, requests))
    return rng.integers(ENTITIES, size=requests), 1.0 + level + rng.normal(0.0, 1.0, requests)


def _heterogeneous(rng: np.random.Generator, requests: int) -> tuple[np.ndarray, np.ndarray]:
    activity = (rng.pareto(1.2, ENTITIES) + 1.0).clip(max=200.0)
    entity = rng.choice(ENTITIES, size=requests, p=activity / activity.sum())
    return entity, 1.0 + rng.normal(0.0, 1.0, ENTITIES)[entity] + rng.normal(0.0, 1.0, requests)


def _fraud(rng: np.random.Generator, requests: int) -> tuple[np.ndarray, np.ndarray]:
    """Mostly nothing, sometimes 80 gained, 5 or 120 lost: 1 on average."""
    worth = rng.choice([0.0, 80.0, -5.0, -120.0], p=[0.963, 0.022, 0.0086, 0.0064], size=requests)
    activity = rng.gamma(1.0, 1.0, ENTITIES)
    return rng.choice(ENTITIES, size=requests, p=activity / activity.sum()), worth + 0.051


KINDS: Mapping[str, Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]] = {
    "balanced": _balanced,
    "heavy-tailed": _heavy_tailed,
    "autocorrelated": _autocorrelated,
    "heterogeneous entities": _heterogeneous,
    "card fraud": _fraud,
}
