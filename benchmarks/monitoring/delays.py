"""How many windows pass before a known change is seen.

``python -m benchmarks.monitoring.delays``: sixty days of reference, then a change of one kind for
the rest of the stream; everyone sees the same daily windows. Prints Markdown: the median of the
windows until the first alert (1: the first window that has the change), and in how many streams
there was none. A change of the meaning of inputs alone moves none of them: what shows it is the
share of right decisions, once labels are there.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from benchmarks.monitoring.replay import LABELS, features_of, judgements, others
from benchmarks.monitoring.streams import CHANGES, Stream, stream
from phasegate.monitoring.policy import DriftRules
from phasegate.sidecar.drift.detectors.closed_form import tests
from phasegate.sidecar.drift.verdict import level

REFERENCE, AFTER = 60, 14
FEW = 2
"""Days that Evidently is shown after the change: it takes seconds for each."""
NEVER = math.inf


def ours(change: str, seed: int) -> dict[str, float]:
    """Windows until our counts, our joint test, and labels show a change."""
    rules = DriftRules()
    found = stream(REFERENCE + AFTER, seed, change=change, at=REFERENCE)
    alerts = [one.alert for one in judgements(found, REFERENCE, rules)]
    joint = [_joint(found, day, rules) for day in range(REFERENCE, REFERENCE + AFTER)]
    labels = [_worse(found, day) for day in range(REFERENCE, REFERENCE + AFTER)]
    both = [one or two for one, two in zip(alerts, joint, strict=True)]
    return {
        "Phasegate: counts": _first(alerts),
        "with the joint test": _first(both),
        "Phasegate: labels": _first(labels),
    }


def _joint(found: Stream, day: int, rules: DriftRules) -> bool:
    """Whether the sidecar's multivariate detector (SciPy's variant) alerts on a sample."""
    rng = np.random.default_rng(day)
    past, now = np.flatnonzero(found.days < REFERENCE), np.flatnonzero(found.days == day)
    sides = [
        features_of(found.of(np.sort(rng.choice(rows, min(rules.sample, len(rows)), False))))
        for rows in (past, now)
    ]
    least = level(rules, rules.window)
    return tests(*sides, least, day)[-1].p_value < least


def _worse(found: Stream, day: int) -> bool:
    """Whether fewer decisions are right than in the reference, by three standard errors."""
    right = (found.scores >= 0.5) == found.labels
    before, now = right[found.days < REFERENCE].mean(), right[found.days == day]
    return bool(now.mean() < before - 3 * math.sqrt(before * (1 - before) / len(now)))


def theirs(name: str, days: int, change: str, seed: int) -> float:
    """Windows until a peer alerts."""
    found = stream(REFERENCE + days, seed, change=change, at=REFERENCE)
    alerts = others(found, REFERENCE, [name])[name]
    return min(alerts) - REFERENCE + 1 if alerts else NEVER


def _first(alerts: Sequence[bool]) -> float:
    return next((number for number, one in enumerate(alerts, 1) if one), NEVER)


def _cell(delays: Sequence[float], windows: int) -> str:
    seen = [one for one in delays if one < NEVER]
    if not seen:
        return f"not in {windows}"
    missed = len(delays) - len(seen)
    return f"{np.median(seen):g}" + (f" ({missed} of {len(delays)} never)" if missed else "")


def main() -> None:
    """Print a table of delays by change and detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--peers", nargs="*", default=list(LABELS), choices=list(LABELS))
    options = parser.parse_args()
    names = ["Phasegate: counts", "with the joint test", "Phasegate: labels"]
    head = [*names, *(LABELS[one] for one in options.peers)]
    print("| change | " + " | ".join(head) + " |\n|---|" + "---:|" * len(head))
    with ProcessPoolExecutor(options.processes) as pool:
        for change in ("", *CHANGES):
            own = list(pool.map(partial(ours, change), range(options.streams)))
            cells = [_cell([one[name] for one in own], AFTER) for name in names]
            for name in options.peers:
                days, seeds = (FEW, 1) if name == "evidently" else (AFTER, options.streams)
                found = list(pool.map(partial(theirs, name, days, change), range(seeds)))
                cells.append(_cell(found, days))
            print(f"| {change or 'none'} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
