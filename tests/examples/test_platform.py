"""The stand-in for the data platform, asked by the component that asks for rollbacks."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from examples.replay.platform import DataPlatform
from phasegate.monitoring.events import rollback_requested, send
from phasegate.monitoring.retraining.changes import journal_changes
from phasegate.monitoring.retraining.decision import Action, RetrainingDecision, Shape
from phasegate.monitoring.retraining.entry import EventKind
from phasegate.monitoring.retraining.journal import Journal, open_journal
from phasegate.monitoring.retraining.recording import (
    ask_rollback,
    open_rollbacks,
    record_decision,
)
from phasegate.store.named import open_named

BUG = datetime(2025, 4, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def asked(journal: Journal, now: datetime):
    """Monitoring asks for the change in the journal to be taken back."""
    (change,) = journal_changes(journal.entries())
    decision = RetrainingDecision(
        Action.ROLL_BACK, ("amounts are in cents",), "a" * 64, "b" * 64, now - DAY, now, now,
        Shape("step", None, 0.9, 0.1, {}), change, {},
    )  # fmt: skip
    return ask_rollback(journal, record_decision(journal, decision, "pipeline"), now, "pipeline")


def amounts(file: Path) -> list[float]:
    """In the order in which they are sent."""
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT amount FROM '{file}'").fetchall()
    return [amount for (amount,) in found]


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """Four payments of 10.50, twelve hours apart from the eve of the bug on."""
    path = tmp_path / "requests.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"COPY (SELECT 10.5 AS amount, n AS transaction_id, TIMESTAMPTZ '{BUG - DAY}' "
            f"+ n * INTERVAL '12 hours' AS event_time FROM range(4) t(n)) TO '{path}'"
        )
    return path


def test_a_bug_goes_live_is_announced_and_is_taken_back_when_asked(
    tmp_path: Path, requests: Path
) -> None:
    journal, now = open_journal(str(tmp_path / "store"), "m"), BUG - DAY
    said: list[str] = []
    with DataPlatform(journal, BUG, lambda: now, said.append) as platform:
        since, until, served = BUG - DAY, BUG + DAY, tmp_path / "served.parquet"
        platform.deploy_due(BUG)
        assert platform.serve(requests, since, until, served) == requests
        assert not journal.entries()

        platform.deploy_due(until)
        platform.deploy_due(until)
        assert amounts(platform.serve(requests, since, until, served)) == [10.5, 10.5, 1050, 1050]
        assert [change.at for change in journal_changes(journal.entries())] == [BUG]

        now = BUG + DAY / 4
        event = rollback_requested(asked(journal, now))
        for _ in range(2):
            send(event, open_named(str(tmp_path / "store")), "m", platform.sink, tmp_path)
        (change,) = journal_changes(journal.entries())
        assert (change.undone, change.undone_at) == (True, now)
        assert not open_rollbacks(journal.entries())
        assert amounts(platform.serve(requests, since, until, served)) == [10.5, 10.5, 1050, 10.5]
        kinds = [entry.event.kind for entry in journal.entries()]
        assert kinds.count(EventKind.CHANGE_UNDONE) == kinds.count(EventKind.ROLLBACK_DONE) == 1
    assert len(said) == 1
    assert not journal.verified().flaws


def test_other_events_are_only_told_and_no_event_is_refused(tmp_path: Path) -> None:
    journal = open_journal(str(tmp_path / "store"), "m")
    said: list[str] = []
    with DataPlatform(journal, None, lambda: BUG, said.append) as platform:
        event = {"id": "1", "type": "dev.phasegate.person.asked", "data": {"reason": "labels"}}
        request = urllib.request.Request(platform.sink, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 204
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(platform.sink, b"no event", timeout=5)
        platform.deploy_due(BUG + DAY)
    assert said == ["the data platform was told: labels"]
    assert not journal.entries()
