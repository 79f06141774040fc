"""The page of the six months."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree

from examples.replay.chart import SHAPES, six_months
from examples.replay.page import six_months_page, write_page
from examples.replay.record import Happening, History, Judged, What
from tests.examples.test_summary import START, WORTH, story, summed


def told() -> History:
    """A history with everything that can happen, and runs of monitoring."""
    history = story()
    history.happenings = [
        Happening(START + timedelta(days=3 * number), what, f"<b>{what}</b>")
        for number, what in enumerate(What)
    ]
    week, reasons = START + timedelta(days=7), ("a <script>", "and so")
    history.judged = [
        Judged(week, "NOTHING", ("nothing is wrong",), 0, 0, None, "schedule", 2.0),
        Judged(week, "ROLL_BACK", reasons, 3, 1, (0.9, 0.8, 0.95), "alert", 2.5),
    ]
    return history


def page(history: History) -> str:
    """Of a history."""
    return six_months_page(history, summed(history), WORTH, 0.8, "audit log: intact", ["read so"])


def test_the_page_says_what_happened_and_why_and_lets_nothing_in() -> None:
    content = page(told())
    assert "a &lt;script&gt; and so" in content
    assert "<script" not in content
    assert "&lt;b&gt;pipeline bug&lt;/b&gt;" in content
    for said in ("roll back", "by alert", "audit log: intact", "read so", "days below the floor"):
        assert said in content
    assert content == page(told())


def test_every_kind_of_event_has_a_shape_and_every_week_a_dot_in_both_worlds() -> None:
    history = told()
    svg = str(six_months(history, 0.8))
    assert set(SHAPES) == set(What)
    assert len(re.findall(r"<circle", svg)) == 2 * 8
    assert len(re.findall(r'class="mark ', svg)) == len(What)
    ElementTree.fromstring(f"<div>{svg}</div>")


def test_a_history_with_nothing_but_traffic_has_a_page() -> None:
    history = story(weeks=1)
    history.happenings = []
    assert "Nothing to show." in page(history)


def test_a_page_is_written_whole(tmp_path) -> None:
    path = write_page(tmp_path / "page.html", "<p>")
    assert path.read_text() == "<p>"
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
