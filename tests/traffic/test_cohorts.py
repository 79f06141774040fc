"""Cohorts: every pattern matches its interval and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.traffic.cohorts import COHORTS, Interval, cohort_of

starts = st.integers(0, COHORTS - 1)
lengths = st.integers(1, COHORTS)
ALL = [f"{number:04}" for number in range(COHORTS)]


def matched(interval: Interval) -> set[int]:
    pattern = re.compile(interval.pattern)
    return {number for number, text in enumerate(ALL) if pattern.search(text)}


@given(starts, lengths)
def test_a_pattern_matches_exactly_its_interval(start: int, length: int) -> None:
    interval = Interval(start, length)
    expected = {(start + step) % COHORTS for step in range(length)}
    assert matched(interval) == expected
    assert {number for number in range(COHORTS) if number in interval} == expected


@pytest.mark.parametrize("start", [0, 1, 9, 10, 99, 4999, 9000, 9990, 9999])
@pytest.mark.parametrize("length", [1, 2, 10, 100, 999, 1000, 1001, 5000, 9999, 10_000])
def test_patterns_at_the_edges_are_exact(start: int, length: int) -> None:
    interval = Interval(start, length)
    assert matched(interval) == {(start + step) % COHORTS for step in range(length)}


@given(starts, lengths)
def test_a_pattern_is_short_and_means_the_same_to_every_engine(start: int, length: int) -> None:
    """No look-around, no back-reference, no class but digits: RE2 has all that is left."""
    pattern = Interval(start, length).pattern
    assert len(pattern) <= 256
    alternative = r"([0-9]|\[[0-9]-[0-9]\]|\{[23]\}|\{4\})+"
    assert re.fullmatch(rf"\^\({alternative}(\|{alternative})*\)\$", pattern)


@given(
    starts,
    lengths,
    st.sampled_from(["12345", "123", "", "12a4", "\uff11\uff12\uff13\uff14", "1234\n5"]),
)
def test_what_is_no_cohort_is_matched_by_none(start: int, length: int, text: str) -> None:
    assert not re.fullmatch(Interval(start, length).pattern, text)


@given(st.text(max_size=20), st.integers(0, COHORTS), st.integers(0, COHORTS))
def test_who_has_met_the_challenger_still_does_when_the_weight_grows(
    salt: str, one: int, other: int
) -> None:
    small, large = Interval.of(salt, min(one, other)), Interval.of(salt, max(one, other))
    assert {n for n in range(COHORTS) if n in small} <= {n for n in range(COHORTS) if n in large}


def test_another_salt_lets_others_be_first() -> None:
    first = {Interval.of(f"model-{number}", 500).start for number in range(100)}
    assert len(first) > 90


def test_a_cohort_is_what_clients_in_other_languages_compute() -> None:
    """sha256 of the UTF-8 text, its first 8 bytes as a number, modulo 10,000, in four digits."""
    assert (cohort_of("customer-7"), cohort_of("é"), cohort_of("")) == ("5368", "2051", "1652")


def test_entities_are_spread_evenly() -> None:
    counts = [0] * 10
    for number in range(20_000):
        counts[int(cohort_of(f"customer-{number}")) // 1000] += 1
    # Five standard deviations of a count: such a test fails by chance once in millions.
    assert all(abs(count - 2000) < 5 * 42.5 for count in counts)


def test_an_empty_interval_has_no_pattern() -> None:
    with pytest.raises(ValueError, match="empty"):
        _ = Interval(3, 0).pattern
    with pytest.raises(ValueError, match="no interval"):
        Interval(COHORTS, 1)
