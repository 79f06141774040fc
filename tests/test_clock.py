"""Times that people write are times of UTC, or are refused in one line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.clock import VARIABLE, now, time_of
from phasegate.errors import BadInput


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 2), max_value=datetime(2200, 12, 30),
        timezones=st.timezones() | st.none(),
    )
)  # fmt: skip
def test_a_time_comes_back_in_utc(moment: datetime) -> None:
    wanted = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    found = time_of(moment.isoformat(), "--now")
    assert found.utcoffset() == UTC.utcoffset(None)
    assert found == datetime.fromisoformat(wanted.isoformat())


@given(st.text() | st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat))
def test_any_text_is_a_time_one_can_reckon_with_or_is_refused(text: str) -> None:
    try:
        found = time_of(text, "--until")
    except BadInput as error:
        assert "--until" in str(error)
    else:
        assert 1969 <= found.year <= 2201


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-10:00", "soon"])
def test_the_replayed_time_is_checked_too(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(BadInput, match=VARIABLE):
        now()
