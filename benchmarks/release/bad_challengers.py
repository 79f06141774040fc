"""How soon a bad challenger is rolled back, and how many requests it has met until then.

``python -m benchmarks.release.bad_challengers``: simulated traffic of card payments, the usual
gates and guardrails of a policy, `decide` at every look. What can be seen at the proxy is looked at
after every 50 requests of the challenger, as the guard does, the log after every 500. Prints
Markdown. Users see none of the errors: the champion answers what a challenger fails.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from benchmarks.release.ours import START, record_of
from phasegate.release.decide import decide
from phasegate.release.decision import Action
from phasegate.release.evidence import Cohort, Cohorts, Evidence, Pairs, Proportion, Traffic
from phasegate.release.policy import BusinessMetric, Minimum, Phase, Policy
from phasegate.release.usual_gates import usual_gates, usual_guardrails
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES, counts

FRAUD = 0.01
RECALL = 0.77
CHANNELS = ("chip", "contactless", "online", "phone", "swipe")
ONLINE = 2
MOST = 500_000
"""Requests of the challenger after which it has got away with it."""

METRIC = BusinessMetric("value", "label", "EUR", -120.0, 80.0)
SHADOW = Phase("shadow", 0, 10_000, Minimum(timedelta(days=7), 20_000, 1_000), timedelta(days=14))
CANARY = Phase("canary", 1_000, 0, Minimum(timedelta(days=7), 5_000, 500), timedelta(days=28))


Begin = Callable[[np.random.Generator], Callable[[int], Mapping[str, object]]]
"""Begins a run: a function from the challenger's requests so far to fields of `Evidence`."""


@dataclass(frozen=True)
class Bad:
    """A way to be bad.

    Attributes:
        name: of it.
        phase: in which it is met.
        begin: one run.
        every: requests of the challenger between two looks.
        affected: what is counted of them, as a person reads it.
        share: of its requests that are affected.
    """

    name: str
    phase: Phase
    begin: Begin
    every: int
    affected: str
    share: float


def rules(phase: Phase) -> Policy:
    """A policy of one phase with the gates that a project gets without writing any."""
    gates = usual_gates(phase, METRIC, 250.0)
    guardrails = usual_guardrails(phase, METRIC, ("channel",))
    phase = replace(phase, gates=gates, guardrails=guardrails)
    return Policy((phase,), metric=METRIC, slices=("channel",), shadow_off="a benchmark")


class Payments:
    """Requests one after the other, with everything that judges are given of them.

    Args:
        rng: of the run.
        failing: share of the challenger's requests that it fails.
        slow: share of its answers that take a second.
        precision_lost: points of precision: frauds missed, and payments refused instead.
        broken: share of the decisions of one channel that are turned around.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        failing: float = 0.0,
        slow: float = 0.0,
        precision_lost: float = 0.0,
        broken: float = 0.0,
    ) -> None:
        n = MOST
        label = rng.random(n) < FRAUD
        champion = np.where(label, rng.random(n) < RECALL, rng.random(n) < 0.0005)
        # Of as many payments refused as before, so many more were not fraud.
        wrong = champion & label & (rng.random(n) < precision_lost / 0.94)
        instead = ~label & (rng.random(n) < FRAUD * RECALL * precision_lost / 0.94)
        challenger = (champion & ~wrong) | instead
        self.channel = rng.choice(len(CHANNELS), size=n, p=(0.3, 0.3, 0.1, 0.1, 0.2))
        turned = (self.channel == ONLINE) & (rng.random(n) < broken)
        challenger = np.where(turned, ~challenger, challenger)
        self.champion, self.challenger, self.label = champion, challenger, label
        self.entity = rng.integers(20_000, size=n)
        self.failed = rng.random(n) < failing
        self.latency = rng.lognormal(np.log(2_000), 0.4, n)
        self.slow_latency = np.where(rng.random(n) < slow, 1e6, rng.lognormal(7.6, 0.4, n))

    def shadow(self, n: int) -> dict[str, object]:
        """Evidence of the first n requests, all of them copied."""
        differ = self.champion[:n] != self.challenger[:n]
        gained = self._value(self.challenger[:n], n) - self._value(self.champion[:n], n)
        scores = tuple(counts(np.linspace(0.001, 0.999, n), SCORE_EDGES).tolist())
        latency = tuple(counts(self.latency[:n], LATENCY_EDGES_US).tolist())
        by_channel = {
            name: Proportion(int(differ[here].sum()), int(here.sum()))
            for number, name in enumerate(CHANNELS)
            if (here := self.channel[:n] == number).any()
        }
        return {
            "pairs": Pairs(
                n, n, 0, 0, 0, n, len(np.unique(self.entity[:n])),
                Proportion(int(differ.sum()), n), {"channel": by_channel},
                scores, scores, latency, latency,
                self._clusters(self._value(self.champion[:n], n), n), self._clusters(gained, n),
                differing=self._clusters(differ.astype(float), n),
            ),
            "log_read": True,
        }  # fmt: skip

    def canary(self, n: int) -> dict[str, object]:
        """Evidence of the challenger's first n requests, and nine times as many others."""
        mine = self._cohort(n, self.slow_latency, self.challenger)
        theirs = self._cohort(min(9 * n, MOST), self.latency, self.champion)
        return {"cohorts": Cohorts(theirs, mine), "log_read": True}

    def proxy(self, n: int) -> dict[str, object]:
        """What the guard sees: the proxy's counters, and nothing of the log."""
        failed = Proportion(int(self.failed[:n].sum()), n)
        return {"challenger_errors": failed, "champion_errors": Proportion(0, 9 * n)}

    def _cohort(self, n: int, latency: np.ndarray, decision: np.ndarray) -> Cohort:
        seen = tuple(counts(latency[:n], LATENCY_EDGES_US).tolist())
        decisions = self._clusters(decision[:n].astype(float), n)
        value = self._clusters(self._value(decision[:n], n), n)
        return Cohort(n, 0, int(decisions.entities), seen, decisions, value)

    def _value(self, decision: np.ndarray, n: int) -> np.ndarray:
        label = self.label[:n]
        return np.where(decision, np.where(label, 80.0, -5.0), np.where(label, -120.0, 0.0))

    def _clusters(self, value: np.ndarray, n: int) -> Clusters:
        entity = self.entity[:n]
        return Clusters.of(np.bincount(entity), np.bincount(entity, weights=value))


def _begin(view: str, **faults: float) -> Begin:
    """Payments with these faults, looked at in this way."""
    return lambda rng: getattr(Payments(rng, **faults), view)


KINDS = (
    *(
        Bad(f"fails {p:.0%} of its requests", CANARY, _begin("proxy", failing=p), 50, "failed", p)
        for p in (0.02, 0.05, 0.20)
    ),
    *(
        Bad(f"takes a second for {p:.0%}", CANARY, _begin("canary", slow=p), 500, "slow", p)
        for p in (0.05, 0.20)
    ),
    Bad(
        "precision 5 points lower", SHADOW, _begin("shadow", precision_lost=0.05), 500,
        "decided worse (copies)", 2 * FRAUD * RECALL * 0.05 / 0.94,
    ),
    Bad(
        "wrong in 30 % of one channel", SHADOW, _begin("shadow", broken=0.3), 500,
        "decided worse (copies)", 0.03,
    ),
    Bad("equally good", CANARY, _begin("canary"), 5_000, "", 0.0),
)  # fmt: skip


def until_rollback(bad: Bad, policy: Policy, seed: int) -> int:
    """Requests of the challenger until it is rolled back; `MOST` where it is not."""
    look = bad.begin(np.random.default_rng(seed))
    record = record_of(policy)
    traffic = Traffic(
        record.champion.slot, record.challenger.slot, bad.phase.weight, bad.phase.mirror, False,
        Proportion(0, 0), Proportion(0, 0), Proportion(0, 0), True,
    )  # fmt: skip
    n = bad.every
    while n <= MOST:
        found = dict(look(n))
        counters = {name: found.pop(name) for name in list(found) if name.endswith("_errors")}
        evidence = Evidence(
            record.release, record.champion.digest, record.challenger.digest, bad.phase.name,
            START, START + timedelta(minutes=n / 600), traffic=replace(traffic, **counters),
            kill=False, **found,
        )  # fmt: skip
        if decide(policy, record, evidence, evidence.until).action is Action.ROLL_BACK:
            return n
        # Later looks of those that get away further apart: nothing new would be seen in between.
        n += max(bad.every, n // 20 // bad.every * bad.every)
    return MOST


def main() -> None:
    """Print a table of ways to be bad."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    options = parser.parse_args()
    print("| challenger | met in | rolled back | its requests until then: median (p95) | of them |")
    print("|---|---|---:|---:|---:|")
    for bad in KINDS:
        policy = rules(bad.phase)
        until = np.array([until_rollback(bad, policy, seed) for seed in range(options.runs)])
        caught = until[until < MOST]
        times = (
            f"{np.median(caught):,.0f} ({np.quantile(caught, 0.95):,.0f})" if len(caught) else ""
        )
        worse = f"{np.median(caught) * bad.share:,.0f} {bad.affected}" if len(caught) else ""
        print(
            f"| {bad.name} | {bad.phase.name} | {len(caught)} of {options.runs} | {times} "
            f"| {worse} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
