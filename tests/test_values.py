"""Records as JSON and back, also those that were written before a field existed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.release.entry import Entry
from phasegate.values import from_json, to_json
from tests.release import samples
from tests.release.samples import DAY, START


@dataclass(frozen=True)
class Before:
    name: str
    at: datetime


@dataclass(frozen=True)
class After:
    name: str
    at: datetime
    wait: timedelta = timedelta(0)
    share: float = 1.0
    parts: tuple[int, ...] = field(default_factory=tuple)


MOMENT = datetime(2025, 1, 1, 12, tzinfo=UTC)


def test_what_was_written_before_a_field_existed_reads_and_hashes_as_ever() -> None:
    old = to_json(Before("a", MOMENT))
    new = from_json(After, old, "old")
    assert new == After("a", MOMENT)
    assert canonical_json(to_json(new)) == canonical_json(old)


def test_what_differs_from_its_default_is_written() -> None:
    changed = After("a", MOMENT, timedelta(days=1), 0.5, (1, 2))
    assert set(to_json(changed)) == {"name", "at", "wait", "share", "parts"}
    assert from_json(After, to_json(changed), "new") == changed


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a"},
        {"name": 1, "at": MOMENT.isoformat()},
        {"name": "a", "at": "2025-01-01T12:00:00"},
        {"name": "a", "at": MOMENT.isoformat(), "other": 1},
        {"name": "a", "at": MOMENT.isoformat(), "parts": ["x"]},
        {"name": "a", "at": MOMENT.isoformat(), "share": True},
        [],
    ],
)
def test_anything_else_is_told_with_its_place(wrong: object) -> None:
    with pytest.raises(BadInput, match="the file"):
        from_json(After, wrong, "the file")


def test_every_value_of_a_release_reads_back_as_it_was() -> None:
    entry = samples.running(1)
    evidence = samples.evidence(entry.record, START + DAY)
    assert Entry.from_json(entry.to_json()) == entry
    assert type(evidence).from_json(evidence.to_json()) == evidence
    assert type(entry.record.policy).from_json(entry.record.policy.to_json()) == samples.policy()
