"""What the release decides about a stream when it is looked at after every request.

Bounds are computed for all looks at once; where they say that a decision falls, `decide` itself is
asked, at that look and at the one before, and has to say the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.release.peers import Spoken
from benchmarks.release.streams import Stream, at, sums_at_every_request
from phasegate.release.decide import decide
from phasegate.release.decision import Action
from phasegate.release.evidence import Cohort, Cohorts, Evidence, Proportion, Traffic
from phasegate.release.judges.entities import FEWEST, FEWEST_EFFECTIVE
from phasegate.release.policy import BusinessMetric, Gate, Minimum, Phase, Policy
from phasegate.release.record import ModelVersion, ReleaseRecord, Status
from phasegate.statistics.clusters import Clusters, difference_bounds
from phasegate.statistics.distances import LATENCY_EDGES_US

START = datetime(2025, 1, 1, tzinfo=UTC)
ALPHA = 0.05
NOTHING = Clusters.none()


def policy(margin: float, weight: int, first: int) -> Policy:
    """One phase with one gate: the challenger's value, between cohorts, against the champion's.

    Args:
        margin: by how much it may be worse; negative for an effect that it must have.
        weight: the challenger's share, in basis points.
        first: its requests before the phase can be left forwards; bounds are tightest there.
    """
    phase = Phase(
        "canary", weight, 0, Minimum(timedelta(0), first, 100), timedelta(days=9_999),
        gates=(Gate("value", margin, "champion", on="cohorts"),),
    )  # fmt: skip
    metric = BusinessMetric("value", "score", needs_label=False)
    return Policy((phase,), ALPHA, ALPHA, metric=metric, shadow_off="a benchmark of one phase")


def spoken(stream: Stream, rules: Policy) -> Spoken:
    """When a release under these rules is rolled back, and when it goes on; the earlier counts."""
    phase = rules.phases[0]
    gate, first = phase.gates[0], phase.minimum.requests
    sides = [
        sums_at_every_request(stream, mask) for mask in (stream.challenger, ~stream.challenger)
    ]
    harm, clear = rules.alpha_of(gate), rules.false_promotion
    ready = _enough(sides)
    limit = -gate.limit
    near = difference_bounds(*sides, harm, first, sides=1)
    against = _first(ready & (near.upper < limit))
    far = difference_bounds(*sides, clear, first, sides=1)
    reached = (sides[0].requests >= first) & (sides[0].entities >= phase.minimum.entities)
    promoting = _first(ready & reached & (far.lower >= limit))
    found = Spoken(against, promoting)
    confirm(stream, rules, sides, found)
    return found


def confirm(stream: Stream, rules: Policy, sides: list[Clusters], found: Spoken) -> None:
    """Ask `decide` at the look that decides, and at the one before.

    Raises:
        AssertionError: it says something else than the bounds.
    """
    end = len(stream.value)
    look = min(found.against, found.promoting)
    expected = Action.ROLL_BACK if found.against <= found.promoting else Action.FINISH
    looks = [(look, expected), (look - 1, Action.HOLD)] if look < end else [(end - 1, Action.HOLD)]
    for position, action in looks:
        if position < 0:
            continue
        evidence = evidence_of(rules, *(at(side, position) for side in sides))
        decision = decide(rules, record_of(rules), evidence, evidence.until)
        assert decision.action is action, (position, action, decision)


def record_of(rules: Policy) -> ReleaseRecord:
    """A release in the first phase of a policy."""
    champion, challenger = (ModelVersion(f"m/{n}", str(n) * 64) for n in (1, 2))
    return ReleaseRecord(
        1, "m", "m-1", champion, challenger, rules, Status.RUNNING, 0,
        START, START, START, START, False, "a benchmark",
    )  # fmt: skip


def evidence_of(rules: Policy, challenger: Clusters, champion: Clusters) -> Evidence:
    """Evidence whose cohorts have these values, and no fault otherwise."""
    record, phase = record_of(rules), rules.phases[0]
    traffic = Traffic(
        record.champion.slot, record.challenger.slot, phase.weight, phase.mirror, False,
        Proportion(0, 0), Proportion(0, 0), Proportion(0, 0), True,
    )  # fmt: skip
    return Evidence(
        record.release, record.champion.digest, record.challenger.digest, phase.name,
        START, START + timedelta(hours=1), None,
        Cohorts(_cohort(champion), _cohort(challenger)), traffic, False, True,
    )  # fmt: skip


def _cohort(value: Clusters) -> Cohort:
    latency = (0,) * (len(LATENCY_EDGES_US) - 1)
    return Cohort(int(value.requests), 0, int(value.entities), latency, NOTHING, value)


def _enough(sides: list[Clusters]) -> np.ndarray:
    """Looks at which judges speak of these cohorts at all; see `entities.too_few`."""
    return np.all(
        [
            (side.entities >= FEWEST) & (side.effective_entities >= FEWEST_EFFECTIVE)
            for side in sides
        ],
        axis=0,
    )


def _first(found: np.ndarray) -> int:
    position = int(np.argmax(found)) if len(found) else 0
    return position if len(found) and found[position] else len(found)
