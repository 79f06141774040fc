"""Labels that contradict each other, stop coming, or cannot be used are said, never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from phasegate.release.policy import Labels
from tests.monitoring.performance.world import expected, labels_of


def test_contradictory_and_missing_labels_are_counted_apart_and_said(world, look):
    lines = [
        line
        for number, line in enumerate(world.all_labels())
        if not 300 <= number < 700  # lost
    ]
    lines += [f"r{number},{1 - world.labels[number]}" for number in range(100)]
    found, page = look(labels_of(world.write_labels(lines)))
    assert sum(one.contradictory for one in found.windows) == 100
    assert sum(one.unlabelled for one in found.windows) == 400
    for one in found.windows:
        parts = one.confusion.rows + one.pending + one.unlabelled + one.contradictory
        assert parts == one.rows
    missing, contradictory = found.problems
    assert missing.startswith("Labels are missing for 400 of ")
    assert contradictory.startswith("Labels contradict each other for 100 of ")
    assert contradictory in page.replace("&#x27;", "'")
    # Where many labels are missing, what is measured is no check of an estimate of all rows.
    assert [one.held for one in found.windows if one.unlabelled > 0.1 * one.rows] == [None, None]


@pytest.mark.parametrize("absent", ["unknown", "negative"])
def test_labels_of_other_ids_are_a_problem_and_no_measurement(world, look, absent):
    lines = [f"event-{number},{label}" for number, label in enumerate(world.labels)]
    found, page = look(labels_of(world.write_labels(lines), absent=absent))
    assert all(one.measured is None for one in found.windows)
    assert sum(one.unlabelled for one in found.windows) > 0
    (said, missing) = found.problems
    assert "none of them is one of the" in said
    assert "event-0" in said
    assert "r0" in said
    assert missing.startswith("Labels are missing")
    assert "What is wrong" in page


def test_labels_that_stop_coming_are_not_taken_for_good_news(world, look):
    lines = [f"r{n},1" for n in range(2400) if world.labels[n] and world.days[n] < 14]
    found, _ = look(labels_of(world.write_labels(lines), absent="negative"))
    first, second, third, fourth, _ = found.windows
    for one, days in ((first, 0), (second, 7)):
        hits, of = expected(world, "precision", days, days + 7)
        assert (one.measured.hits, one.measured.of) == (hits, of)
    assert third.measured is None
    assert third.unlabelled == third.rows
    assert fourth.measured is None
    assert any("not taken for negative" in said for said in found.problems)


@pytest.mark.parametrize(
    ("lines", "changes", "message"),
    [
        (["r1,1"], {"column": "fruad"}, "no column 'fruad'"),
        (["r1,1"], {"key": "request"}, "no column 'request'"),
        (["r1,maybe"], {}, "labels in 'fraud' like 'maybe'"),
        (["r1,1"], {"source": "/nowhere/labels.csv"}, "no labels are there"),
        (["r1,1"], {"source": ""}, "No labels are declared"),
        ([], {}, "name no request"),
    ],
)
@pytest.mark.parametrize("absent", ["unknown", "negative"])
def test_labels_that_cannot_be_used_are_said_and_estimates_stay(
    world, look, lines, changes, message, absent
):
    labels = labels_of(world.write_labels(lines), absent=absent)
    found, page = look(Labels(**{**_fields(labels), **changes}))
    assert message in found.problems[0]
    assert all(one.measured is None for one in found.windows)
    assert sum(one.estimated is not None for one in found.windows) == 4
    assert "What is wrong" in page


def _fields(labels: Labels) -> dict[str, Any]:
    return {name: getattr(labels, name) for name in labels.__slots__}
