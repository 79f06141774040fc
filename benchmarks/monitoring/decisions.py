"""What is decided about 200 simulated histories, and how long that takes.

``python -m benchmarks.monitoring.decisions``: each history is looked at every week, as a recurring
pipeline does, up to the first decision that is not NOTHING. Prints Markdown: the confusion matrix,
the delay from what happened to the decision, and who was blamed.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from benchmarks.monitoring import histories
from benchmarks.monitoring.histories import FIRST_LOOK, PROFILE, START, WEEK, WEEKS, began
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.decide import decide
from phasegate.monitoring.retraining.decision import Action
from phasegate.release.policy import Labels

KINDS = {
    "gradual decline": (30, Action.RETRAIN),
    "data bug, announced": (30, Action.ROLL_BACK),
    "data bug, not announced": (20, Action.ASK),
    "bad release": (30, Action.ROLL_BACK),
    "labels missing": (30, Action.ASK),
    "season of weeks": (20, Action.NOTHING),
    "season of a year": (10, Action.NOTHING),
    "no change": (30, Action.NOTHING),
}
"""How many of each, and what is right."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The first decision that does something.

    Attributes:
        kind: of history.
        action: what was decided; NOTHING where nothing was in all weeks.
        early: whether that was before anything had happened.
        days: from what happened to the decision; negative before.
        delay: days that labels took.
        blamed: whether the change that was to be taken back is the one that did it.
        reason: the first one.
    """

    kind: str
    action: Action
    early: bool
    days: float
    delay: int
    blamed: bool
    reason: str


def outcome(kind: str, seed: int) -> Outcome:
    """What comes of one history."""
    history = histories.simulate(kind, seed)
    policy = replace(MonitoringPolicy(), labels=Labels(delay=history.delay))
    happened = began(history) if kind.startswith("data bug") else START + WEEK * history.onset
    for week in range(FIRST_LOOK, WEEKS):
        now = START + WEEK * (week + 1)
        found = decide(
            histories.performance(history, week),
            histories.drift(history, week),
            histories.skew(history, week),
            history.changes,
            policy,
            model_digest=history.champion(week),
            profile_digest=PROFILE,
            since=now - WEEK,
            until=now,
            now=now,
            last_training=None,
        )
        if found.action is not Action.NOTHING:
            days = (now - happened).total_seconds() / 86_400
            last = max(history.changes, key=lambda change: change.at)
            guilty = last if KINDS[kind][1] is Action.ROLL_BACK else None
            early = now <= happened
            return Outcome(
                kind, found.action, early, days, history.delay.days,
                found.change is not None and found.change == guilty, found.reasons[0],
            )  # fmt: skip
    return Outcome(kind, Action.NOTHING, False, float("nan"), history.delay.days, False, "")


def table(outcomes: Sequence[Outcome]) -> str:
    """The confusion matrix and the delays, as Markdown."""
    lines = [
        "| history | of | NOTHING | RETRAIN | ROLL_BACK | ASK | before it happened | right | "
        "days to the decision (median, 90 %) | less the label delay |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for kind, (_, right) in KINDS.items():
        own = [one for one in outcomes if one.kind == kind]
        counts = Counter(one.action for one in own if not one.early)
        cells = " | ".join(
            f"**{counts[action]}**" if action is right else str(counts[action]) for action in Action
        )
        hits = [one for one in own if one.action is right and not one.early]
        early = sum(one.early for one in own)
        days = _days([one.days for one in hits if right is not Action.NOTHING])
        net = _days([one.days - one.delay for one in hits if right is not Action.NOTHING])
        lines.append(
            f"| {kind} | {len(own)} | {cells} | {early} | {len(hits) / len(own):.0%} | {days} | "
            f"{net} |"
        )
    undone = [one for one in outcomes if one.action is Action.ROLL_BACK]
    lines.append("")
    lines.append(
        f"Of {len(undone)} rollbacks, {sum(one.blamed for one in undone)} take back the change "
        "that did it."
    )
    return "\n".join(lines)


def _days(values: Sequence[float]) -> str:
    if not values:
        return "-"
    ordered = sorted(values)
    return f"{statistics.median(ordered):.0f}, {ordered[int(0.9 * (len(ordered) - 1))]:.0f}"


def main() -> None:
    """Simulate, decide, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=2000, help="first of the histories' seeds")
    parser.add_argument("--wrong", action="store_true", help="list the histories decided wrongly")
    chosen = parser.parse_args()
    tasks = [
        (kind, chosen.seed + number)
        for kind, (times, _) in KINDS.items()
        for number in range(times)
    ]
    with ProcessPoolExecutor(chosen.processes) as pool:
        outcomes = list(pool.map(outcome, *zip(*tasks, strict=True), chunksize=5))
    print(table(outcomes))
    if chosen.wrong:
        for (kind, seed), one in zip(tasks, outcomes, strict=True):
            if one.early or one.action is not KINDS[kind][1]:
                print(f"- {kind} {seed}: {one.action}, {one.days:.0f} days: {one.reason}")


if __name__ == "__main__":
    main()
