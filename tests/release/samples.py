"""A small policy, and evidence of it that is as good or as bad as a test wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from phasegate.release.entry import Entry
from phasegate.release.evidence import Cohort, Cohorts, Evidence, Pairs, Proportion, Traffic
from phasegate.release.policy import BusinessMetric, Gate, Minimum, Phase, Policy
from phasegate.release.record import ModelVersion, ReleaseRecord, desired
from phasegate.release.transitions import applied, started
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES
from phasegate.traffic.plan import WHOLE

START = datetime(2025, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CHAMPION = ModelVersion("card-fraud/1", "a" * 64)
CHALLENGER = ModelVersion("card-fraud/2", "b" * 64)

_ERRORS = Gate("errors", 0.01, "champion")
_SLOW = Gate("slow", 0.05, "champion", over_ms=500.0)


def policy(**changes: object) -> Policy:
    """Shadow, 10 %, 50 %, 100 %; a week, then days, with the gates that each can have."""
    minimum = Minimum(2 * DAY, 2_000, 200)
    cohorts = (
        Gate("value", 0.5, "champion", on="cohorts"),
        Gate("errors", 0.01, "champion"),
    )
    phases = (
        Phase(
            "shadow", 0, WHOLE, Minimum(7 * DAY, 5_000, 300), 14 * DAY,
            gates=(
                Gate("coverage", 0.99),
                Gate("disagreement", 0.05),
                Gate("psi", 0.2),
                Gate("value", 0.2, "champion"),
                _ERRORS,
            ),
            guardrails=(_SLOW,),
        ),
        Phase("canary", 1_000, WHOLE, minimum, 14 * DAY, gates=cohorts, guardrails=(_SLOW,)),
        Phase("ramp", 5_000, 0, minimum, 14 * DAY, "freeze", gates=cohorts, guardrails=(_SLOW,)),
        Phase("bake", WHOLE, 0, minimum, 14 * DAY, gates=(Gate("errors", 0.02),)),
    )  # fmt: skip
    metric = BusinessMetric("value", "CASE WHEN label THEN 1 ELSE 0 END", "EUR")
    return replace(Policy(phases, metric=metric), **changes)


def running(phase: int = 0, rules: Policy | None = None, follows: bool = True) -> Entry:
    """The entry of a release that is in a phase, with or without traffic following it."""
    entry = started(
        None, model="card-fraud", champion=CHAMPION, challenger=CHALLENGER,
        policy=rules or policy(), now=START, actor="test", reason="a new model is here",
    )  # fmt: skip
    record = replace(entry.record, phase=phase)
    entry = replace(entry, record=record).sealed()
    return applied(entry, START, "test") if follows else entry


def clusters(entities: int, per_entity: int, mean: float, deviation: float = 2.0) -> Clusters:
    """Every entity has as many requests; half of them are worth more than the mean."""
    requests = entities * per_entity
    total = per_entity * mean
    spread = (per_entity**0.5) * deviation
    return Clusters(
        entities,
        requests,
        requests * per_entity,
        entities * total,
        entities * (total**2 + spread**2),
        requests * total,
    )


def pairs(
    entities: int = 2_000, *, disagreeing: float = 0.001, failing: float = 0.0, gain: float = 0.1
) -> Pairs:
    """Ten requests of each entity; the challenger fails some, and earns more by ``gain``."""
    requests = 10 * entities
    failed = round(failing * requests)
    scores, latency = _counts(SCORE_EDGES, requests), _counts(LATENCY_EDGES_US, requests)
    return Pairs(
        requests=requests,
        answered=requests - failed,
        failed=failed,
        absent=0,
        conflicting=0,
        rows=requests - failed,
        entities=entities,
        disagreements=Proportion(round(disagreeing * requests), requests - failed),
        slices={},
        champion_scores=scores,
        challenger_scores=scores,
        champion_latency=latency,
        challenger_latency=latency,
        champion_value=clusters(entities, 10, 1.0),
        difference=clusters(entities, 10, gain, 0.5),
    )


def cohort(entities: int, *, failing: float = 0.0, value: float = 1.0) -> Cohort:
    """Ten requests of each entity."""
    requests = 10 * entities
    return Cohort(
        requests=requests,
        failed=round(failing * requests),
        entities=entities,
        latency=_counts(LATENCY_EDGES_US, requests),
        decisions=clusters(entities, 10, 0.02, 0.1),
        value=clusters(entities, 10, value, 1.0),
    )


def cohorts(
    weight: int, entities: int = 20_000, *, failing: float = 0.0, gain: float = 0.1
) -> Cohorts:
    """Entities split by weight; the challenger fails some, and earns more by ``gain``."""
    mine = entities * weight // WHOLE
    return Cohorts(
        cohort(entities - mine), cohort(mine, failing=failing, value=1.0 + gain), crossed=0
    )


def traffic(record: ReleaseRecord, *, failing: float = 0.0, killed: bool = False) -> Traffic:
    """The proxy does what the record says."""
    wanted = desired(record)
    return Traffic(
        champion=wanted.champion.slot,
        challenger=wanted.challenger.slot if wanted.challenger else "",
        weight=wanted.weight,
        mirror=wanted.mirror,
        killed=killed,
        champion_errors=Proportion(0, 20_000),
        challenger_errors=Proportion(round(failing * 5_000), 5_000),
        copies_lost=Proportion(0, 20_000),
        challenger_healthy=True,
    )


def evidence(record: ReleaseRecord, until: datetime, **changes: object) -> Evidence:
    """Complete evidence of the record's phase that lets it pass, unless changed."""
    phase = record.current
    since = record.phase_applied or record.phase_started
    good = Evidence(
        release=record.release,
        champion=record.champion.digest,
        challenger=record.challenger.digest,
        phase=phase.name,
        since=since,
        until=until,
        pairs=pairs() if phase.mirror else None,
        cohorts=cohorts(phase.weight) if phase.weight else None,
        traffic=traffic(record),
        kill=False,
        log_read=True,
    )
    return replace(good, **changes)


def _counts(edges: np.ndarray, total: int) -> tuple[int, ...]:
    """Counts on an edge grid, most of them low."""
    bins = len(edges) - 1
    shares = np.exp(-np.arange(bins) / bins * 8)
    counts = np.floor(shares / shares.sum() * total).astype(int)
    counts[0] += total - counts.sum()
    return tuple(counts.tolist())
