"""What a request says about itself, and what it may not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.serving.envelope import Envelope, read_envelope
from phasegate.serving.recent import ConflictingId, RecentIds
from phasegate.serving.rows import Batch

NOW = 1_750_000_000_000_000


def read(headers: dict[str, str], body_id: object = None) -> Envelope:
    return read_envelope(headers, body_id, "champion", lambda: NOW)


def test_the_proxys_id_goes_before_the_one_in_the_body() -> None:
    headers = {"x-request-id": "proxy", "ce-id": "event"}
    assert read(headers, "body").request_id == "proxy"
    assert read({"ce-id": "event"}, "body").request_id == "event"
    assert read({}, "body").request_id == "body"


def test_a_request_without_an_id_gets_one_of_its_own() -> None:
    first, second = read({}), read({}, "")
    assert first.request_id != second.request_id


@pytest.mark.parametrize("bad", ["a b", "a\r\nx-evil: 1", "a" * 129, "é", "<script>", "a\0b"])
@pytest.mark.parametrize("where", ["x-request-id", "ce-id", "id"])
def test_an_id_that_could_carry_something_else_is_refused(bad: str, where: str) -> None:
    with pytest.raises(BadInput, match=f"^{where}: .*is not an id"):
        read({} if where == "id" else {where: bad}, bad if where == "id" else None)


@pytest.mark.parametrize("bad", [7, ["a"], {"a": 1}, True])
def test_an_id_is_text(bad: object) -> None:
    with pytest.raises(BadInput, match="is not an id"):
        read({}, bad)


def test_event_time_is_the_clock_unless_it_is_told() -> None:
    assert read({}).event_time == NOW
    assert read({"x-event-time": "1700000000000001"}).event_time == 1_700_000_000_000_001


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.timezones()))
def test_event_time_is_read_in_any_zone(moment: datetime) -> None:
    found = read({"x-event-time": moment.isoformat()}).event_time
    # Through text, because a zone's skipped hour is not equal to itself.
    told = datetime.fromisoformat(moment.isoformat())
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found) == told


@pytest.mark.parametrize(
    "bad", ["", "now", "2026-01-01T00:00:00", "-5", "9" * 30, "1969-12-31T00:00:00Z", "²"]
)
def test_a_time_that_is_none_or_has_no_zone_is_refused(bad: str) -> None:
    with pytest.raises(BadInput, match=r"x-event-time: .*is not a time"):
        read({"x-event-time": bad})


def test_role_and_entity_come_from_their_headers() -> None:
    found = read({"x-phasegate-role": "shadow", "x-entity-id": "customer 7"})
    assert (found.role, found.entity) == ("shadow", "customer 7")
    assert (read({}).role, read({"x-entity-id": ""}).entity) == ("champion", None)


@pytest.mark.parametrize(
    "headers", [{"x-phasegate-role": "admin"}, {"x-entity-id": "a\nb"}, {"x-entity-id": "a" * 257}]
)
def test_other_roles_and_unprintable_entities_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadInput, match=next(iter(headers))):
        read(headers)


def batch(value: float) -> Batch:
    return Batch(np.array([[value]]), [], 1)


def named(request_id: str, role: str = "champion") -> Envelope:
    return read({"x-request-id": request_id, "x-phasegate-role": role})


def test_the_same_request_again_is_a_repeat_and_another_one_a_conflict() -> None:
    recent = RecentIds()
    assert not recent.is_repeat(named("a"), batch(1))
    recent.add(named("a"), batch(1))
    assert recent.is_repeat(named("a"), batch(1))
    assert not recent.is_repeat(named("a", "shadow"), batch(2))
    with pytest.raises(ConflictingId, match="'a' was the id of another request"):
        recent.is_repeat(named("a"), batch(2))


def test_the_oldest_id_is_forgotten_first() -> None:
    recent = RecentIds(capacity=2)
    for name in "abc":
        recent.add(named(name), batch(1))
    assert [recent.is_repeat(named(name), batch(1)) for name in "abc"] == [False, True, True]


def test_only_an_id_that_was_given_can_come_again() -> None:
    assert named("a").is_named
    assert not read({}).is_named


@pytest.mark.parametrize(
    ("host", "role"),
    [
        ("fraud.example.org-shadow", "shadow"),
        ("fraud.example.org-shadow:8080", "shadow"),
        ("fraud.example.org", "champion"),
        ("fraud-shadow.example.org", "champion"),
        ("fraud:1-shadow", "champion"),
    ],
)
def test_a_copy_is_known_by_its_host_name_whatever_role_its_headers_say(
    host: str, role: str
) -> None:
    assert read({"host": host, "x-phasegate-role": "champion"}).role == role
    with pytest.raises(BadInput, match="is not a role"):
        read({"host": host, "x-phasegate-role": "admin"})
