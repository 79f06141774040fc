"""How long a decision takes, and that it does not depend on how much was seen.

``python -m benchmarks.release.deciding``: `decide` on a shadow with every kind of gate, from the
statistics of ten thousand, a million and a hundred million requests; and a year of daily decisions.
Prints Markdown.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from statistics import median

import numpy as np

from benchmarks.release.bad_challengers import SHADOW, Payments, rules
from benchmarks.release.ours import START, record_of
from phasegate.digests import canonical_json
from phasegate.release.decide import decide
from phasegate.release.evidence import Evidence, Pairs, Proportion, Traffic
from phasegate.release.policy import Policy

BASE = 10_000
ROUNDS = 30


def evidence(policy: Policy, times: int, day: int = 8) -> Evidence:
    """Evidence of ``times`` as many requests as `BASE`."""
    record = record_of(policy)
    pairs = Payments(np.random.default_rng(1), precision_lost=0.001).shadow(BASE)["pairs"]
    traffic = Traffic(
        record.champion.slot, record.challenger.slot, 0, 10_000, False,
        Proportion(0, BASE * times), Proportion(0, 0), Proportion(0, BASE * times), True,
    )  # fmt: skip
    return Evidence(
        record.release, record.champion.digest, record.challenger.digest, "shadow",
        START, START + timedelta(days=day), _times(pairs, times), None, traffic, False, True,
    )  # fmt: skip


def _times(pairs: Pairs, times: int) -> Pairs:
    """As many disjoint copies of the same traffic."""

    def more(value: object) -> object:
        match value:
            case bool() | None:
                return value
            case int() | float():
                return value * times
            case tuple():
                return tuple(one * times for one in value)
            case dict():
                return {name: more(one) for name, one in value.items()}
        return replace(value, **{name: more(getattr(value, name)) for name in _fields(value)})

    return more(pairs)


def _fields(value: object) -> tuple[str, ...]:
    return tuple(type(value).__dataclass_fields__)


def main() -> None:
    """Print a table of times and sizes."""
    policy = rules(SHADOW)
    record = record_of(policy)
    print("| requests seen | evidence | decision |")
    print("|---:|---:|---:|")
    for times in (1, 100, 10_000):
        seen = evidence(policy, times)
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            decide(policy, record, seen, seen.until)
            taken.append(time.perf_counter() - began)
        size = len(canonical_json(seen.to_json()))
        print(f"| {BASE * times:,} | {size / 1e3:.1f} kB | {1e3 * median(taken):.1f} ms |")
    year = [evidence(policy, day, day) for day in range(1, 366)]
    began = time.perf_counter()
    for seen in year:
        decide(policy, record, seen, seen.until)
    print(f"\na year of daily decisions: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
