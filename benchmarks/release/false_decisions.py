"""How often equal models are told apart, looked at after every request.

``python -m benchmarks.release.false_decisions``: 2,000 releases of each kind of traffic in which
challenger and champion are equally good and 10 % of the entities meet the challenger, judged by
`decide` and by what others do on the same streams. Prints Markdown. A release of ours may be rolled
back by mistake in at most 5 % of the cases, and promoted by mistake, which here means by a gate
that asks for an effect, in at most 5 %.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.stats import beta

from benchmarks.release import ours, peers
from benchmarks.release.streams import KINDS, simulate

REQUESTS = 50_000
WEIGHT = 0.1
FIRST = 1_000
"""The challenger's requests before a promotion, and before others look for the first time."""

RULES = {
    "Phasegate": lambda stream: ours.spoken(stream, ours.policy(0.0, 1_000, FIRST)),
    "peeked t-test": lambda stream: peers.peeked_t_test(stream, FIRST),
    "fixed threshold": peers.fixed_threshold,
    "Mann-Whitney": peers.mann_whitney,
}


@dataclass(frozen=True)
class Errors:
    """Of equal models, how many releases ended in which mistake.

    Attributes:
        back: rolled back.
        forth: promoted.
        of: all.
    """

    back: int
    forth: int
    of: int


def certain(count: int, of: int, confidence: float = 0.95) -> float:
    """Rate that the true one is below with that confidence (Clopper & Pearson 1934, one side)."""
    return float(beta.ppf(confidence, count + 1, of - count)) if count < of else 1.0


def decisions(kind: str, effect: float, seed: int) -> dict[str, tuple[bool, bool]]:
    """What each rule decides first about one stream: against the challenger, or for it."""
    stream = simulate(kind, REQUESTS, WEIGHT, effect, seed)
    found = {name: rule(stream) for name, rule in RULES.items()}
    return {
        name: (
            spoken.against < REQUESTS and spoken.against <= spoken.promoting,
            spoken.promoting < REQUESTS and spoken.promoting < spoken.against,
        )
        for name, spoken in found.items()
    }


def measure(kind: str, releases: int, pool: ProcessPoolExecutor) -> dict[str, Errors]:
    """Mistakes of each rule over releases of equal models."""
    seeds = range(releases)
    every = list(pool.map(partial(decisions, kind, 0.0), seeds, chunksize=8))
    return {
        name: Errors(*np.sum([one[name] for one in every], axis=0).tolist(), of=releases)
        for name in RULES
    }


def main() -> None:
    """Print a table of mistakes by traffic and rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=2_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(f"{options.releases:,} releases of equal models, {REQUESTS:,} requests each, ", end="")
    print(f"{WEIGHT:.0%} to the challenger, looked at after every request\n")
    columns = " | ".join(f"{name}: back | forth" for name in RULES)
    print(f"| traffic | {columns} | at most (95 % certain) |")
    print("|---" * (2 * len(RULES) + 2) + "|")
    with ProcessPoolExecutor(options.processes) as pool:
        for kind in KINDS:
            found = measure(kind, options.releases, pool)
            cells = [
                f"{count / one.of:.1%}" for one in found.values() for count in (one.back, one.forth)
            ]
            mine = found["Phasegate"]
            limits = " and ".join(f"{certain(n, mine.of):.1%}" for n in (mine.back, mine.forth))
            print(f"| {kind} | {' | '.join(cells)} | {limits} |", flush=True)


if __name__ == "__main__":
    main()
