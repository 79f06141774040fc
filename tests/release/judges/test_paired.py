"""Coverage, disagreement and distances of scores, on pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.contracts.verdict import Outcome
from phasegate.release.evidence import Evidence, Proportion
from phasegate.release.judges.paired import MOST_SLICES
from phasegate.release.policy import Gate
from phasegate.statistics.clusters import Clusters
from tests.release import samples
from tests.release.judges.looks import evidence, look, only

COVERAGE = Gate("coverage", 0.99)
BY_COUNTRY = Gate("disagreement", 0.05, by="country")


def covered(answered: int, **others: int) -> Evidence:
    requests = answered + sum(others.values())
    counts = {"failed": 0, "absent": 0, "conflicting": 0} | others
    return evidence(pairs=replace(samples.pairs(), requests=requests, answered=answered, **counts))


def sliced(**slices: tuple[int, int]) -> Evidence:
    seen = {value: Proportion(*counts) for value, counts in slices.items()}
    return evidence(pairs=replace(samples.pairs(), slices={"country": seen}))


def test_coverage_passes_at_its_limit() -> None:
    assert only(look(COVERAGE, covered(990, absent=10))).outcome is Outcome.PASS


@pytest.mark.parametrize("why", ["absent", "failed", "conflicting"])
def test_what_is_not_covered_holds_and_never_blocks(why: str) -> None:
    found = only(look(COVERAGE, covered(0, **{why: 1_000})))
    assert found.outcome is Outcome.INCONCLUSIVE
    short = only(look(COVERAGE, covered(989, **{why: 11})))
    assert short.outcome is Outcome.INCONCLUSIVE
    assert "11" in short.reason


def test_more_answers_than_requests_are_no_coverage() -> None:
    odd = replace(samples.pairs(), requests=10, answered=20)
    assert only(look(COVERAGE, evidence(pairs=odd))).outcome is Outcome.INCONCLUSIVE


def by_entity(differing: np.ndarray, each: int = 20) -> Evidence:
    """Entities with as many rows each, of which the models differ over some."""
    sums = Clusters.of(np.full(len(differing), each), differing)
    seen = Proportion(int(differing.sum()), each * len(differing))
    pairs = replace(samples.pairs(), rows=seen.of, disagreements=seen, differing=sums)
    return evidence(pairs=pairs)


def test_a_few_entities_that_differ_always_are_no_share_of_all() -> None:
    """Sixty rows of three entities say less than sixty rows of sixty."""
    gate = Gate("disagreement", 0.02)
    spread, heaped = np.zeros(1_000), np.zeros(1_000)
    spread[:660], heaped[:33] = 1, 20
    assert only(look(gate, by_entity(spread))).outcome is Outcome.BLOCK
    found = only(look(gate, by_entity(heaped)))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.estimate == pytest.approx(0.033)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=400), st.floats(0.001, 0.5))
def test_sums_by_entity_only_ever_widen_the_bounds(differing: list[int], limit: float) -> None:
    seen = by_entity(np.array(differing, dtype=float))
    alone = replace(seen, pairs=replace(seen.pairs, differing=None))
    with_them, without = (only(look(Gate("disagreement", limit), one)) for one in (seen, alone))
    assert with_them.lower <= without.lower
    assert with_them.upper >= without.upper
    assert with_them.outcome in (without.outcome, Outcome.INCONCLUSIVE)


def test_one_broken_slice_blocks_and_is_named() -> None:
    found = only(look(BY_COUNTRY, sliced(NL=(10, 20_000), BE=(300, 1_000))))
    assert found.outcome is Outcome.BLOCK
    assert "BE" in found.reason


def test_all_slices_must_pass() -> None:
    fine = sliced(NL=(10, 20_000), BE=(1, 1_000))
    assert only(look(BY_COUNTRY, fine)).outcome is Outcome.PASS
    doubtful = only(look(BY_COUNTRY, sliced(NL=(10, 20_000), BE=(50, 1_000))))
    assert doubtful.outcome is Outcome.INCONCLUSIVE
    assert "BE" in doubtful.reason


def test_a_slice_too_small_to_judge_does_not_stand_in_the_way() -> None:
    assert only(look(BY_COUNTRY, sliced(NL=(10, 20_000), BE=(0, 3)))).outcome is Outcome.PASS


def test_a_small_slice_that_is_broken_still_blocks() -> None:
    found = only(look(BY_COUNTRY, sliced(NL=(10, 20_000), BE=(40, 40))))
    assert found.outcome is Outcome.BLOCK


def test_slices_that_are_all_small_say_nothing() -> None:
    many = {f"c{n}": (0, 10) for n in range(40)}
    assert only(look(BY_COUNTRY, sliced(**many))).outcome is Outcome.INCONCLUSIVE


def test_too_many_slices_decide_nothing_however_bad() -> None:
    most = {f"c{n}": (500, 500) for n in range(MOST_SLICES)}
    assert only(look(BY_COUNTRY, sliced(**most))).outcome is Outcome.BLOCK
    more = most | {"another": (500, 500)}
    assert only(look(BY_COUNTRY, sliced(**more))).outcome is Outcome.INCONCLUSIVE


def test_a_slice_needs_more_than_the_whole_does() -> None:
    """The budget of a gate by a column is split over the most slices that it may have."""
    seen = evidence(
        pairs=replace(
            samples.pairs(),
            disagreements=Proportion(100, 1_000),
            slices={"country": {"NL": Proportion(100, 1_000)}},
        )
    )
    whole, sliced_ = (only(look(gate, seen)) for gate in (Gate("disagreement", 0.05), BY_COUNTRY))
    assert sliced_.lower < whole.lower


@pytest.mark.parametrize("metric", ["psi", "ks"])
def test_distances_of_scores_speak_from_the_minimum_on(metric: str) -> None:
    same = samples.pairs()
    bins = len(same.challenger_scores)
    other = tuple(20_000 if bin_ == bins // 2 else 0 for bin_ in range(bins))
    moved = replace(same, challenger_scores=other)
    gate = Gate(metric, 0.2, weight=0.0)
    assert only(look(gate, evidence(pairs=same))).outcome is Outcome.PASS
    assert only(look(gate, evidence(pairs=moved))).outcome is Outcome.BLOCK
    for pairs in (same, moved):
        early = evidence(pairs=replace(pairs, answered=999))
        assert only(look(gate, early)).outcome is Outcome.INCONCLUSIVE
