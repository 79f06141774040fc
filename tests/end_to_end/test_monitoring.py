"""Monitoring through the compiled pipeline: nothing, roll back, retrain, once and after a crash.

The tests of this module share a workspace, and go on where the one before ended.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from phasegate.models.model import Model
from phasegate.monitoring.retraining.entry import Entry, EventKind, TrainingOutcome
from phasegate.monitoring.retraining.journal import open_journal
from tests.end_to_end.conftest import Phasegate, Said
from tests.end_to_end.monitored import PROJECT, day, events, serve, write_events
from tests.waiting import until

TRAINED, BUG, FIXED = 40, 54, 57  # days
LIMIT_SECONDS = 400


class Watched:
    """A model in production, one day after the other."""

    def __init__(self, phasegate: Phasegate) -> None:
        self.phasegate = phasegate
        self.project = phasegate.project("project.yaml", PROJECT.replace("FLOOR", "0.7"))
        self.store = phasegate.workspace / "store"
        for number in range(TRAINED):
            write_events(phasegate.folder, number, events(number))
        made = phasegate("run", self.project, "--json")
        assert made.code == 0, made.err
        step = next(one for one in made.json["steps"] if one["name"] == "train")
        self.model = Model.load(step["outputs"]["model"]["uri"])

    def serve(self, first: int, last: int, change=None, noise=None) -> None:
        """Days from `first` up to, and without, `last`."""
        for number in range(first, last):
            columns = events(number, noise(number) if noise else 0.0)
            write_events(self.phasegate.folder, number, columns)
            serve(self.store, self.model, number, columns, change)

    def arguments(self, now: int) -> tuple[str, ...]:
        return ("monitor", "run", self.project, "--now", day(now).isoformat(), "--json")

    def look(self, now: int) -> Said:
        return self.phasegate(*self.arguments(now))

    def entries(self) -> list[Entry]:
        return open_journal(str(self.store), "watched").entries()

    def kinds(self) -> list[EventKind]:
        return [entry.event.kind for entry in self.entries()]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, mlflow_server: str) -> Watched:
    return Watched(Phasegate(tmp_path_factory.mktemp("work"), mlflow_server))


def test_a_model_that_is_as_it_was_is_left_alone(watched: Watched) -> None:
    watched.serve(TRAINED, BUG)
    said = watched.look(BUG)
    assert said.code == 0, said.err
    summary = said.json
    assert (summary["action"], summary["alerts"]) == ("NOTHING", {"skew": 0, "drift": 0})
    assert (summary["since"], summary["until"]) == (
        day(TRAINED).isoformat(),
        day(BUG).isoformat(),
    )
    assert set(summary["reports"]) == {
        "decide-retraining", "detect-drift", "detect-skew", "measure-performance",
    }  # fmt: skip
    assert watched.kinds() == [EventKind.DECIDED]


def test_a_bug_that_was_announced_is_asked_to_be_taken_back(watched: Watched) -> None:
    at = day(BUG).isoformat()
    announced = watched.phasegate(
        "change", "announce", "--model", "watched", "--kind", "pipeline", "--what", "pipeline v14",
        "--at", at, "--now", at,
    )  # fmt: skip
    assert announced.code == 0, announced.err
    watched.serve(BUG, FIXED, lambda columns: {**columns, "amount": columns["amount"] * 100})
    said = watched.look(FIXED)
    assert said.code == 1, said.err
    assert (said.json["action"], said.json["rollback"]) == ("ROLL_BACK", "ASKED")
    assert said.json["change"]["what"] == "pipeline v14"
    asked = [e for e in watched.entries() if e.event.kind is EventKind.ROLLBACK_ASKED]
    (alert,) = (watched.store / "monitoring" / "watched" / "alerts").iterdir()
    event = json.loads(alert.read_bytes())
    assert event["type"] == "dev.phasegate.rollback.requested"
    assert event["data"]["entry"] == asked[0].sequence

    again = watched.look(FIXED)
    assert (again.code, again.json["rollback"]) == (1, "ASKED")
    assert len([e for e in watched.entries() if e.event.kind is EventKind.ROLLBACK_ASKED]) == 1

    number = next(
        e.sequence for e in watched.entries() if e.event.kind is EventKind.CHANGE_ANNOUNCED
    )
    undone = watched.phasegate(
        "change", "undone", str(number), "--model", "watched", "--reason", "back to pipeline v13",
        "--at", day(FIXED).isoformat(), "--now", day(FIXED).isoformat(),
    )  # fmt: skip
    assert undone.code == 0, undone.err
    assert watched.kinds()[-1] is EventKind.ROLLBACK_DONE


def test_a_decline_is_retrained_once_however_many_ask_and_whoever_is_killed(
    watched: Watched,
) -> None:
    end = FIXED + 16
    watched.serve(FIXED, end, noise=lambda number: min(0.95, 0.08 * (number - FIXED)))
    first = watched.phasegate.start(*watched.arguments(end))
    try:
        until(lambda: EventKind.TRAINING_CLAIMED in watched.kinds(), seconds=LIMIT_SECONDS)
        first.send_signal(signal.SIGSTOP)  # its training goes on, and does not end
        second = watched.look(end)
        assert second.code == 1, second.err
        assert second.json["action"] == "RETRAIN"
        assert second.json["training"]["claim"] == "DENIED"
        assert "a training runs" in second.json["training"]["reason"]
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    assert EventKind.TRAINING_ENDED not in watched.kinds()

    third = watched.look(end)
    assert third.code == 1, third.err
    assert third.json["training"]["claim"] == "GRANTED"
    assert third.json["training"]["registered"]["alias"] == "challenger"
    ended = [e for e in watched.entries() if e.event.kind is EventKind.TRAINING_ENDED]
    assert [e.event.training.outcome for e in ended] == [TrainingOutcome.REGISTERED]
    assert ended[0].event.training.version == "watched/2"
    assert watched.kinds().count(EventKind.TRAINING_CLAIMED) == 1

    fourth = watched.look(end)
    assert fourth.json["training"]["claim"] == "DENIED"


def test_what_happened_can_be_read(watched: Watched, tmp_path: Path) -> None:
    shown = watched.phasegate("monitor", "show", "--json")
    assert shown.code == 0, shown.err
    assert shown.json["model"] == "watched"
    assert "watched/2" in [moment["about"] for moment in shown.json["timeline"]]
    page = tmp_path / "page.html"
    written = watched.phasegate("monitor", "report", "--output", str(page))
    assert written.code == 0, written.err
    text = page.read_text()
    for title in ("Timeline", "Decision", "Performance", "Drift", "Skew"):
        assert f">{title}</h2>" in text
    assert text.count("<main>") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--until", "yesterday"), "is not a time"),
        (("--now", "2024-06-01"), "the prediction log has nothing of watched/1"),
        (("--until", "2025-03-10T00:30"), "a multiple of monitoring.drift.pane"),
        (("--sink", "nowhere"), "is no address"),
        (("--source", "rumours"), "log or summaries"),
    ],
)
def test_bad_input_is_said_in_one_line(
    watched: Watched, arguments: tuple[str, ...], said: str
) -> None:
    before = watched.kinds()
    found = watched.phasegate("monitor", "run", watched.project, *arguments)
    assert found.code == 2
    assert said in found.err + found.out
    assert "Traceback" not in found.err
    assert "none" not in found.out, "what was not looked at is not free of findings"
    assert watched.kinds() == before
