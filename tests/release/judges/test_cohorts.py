"""Between cohorts: the shift of decisions, and whether the cohorts are split as they should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phasegate.contracts.verdict import Outcome
from phasegate.release.evidence import Cohort, Cohorts, Evidence
from phasegate.release.judges import mismatch
from phasegate.release.policy import Gate, Policy
from phasegate.statistics.clusters import Clusters
from tests.release import samples
from tests.release.judges.looks import SPLIT, evidence, look, only, phase

GATE = Gate("decisions", 0.02, "champion", on="cohorts")


def deciding(champion: float, challenger: float, entities: int = 5_000) -> Evidence:
    rng = np.random.default_rng(3)

    def cohort(share: float) -> Cohort:
        positive = rng.binomial(10, share, entities)
        sums = Clusters.of(np.full(entities, 10), positive)
        return replace(samples.cohort(entities), decisions=sums)

    return evidence(cohorts=Cohorts(cohort(champion), cohort(challenger)))


@pytest.mark.parametrize(
    ("challenger", "outcome"),
    [
        (0.1, Outcome.PASS),
        (0.2, Outcome.BLOCK),
        (0.02, Outcome.BLOCK),
        (0.12, "INCONCLUSIVE"),
        (0.08, "INCONCLUSIVE"),
    ],
)
def test_more_and_fewer_decisions_are_both_harm(challenger: float, outcome: str) -> None:
    assert only(look(GATE, deciding(0.1, challenger), SPLIT)).outcome == outcome


def test_few_entities_say_nothing() -> None:
    found = only(look(GATE, deciding(0.1, 0.9, entities=50), SPLIT))
    assert found.outcome is Outcome.INCONCLUSIVE


def split(champion: int, challenger: int) -> Evidence:
    return evidence(cohorts=Cohorts(samples.cohort(champion), samples.cohort(challenger)))


@pytest.mark.parametrize(
    ("champion", "challenger", "outcome"),
    [
        (9_000, 1_000, Outcome.PASS),
        (9_050, 950, Outcome.PASS),
        (9_500, 500, Outcome.BLOCK),
        (8_000, 2_000, Outcome.BLOCK),
        (0, 300, Outcome.BLOCK),
        (0, 0, Outcome.INCONCLUSIVE),
    ],
)
def test_entities_are_split_by_the_weight(champion: int, challenger: int, outcome: Outcome) -> None:
    step = phase(SPLIT)
    found = mismatch(split(champion, challenger), step, Policy((step,)))
    assert found.outcome is outcome
    assert found.reason.startswith("sample ratio")
    assert "nan" not in found.reason


def test_without_cohorts_nothing_is_known_of_their_split() -> None:
    step = phase(SPLIT)
    assert mismatch(evidence(), step, Policy((step,))).outcome is Outcome.INCONCLUSIVE


def test_a_sound_split_is_seldom_taken_for_a_mismatch_however_often_it_is_looked_at() -> None:
    rng = np.random.default_rng(11)
    step = phase(SPLIT)
    policy = Policy((step,), mismatch=0.1)
    frozen = 0
    for _ in range(60):
        arrived = np.cumsum(rng.random(3_000) < 0.1)
        frozen += any(
            mismatch(split(n - int(arrived[n - 1]), int(arrived[n - 1])), step, policy).outcome
            is Outcome.BLOCK
            for n in range(50, 3_001, 50)
        )
    assert frozen <= 12  # of 60; at most 6 are expected, and 13 have probability 0.005
