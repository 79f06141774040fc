"""How often a year without drift alarms.

``python -m benchmarks.monitoring.false_alarms``: sixty days of reference, then twelve months of
daily windows from the same world: features share factors, days share levels that wander, weekends
differ. Whatever alerts is a false alarm. The budget of ours is one in 30 days. Prints Markdown.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

from benchmarks.monitoring.replay import LABELS, judgements, others
from benchmarks.monitoring.streams import stream
from phasegate.monitoring.policy import DriftRules

REFERENCE, MONTHS = 60, 12
DAYS = 30 * MONTHS
BUDGET = 1.0


def alarms(seed: int, budget: float) -> dict[str, float]:
    """False alarms in 30 days of our rules, and what the calibration said of them."""
    rules = DriftRules()
    rules = replace(rules, calibrated=replace(rules.calibrated, false_alarms=budget))
    found = judgements(stream(REFERENCE + DAYS, seed), REFERENCE, rules)
    first = found[0]
    return {
        "literal": sum(one.literal.alert for one in found) / MONTHS,
        "calibrated": sum(one.calibrated.alert for one in found) / MONTHS,
        "all": sum(one.alert for one in found) / MONTHS,
        "literal, said": first.literal.false_alarms,
        "calibrated, said": first.calibrated.false_alarms,
    }


def theirs(name: str, seed: int, days: int) -> float:
    """False alarms of a peer in 30 days."""
    found = others(stream(REFERENCE + days, seed), REFERENCE, [name])[name]
    return len(found) / (days / 30)


def main() -> None:
    """Print a table of false alarms by rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    seeds = range(options.years)
    print(f"{options.years} years of {DAYS} daily windows without drift; false alarms in 30 days\n")
    print("| | on average | worst year | measured beforehand | budget |\n|---|---:|---:|---:|---:|")
    with ProcessPoolExecutor(options.processes) as pool:
        own = list(pool.map(partial(alarms, budget=BUDGET), seeds))
        for key, label, said in (
            ("literal", "literal rule: PSI > 0.2 or p < 0.05 in over 10 %", "literal, said"),
            ("calibrated", "calibrated rule", "calibrated, said"),
            ("all", "calibrated rule and all channels", ""),
        ):
            values = [one[key] for one in own]
            before = f"{sum(one[said] for one in own) / len(own):.2f}" if said else ""
            budget = f"{BUDGET:g}" if key != "literal" else ""
            mean = sum(values) / len(values)
            print(f"| {label} | {mean:.2f} | {max(values):.2f} | {before} | {budget} |", flush=True)
        for name, days in (("alibi", DAYS), ("nannyml", DAYS), ("evidently", 60)):
            few = list(pool.map(partial(theirs, name, days=days), range(2)))
            label = LABELS[name] + (f", {days} days only" if days < DAYS else "")
            print(f"| {label} | {sum(few) / len(few):.2f} | {max(few):.2f} | | |", flush=True)


if __name__ == "__main__":
    main()
