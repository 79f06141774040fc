"""Latency: against the champion's own quantile, and against a budget in milliseconds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phasegate.contracts.verdict import Outcome
from phasegate.release.evidence import Evidence
from phasegate.release.policy import Gate
from phasegate.statistics.distances import LATENCY_EDGES_US, counts
from tests.release import samples
from tests.release.judges.looks import ALL, SPLIT, evidence, latency, look, only

RATIO = Gate("latency", 1.5, "champion", quantile=0.95)


def taking(champion: tuple[int, ...], challenger: tuple[int, ...]) -> Evidence:
    both = samples.cohorts(SPLIT)
    cohorts = replace(
        both,
        champion=replace(both.champion, latency=champion),
        challenger=replace(both.challenger, latency=challenger),
    )
    pairs = replace(samples.pairs(), champion_latency=champion, challenger_latency=challenger)
    return evidence(pairs=pairs, cohorts=cohorts)


@pytest.mark.parametrize("weight", [0, SPLIT])
@pytest.mark.parametrize(
    ("milliseconds", "outcome"),
    [(10.0, Outcome.PASS), (15.0, Outcome.INCONCLUSIVE), (30.0, Outcome.BLOCK)],
)
def test_three_times_as_slow_blocks(weight: int, milliseconds: float, outcome: Outcome) -> None:
    seen = taking(latency(5_000, 10.0), latency(5_000, milliseconds))
    assert only(look(RATIO, seen, weight)).outcome is outcome


def test_a_champion_of_whom_little_is_known_blocks_nothing() -> None:
    seen = taking(latency(20, 10.0), latency(5_000, 1_000.0))
    assert only(look(RATIO, seen)).outcome is Outcome.INCONCLUSIVE
    seen = taking(latency(1, 10.0), latency(5_000, 0.1))
    assert only(look(RATIO, seen)).outcome is Outcome.INCONCLUSIVE


def test_without_a_champion_there_is_no_ratio() -> None:
    seen = taking(latency(5_000, 10.0), latency(5_000, 10.0))
    assert only(look(RATIO, seen, ALL)).outcome is Outcome.INCONCLUSIVE


def test_another_grid_is_no_evidence() -> None:
    assert only(look(RATIO, taking((1, 2, 3), (1, 2, 3)))).outcome is Outcome.INCONCLUSIVE


def test_a_bin_across_the_budget_is_taken_either_way() -> None:
    bin_ = 600
    all_in_it = tuple(1_000 if at == bin_ else 0 for at in range(len(LATENCY_EDGES_US) - 1))
    within = float(LATENCY_EDGES_US[bin_ : bin_ + 2].mean()) / 1000
    found = only(look(Gate("slow", 0.05, over_ms=within), taking(all_in_it, all_in_it)))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert (found.lower, found.upper) == (0.0, 1.0)
    against = Gate("slow", 0.05, "champion", over_ms=within)
    found = only(look(against, taking(all_in_it, all_in_it)))
    assert found.lower < -0.9
    assert found.upper > 0.9


@pytest.mark.parametrize(
    ("milliseconds", "outcome"),
    [(20.0, Outcome.PASS), (60.0, Outcome.BLOCK)],
)
def test_slow_answers_count_against_a_budget(milliseconds: float, outcome: Outcome) -> None:
    seen = taking(latency(5_000, 20.0), latency(5_000, milliseconds))
    for weight in (0, SPLIT, ALL):
        assert only(look(Gate("slow", 0.05, over_ms=100.0), seen, weight)).outcome is outcome
    against = Gate("slow", 0.05, "champion", over_ms=100.0)
    assert only(look(against, seen, SPLIT)).outcome is outcome


def test_at_the_limit_neither_is_shown_more_often_than_allowed() -> None:
    """The challenger is exactly as slow as allowed; its champion's quantile is estimated too."""
    rng = np.random.default_rng(5)
    alpha, looks, runs = 0.2, (200, 500, 1_000, 2_000, 4_000), 40
    shown = {Outcome.BLOCK: 0, Outcome.PASS: 0}
    for _ in range(runs):
        champion, challenger = rng.exponential(10_000, (2, looks[-1]))
        outcomes = set()
        for n in looks:
            seen = taking(
                tuple(int(c) for c in counts(champion[:n], LATENCY_EDGES_US)),
                tuple(int(c) for c in counts(1.5 * challenger[:n], LATENCY_EDGES_US)),
            )
            rates = {"false_rollback": alpha, "false_promotion": alpha}
            outcomes.add(only(look(RATIO, seen, **rates)).outcome)
        for outcome in shown:
            shown[outcome] += outcome in outcomes
    assert max(shown.values()) <= 15  # of 40; at most 8 are expected, and 16 have probability 0.003
