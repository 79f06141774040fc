"""Evidence of one phase, as counts that a test chooses, and what a gate makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Finding
from phasegate.release.evidence import Cohorts, Evidence
from phasegate.release.judges import judge
from phasegate.release.policy import BusinessMetric, Gate, Minimum, Phase, Policy
from phasegate.statistics.bounded import Moments
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US, counts
from phasegate.traffic.plan import WHOLE
from tests.release import samples

METRIC = BusinessMetric("value", "1", "EUR")
EXACT = replace(METRIC, lower=-1.0, upper=1.0, exact=True)
RANK = {Outcome.BLOCK: 0, Outcome.INCONCLUSIVE: 1, Outcome.PASS: 2}

SHADOW, SPLIT, ALL = 0, 1_000, WHOLE
GATES = {
    SHADOW: (
        Gate("coverage", 0.99),
        Gate("disagreement", 0.05),
        Gate("disagreement", 0.05, by="country"),
        Gate("psi", 0.2),
        Gate("ks", 0.1),
        Gate("latency", 1.5, "champion"),
        Gate("errors", 0.01, "champion"),
        Gate("errors", 0.01),
        Gate("slow", 0.05, "champion", over_ms=100.0),
        Gate("slow", 0.05, over_ms=100.0),
        Gate("value", 0.1, "champion"),
        Gate("value", 0.1, "champion", relative=True),
        Gate("value", -0.1, "champion", relative=True),
    ),
    SPLIT: (
        Gate("latency", 1.5, "champion"),
        Gate("errors", 0.01, "champion"),
        Gate("errors", 0.01),
        Gate("slow", 0.05, "champion", over_ms=100.0),
        Gate("decisions", 0.02, "champion", on="cohorts"),
        Gate("value", 0.1, "champion", on="cohorts"),
        Gate("value", 0.1, "champion", relative=True, on="cohorts"),
        Gate("value", 0.5, on="cohorts"),
    ),
    ALL: (
        Gate("errors", 0.01),
        Gate("slow", 0.05, over_ms=100.0),
        Gate("value", 0.5, on="cohorts"),
    ),
}
PLACES = [(weight, gate) for weight, gates in GATES.items() for gate in gates]


def phase(weight: int, *gates: Gate) -> Phase:
    """A phase in which a thousand requests of a hundred entities have to be seen."""
    mirror = WHOLE if weight == 0 else 0
    day = timedelta(days=1)
    return Phase("phase", weight, mirror, Minimum(day, 1_000, 100), 14 * day, gates=gates)


def look(
    gate: Gate,
    evidence: Evidence,
    weight: int = SHADOW,
    *,
    metric: BusinessMetric | None = METRIC,
    guardrail: bool = False,
    **rules: Any,
) -> tuple[Finding, ...]:
    """What the gate finds, in a policy that has no other one."""
    step = phase(weight, gate)
    policy = Policy((step,), metric=metric, **rules)
    return judge(gate, evidence, step, policy, guardrail)


def only(found: tuple[Finding, ...]) -> Finding:
    """The one finding."""
    (one,) = found
    return one


def evidence(**known: Any) -> Evidence:
    """Evidence of nothing but what is given."""
    return Evidence(
        "release", "a" * 64, "b" * 64, "phase", samples.START, samples.START + samples.DAY, **known
    )


def good(weight: int) -> Evidence:
    """Plenty of evidence of a challenger that is as it should be."""
    pairs = replace(
        samples.pairs(),
        slices={"country": {"NL": samples.Proportion(5, 20_000)}},
        champion_latency=latency(20_000, 20.0),
        challenger_latency=latency(20_000, 20.0),
        difference=samples.clusters(2_000, 10, 0.3, 0.5),
        bounded=moments(20_000, 0.3, -2.0, 2.0),
    )
    record = samples.running().record
    proxy = samples.traffic(record)
    if not weight:
        return evidence(pairs=pairs, traffic=proxy)
    both = samples.cohorts(weight)
    return evidence(
        cohorts=Cohorts(
            *(
                replace(one, latency=latency(one.requests, 20.0), bounded=moments(5_000, 0.7))
                for one in (both.champion, both.challenger)
            )
        ),
        traffic=proxy,
    )


def latency(requests: int, milliseconds: float) -> tuple[int, ...]:
    """Counts of exponential latencies of a mean, without chance."""
    shares = (np.arange(requests) + 0.5) / max(requests, 1)
    times = -np.log(shares) * milliseconds * 1000
    return tuple(int(n) for n in counts(times, LATENCY_EDGES_US))


def moments(count: int, mean: float, lower: float = -1.0, upper: float = 1.0) -> Moments:
    """Of values that take the two ends in turns, so that their mean is as asked."""
    share = (mean - lower) / (upper - lower)
    ends = np.diff(np.floor(np.arange(count + 1) * share)) * (upper - lower) + lower
    return Moments.of(ends, lower, upper)


def shifted(sums: Clusters, by: float) -> Clusters:
    """The same rows, each worth more by so much."""
    return Clusters(
        sums.entities,
        sums.requests,
        sums.requests_squared,
        sums.value + by * sums.requests,
        sums.value_squared + 2 * by * sums.value_requests + by**2 * sums.requests_squared,
        sums.value_requests + by * sums.requests_squared,
    )
