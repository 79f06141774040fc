"""Changes: what a user may write, and what it means on each day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.simulation.changes import (
    BUG_KINDS,
    CORRUPTIBLE,
    Bug,
    Concept,
    Drift,
    new_ways_share,
    parse_change,
    spending_factor,
)

DATES = st.dates(date(2000, 1, 1), date(2100, 1, 1))
CHANGES = st.one_of(
    st.builds(Drift, DATES, st.integers(0, 400), st.sampled_from([0.5, 1.25, 1.8, 3.0])),
    st.builds(Concept, DATES, st.integers(0, 400), st.sampled_from([0.5, 1.0])),
    st.builds(
        Bug, DATES, st.just("null"), st.integers(0, 90), st.sampled_from(CORRUPTIBLE),
        st.sampled_from([0.25, 1.0]),
    ),
    st.builds(
        Bug, DATES, st.sampled_from([kind for kind in BUG_KINDS if kind != "null"]),
        st.integers(0, 90),
    ),
)  # fmt: skip


@given(CHANGES)
def test_a_change_reads_back_from_its_own_text(change):
    assert parse_change(str(change)) == change


def test_the_documented_examples_are_read():
    assert parse_change("drift@2026-03-01:days=60,factor=1.8") == Drift(date(2026, 3, 1), 60, 1.8)
    assert parse_change("bug@2026-04-10:kind=cents,days=5") == Bug(date(2026, 4, 10), "cents", 5)
    assert parse_change("concept@2026-05-01") == Concept(date(2026, 5, 1))


@pytest.mark.parametrize(
    ("text", "taught"),
    [
        ("slump@2026-03-01", "drift@DATE, bug@DATE or concept@DATE"),
        ("drift", "drift@2026-03-01:days=60,factor=1.8"),
        ("drift@tomorrow", "a date such as 2026-03-01"),
        ("drift@2026-02-30", "'2026-02-30' is not a date"),
        ("drift@2026-03-01:speed=2", "days or factor"),
        ("drift@2026-03-01:days=1,days=2", "given twice"),
        ("drift@2026-03-01:factor=-1", "a number above 0"),
        ("drift@2026-03-01:factor=nan", "a number above 0"),
        ("bug@2026-03-01:kind=dollars", "cents or null or case"),
        ("bug@2026-03-01:kind=null,column=label", "distance_km"),
        ("concept@2026-03-01:days=soon", "a whole number of days"),
    ],
)
def test_a_wrong_change_is_refused_with_what_would_be_right(text, taught):
    with pytest.raises(BadInput, match=r"expected|given twice") as caught:
        parse_change(text)
    assert taught in str(caught.value)
    assert text in str(caught.value)


def test_spending_rises_linearly_and_stays():
    at = date(2026, 3, 1)
    drift = (Drift(at, days=10, factor=2.0),)
    factors = [spending_factor(drift, at + timedelta(days=offset)) for offset in range(-1, 12)]
    assert factors == pytest.approx([1.0, *(1 + n / 10 for n in range(1, 11)), 2.0, 2.0])


def test_a_sudden_concept_change_is_complete_on_its_first_day():
    concept = (Concept(date(2026, 3, 1)),)
    assert new_ways_share(concept, date(2026, 2, 28)) == 0
    assert new_ways_share(concept, date(2026, 3, 1)) == 1


def test_a_concept_change_may_take_hold_of_a_share_of_the_fraud_only():
    concept = (parse_change("concept@2026-03-01:days=10,share=0.6"),)
    assert new_ways_share(concept, date(2026, 3, 5)) == pytest.approx(0.3)
    assert new_ways_share(concept, date(2026, 6, 1)) == pytest.approx(0.6)


def test_a_bug_ends_after_its_days_and_without_days_never():
    at = date(2026, 3, 1)
    mended, lasting = Bug(at, days=2), Bug(at)
    strikes = [
        (mended.strikes(at + timedelta(days=n)), lasting.strikes(at + timedelta(days=n)))
        for n in (-1, 0, 1, 2)
    ]
    assert strikes == [(False, False), (True, True), (True, True), (False, True)]
