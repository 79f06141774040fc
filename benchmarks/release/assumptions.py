"""Where an assumption breaks: proportions of requests that depend on each other.

``python -m benchmarks.release.assumptions``: the share of rows that two models decide differently
is exactly what a gate allows, and is looked at after every hundred rows; 5 % of the releases may be
blocked by it, and 5 % passed. By row is how `errors` and `slow` are bounded, by entity `value` and
`decisions`, and `disagreement` by the wider of both. Entities differ in how often the models differ
over them (Beta(0.25, 12.25): most never, some often), and come one after the other with all their
rows, or mixed. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

import numpy as np

from phasegate.statistics import bernoulli
from phasegate.statistics.clusters import Clusters, mean_bounds

ALPHA = 0.05
LIMIT = 0.02
ENTITIES, EACH = 1_000, 20
EVERY, FIRST = 100, 2_000
"""Rows between two looks, and before the first that may pass."""

Bounds = tuple[np.ndarray, np.ndarray]
Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


def independent(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Entity of each row, and whether the models differ over it: all rows alike."""
    entity = rng.permutation(np.repeat(np.arange(ENTITIES), EACH))
    return entity, rng.random(ENTITIES * EACH) < LIMIT


def mixed(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Entities with a rate of their own, whose rows come among those of all others."""
    rate = rng.beta(0.25, 12.25, ENTITIES)
    entity = rng.permutation(np.repeat(np.arange(ENTITIES), EACH))
    return entity, rng.random(len(entity)) < rate[entity]


def bursts(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The same entities, each with all its rows at once."""
    rate = rng.beta(0.25, 12.25, ENTITIES)
    entity = np.repeat(np.arange(ENTITIES), EACH)
    return entity, rng.random(len(entity)) < rate[entity]


TRAFFIC: Mapping[str, Draw] = {
    "rows independent": independent,
    "entities with rates of their own, mixed": mixed,
    "the same, in bursts": bursts,
}


def by_row(entity: np.ndarray, differs: np.ndarray) -> Bounds:
    """Exact for independent rows."""
    trials = np.arange(EVERY, len(entity) + 1, EVERY)
    count = np.cumsum(differs)[trials - 1]
    return bernoulli.lower(count, trials, ALPHA), bernoulli.upper(count, trials, ALPHA)


def by_entity(entity: np.ndarray, differs: np.ndarray) -> Bounds:
    """Asymptotic, by entity."""
    bounds = []
    for end in range(EVERY, len(entity) + 1, EVERY):
        requests = np.bincount(entity[:end], minlength=ENTITIES)
        sums = Clusters.of(requests, np.bincount(entity[:end], differs[:end], ENTITIES))
        found = mean_bounds(sums, ALPHA, FIRST, sides=1)
        few = sums.effective_entities < 30
        bounds.append((-np.inf, np.inf) if few else (found.lower, found.upper))
    lower, upper = np.array(bounds).T
    return lower, upper


def by_both(entity: np.ndarray, differs: np.ndarray) -> Bounds:
    """The wider of the two, of each look."""
    pairs = by_row(entity, differs), by_entity(entity, differs)
    return np.minimum(*(one[0] for one in pairs)), np.maximum(*(one[1] for one in pairs))


def errors(draw: Draw, bounds: Callable[..., Bounds], releases: int) -> tuple[float, float]:
    """Share of releases that are blocked, and passed, at any look."""
    blocked = passed = 0
    for seed in range(releases):
        lower, upper = bounds(*draw(np.random.default_rng(seed)))
        blocked += bool(np.any(lower > LIMIT))
        passed += bool(np.any(upper[FIRST // EVERY - 1 :] <= LIMIT))
    return blocked / releases, passed / releases


def main() -> None:
    """Print a table of errors by traffic."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=500)
    options = parser.parse_args()
    kinds = {"by row": by_row, "by entity": by_entity, "by the wider": by_both}
    print(f"| traffic | {' | '.join(f'{kind}: blocked | passed' for kind in kinds)} |")
    print("|---|" + "---:|" * (2 * len(kinds)))
    for name, draw in TRAFFIC.items():
        found = [rate for one in kinds.values() for rate in errors(draw, one, options.releases)]
        print(f"| {name} | {' | '.join(f'{rate:.1%}' for rate in found)} |", flush=True)


if __name__ == "__main__":
    main()
