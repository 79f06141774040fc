"""How often, and how soon, a difference is seen.

``python -m benchmarks.release.power``: half of the entities meet the challenger, whose answers are
worth more, or less, by 1, 2, 5 or 10 %; `decide` and others look at the same streams. Prints
Markdown: for each rule the share of releases that it decided rightly and wrongly, and the median of
the requests until it decided rightly.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from benchmarks.release import ours, peers
from benchmarks.release.peers import Spoken
from benchmarks.release.streams import simulate

REQUESTS = 200_000
FIRST = 1_000
EFFECTS = (0.10, 0.05, 0.02, 0.01, -0.01, -0.02, -0.05, -0.10)

RULES = {
    "Phasegate": lambda stream: ours.spoken(stream, ours.policy(0.0, 5_000, FIRST)),
    "peeked t-test": lambda stream: peers.peeked_t_test(stream, FIRST),
    "fixed threshold": peers.fixed_threshold,
    "Mann-Whitney": peers.mann_whitney,
}


def decisions(kind: str, effect: float, seed: int) -> dict[str, Spoken]:
    """What each rule says of one stream, and when."""
    stream = simulate(kind, REQUESTS, 0.5, effect, seed)
    return {name: rule(stream) for name, rule in RULES.items()}


def cell(every: Sequence[Spoken], effect: float) -> str:
    """Rightly, wrongly, and the median of requests until rightly."""
    times = np.array([(one.promoting, one.against) for one in every])
    right, wrong = times[:, 0 if effect > 0 else 1], times[:, 1 if effect > 0 else 0]
    rightly, wrongly = (right < wrong) & (right < REQUESTS), (wrong <= right) & (wrong < REQUESTS)
    median = f"{np.median(right[rightly]):,.0f}" if rightly.any() else ""
    return f"{rightly.mean():.0%} | {wrongly.mean():.0%} | {median}"


def main() -> None:
    """Print a table of decisions by effect and rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    seeds = range(options.releases)
    with ProcessPoolExecutor(options.processes) as pool:
        for kind in ("balanced", "heavy-tailed"):
            print(f"\n{kind}: {options.releases} releases of up to {REQUESTS:,} requests\n")
            print("| effect | " + " | ".join(f"{n}: right | wrong | after" for n in RULES) + " |")
            print("|---|" + "---:|" * (3 * len(RULES)))
            for effect in EFFECTS:
                every = list(pool.map(partial(decisions, kind, effect), seeds, chunksize=4))
                cells = [cell([one[name] for one in every], effect) for name in RULES]
                print(f"| {effect:+.0%} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
