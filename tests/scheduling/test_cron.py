"""Cron expressions, held to what the backend's own parser answered (``data/robfig.jsonl``)."""

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.scheduling.cron import BOUNDS, parse
from phasegate.scheduling.zones import difference, next_change, shifted

_ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "robfig.jsonl").read_text().splitlines()
]
# What the backend takes, and we do not: each is a trap, or says nothing that a cron cannot.
_REFUSED = {"0 0 3 * *", "0 3 * * *", "@every 1h30m", "0 0 12 ,, * *", "0 0 3, * * *"}
# The backend steps by whole hours, and loses its way where midnight is skipped or half an hour is.
_LOST = {"America/Sao_Paulo", "Australia/Lord_Howe"}


@pytest.mark.parametrize("row", [one for one in _ROWS if "error" in one], ids=lambda r: r["cron"])
def test_what_the_backend_refuses_is_refused(row: dict) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(row["cron"])


@pytest.mark.parametrize("text", sorted(_REFUSED))
def test_traps_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"five fields|none of|empty part"):
        parse(text)


def test_next_times_are_those_of_the_backend() -> None:
    checked = 0
    for row in _ROWS:
        if "error" in row or row["cron"] in _REFUSED or row["zone"] in _LOST:
            continue
        times = parse(row["cron"]).times(datetime.fromisoformat(row["from"]), ZoneInfo(row["zone"]))
        found = [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in islice(times, 5)]
        assert found == row["next"], row
        checked += 1
    assert checked > 120


def _field(bounds):
    numbers = st.integers(bounds.low, bounds.high)
    ranges = st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}")
    return st.one_of(
        st.just("*"), numbers.map(str), ranges,
        st.tuples(numbers, st.integers(1, 7)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
        st.lists(numbers, min_size=1, max_size=3).map(lambda many: ",".join(map(str, many))),
    )  # fmt: skip


_CRONS = st.tuples(st.just("0"), *[_field(bounds) for bounds in BOUNDS[1:]]).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(_CRONS, st.sampled_from([-720, -330, -60, 60, 120, 345, 600]), st.integers(0, 3 * 365))
def test_a_shifted_expression_means_the_same_moments(text: str, minutes: int, days: int) -> None:
    cron = parse(text)
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC) + timedelta(days=days)
    utc = ZoneInfo("UTC")
    try:
        moved = shifted(cron, minutes)
    except ValueError:
        return
    by = timedelta(minutes=minutes)
    there = [one - by for one in islice(moved.times(start + by, utc), 4)]
    assert there == list(islice(cron.times(start, utc), len(there)))


@pytest.mark.parametrize(
    ("text", "minutes", "moved"),
    [
        ("0 0 3 * * *", -60, "0 0 2 * * *"),
        ("0 30 0 * * MON-FRI", -120, "0 30 22 * * 0-4"),
        ("0 0 * * * *", 330, "0 30 * * * *"),
        ("0 0 9 1 * *", -60, "0 0 8 1 * *"),
        ("0 0,30 3 * * *", 60, "0 0,30 4 * * *"),
    ],
)
def test_shifted(text: str, minutes: int, moved: str) -> None:
    assert shifted(parse(text), minutes).text == moved


@pytest.mark.parametrize("text", ["0 0 0 1 * *", "0 0 0,12 * * MON", "0 0,45 3 * * *"])
def test_what_cannot_be_shifted_says_why(text: str) -> None:
    with pytest.raises(ValueError, match=r"would (be|differ)"):
        shifted(parse(text), -30)


def test_summer_time_changes_the_difference() -> None:
    paris, utc = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
    moment = datetime(2026, 11, 29, 15, tzinfo=UTC)
    assert difference(paris, utc, moment) == -60
    assert next_change(paris, utc, moment) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert next_change(ZoneInfo("Asia/Kolkata"), utc, moment) is None
