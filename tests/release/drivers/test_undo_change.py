"""`undo_change` takes back a promotion that monitoring blames, once, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from components.undo_change.__main__ import main
from phasegate.contracts import RetrainingAdvice
from phasegate.digests import canonical_json
from phasegate.errors import ExitCode
from phasegate.monitoring.policy import MonitoringPolicy, RetrainingRules
from phasegate.monitoring.retraining.changes import release_changes
from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision, Shape
from phasegate.monitoring.retraining.entry import EventKind
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.monitoring.retraining.recording import record_decision
from phasegate.release.drivers.step import step
from phasegate.release.record import Status
from tests.conftest import ComponentRun
from tests.release.drivers.conftest import Place
from tests.release.samples import START

DAY = timedelta(days=1)
Run = Callable[..., ComponentRun]


def promoted(place: Place) -> tuple[Change, datetime]:
    """The change that a promotion is, and when it was over."""
    world, now = place.world, START
    while not step(world, now).entry.record.is_over:
        now += 8 * DAY
    entry = world.releases.head(place.setting.model)
    assert entry.record.status is Status.PROMOTED
    (change,) = release_changes(world.releases.entries(place.setting.model))
    return change, now


def decision(change: Change | None, now: datetime, action: Action = Action.ROLL_BACK):
    return RetrainingDecision(
        action=action,
        reasons=("Precision stepped down where the release ended",),
        model_digest="a" * 64,
        profile_digest="b" * 64,
        since=now - DAY,
        until=now,
        now=now,
        shape=Shape("step", now - DAY, 0.9, 0.6, {}),
        change=change,
        evidence={},
    )


@pytest.fixture
def run(place: Place, run_component: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the component on a decision, which the journal has unless it is told not to."""

    def run(made: RetrainingDecision, *, recorded: bool = True, automatic: bool = True):
        setting = place.setting
        if recorded:
            record_decision(open_journal(setting.store, setting.model), made, "test")
        folder = tmp_path / "advice"
        folder.mkdir(exist_ok=True)
        (folder / "decision.json").write_bytes(canonical_json(made.to_json()))
        advice = RetrainingAdvice(model_digest=made.model_digest, action=str(made.action))
        policy = MonitoringPolicy(retraining=RetrainingRules(automatic=automatic))
        monkeypatch.setenv("PHASEGATE_NOW", made.now.isoformat())
        return run_component(
            main,
            inputs={"advice": advice.stored_at(folder, "test")},
            parameters={
                "name": setting.model,
                "policy": canonical_json(policy.to_json()).decode(),
                "store": setting.store,
                "log": setting.store,
                "target": f"envoy:{setting.proxy}",
                "flags": setting.flags,
                "slots": json.dumps({k: address for k, (address, _) in setting.backends.items()}),
                "sink": "",
            },
            results=("outcome",),
        )

    return run


def kinds(place: Place) -> list[EventKind]:
    entries = open_journal(place.setting.store, place.setting.model).entries()
    return [entry.event.kind for entry in entries]


def test_a_promotion_is_taken_back_once(place: Place, run: Run) -> None:
    change, now = promoted(place)
    old, new = (version.version for version in place.versions)
    assert place.aliases["champion"] == new
    for _ in range(2):
        found = run(decision(change, now + DAY))
        assert (found.exit_code, found.values["outcome"]) == (0, "DONE")
    assert place.aliases["champion"] == old
    assert place.world.target.observe().challenger is None
    entry = place.world.releases.head(place.setting.model)
    assert entry.record.status is Status.ROLLED_BACK
    assert "Precision stepped down" in entry.record.reason
    assert kinds(place)[:3] == [
        EventKind.DECIDED,
        EventKind.ROLLBACK_ASKED,
        EventKind.ROLLBACK_DONE,
    ]
    (undone,) = release_changes(place.world.releases.entries(place.setting.model))
    assert undone.undone


@pytest.mark.parametrize("case", ["not automatic", "another action", "no change"])
def test_nothing_is_taken_back_that_was_not_decided(place: Place, run: Run, case: str) -> None:
    change, now = promoted(place)
    before = place.aliases
    made = {
        "not automatic": decision(change, now),
        "another action": decision(change, now, Action.RETRAIN),
        "no change": decision(None, now),
    }[case]
    found = run(made, automatic=case != "not automatic")
    assert (found.exit_code, found.values["outcome"]) == (0, "DENIED")
    assert place.aliases == before


def test_a_decision_that_nobody_recorded_is_refused(place: Place, run: Run) -> None:
    change, now = promoted(place)
    before = place.aliases
    assert run(decision(change, now), recorded=False).exit_code == ExitCode.BAD_INPUT
    assert place.aliases == before


def test_an_older_release_cannot_be_taken_back_any_more(place: Place, run: Run) -> None:
    change, now = promoted(place)
    before = place.aliases
    other = replace(change, release="another-1")
    assert run(decision(other, now)).exit_code == ExitCode.BAD_INPUT
    assert place.aliases == before
    assert kinds(place) == [EventKind.DECIDED, EventKind.ROLLBACK_ASKED]
