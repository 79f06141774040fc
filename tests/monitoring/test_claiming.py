"""A training is claimed only where everything speaks for it, and given back where it failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.abandon_training.__main__ import main as abandon
from components.claim_training.__main__ import claimed
from phasegate.monitoring.policy import MonitoringPolicy, RetrainingRules
from phasegate.monitoring.retraining.claims import Claim
from phasegate.monitoring.retraining.decision import Action, RetrainingDecision, Shape
from phasegate.monitoring.retraining.entry import EventKind, TrainingOutcome
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.release.store import open_releases
from phasegate.release.transitions import started
from tests.release.samples import CHALLENGER, CHAMPION
from tests.release.samples import policy as release_policy

NOW = datetime(2025, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DECISION = RetrainingDecision(
    action=Action.RETRAIN,
    reasons=("Performance declines",),
    model_digest="a" * 64,
    profile_digest="b" * 64,
    since=NOW - DAY,
    until=NOW,
    now=NOW,
    shape=Shape("slope", None, 0.9, 0.7, {}),
    change=None,
    evidence={},
)


def claim(
    store: Path,
    decision: RetrainingDecision = DECISION,
    *,
    holder: str = "one",
    automatic: bool = True,
    now: datetime = NOW,
) -> Claim:
    return claimed(
        decision,
        MonitoringPolicy(retraining=RetrainingRules(automatic=automatic)),
        open_journal(str(store), "m"),
        open_releases(str(store)),
        holder=holder,
        now=now,
    )


def test_it_is_granted_once_and_again_to_who_holds_it(tmp_path: Path) -> None:
    assert claim(tmp_path).granted
    assert not claim(tmp_path, holder="another").granted
    assert claim(tmp_path) == replace(claim(tmp_path), granted=True, sequence=1)
    assert len(open_journal(str(tmp_path), "m").entries()) == 1


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.RETRAIN])
def test_only_a_decision_to_retrain_is_claimed(tmp_path: Path, action: Action) -> None:
    assert not claim(tmp_path, replace(DECISION, action=action)).granted


def test_nothing_is_claimed_where_a_person_has_to_train(tmp_path: Path) -> None:
    assert not claim(tmp_path, automatic=False).granted


def test_a_release_that_runs_comes_first(tmp_path: Path) -> None:
    entry = started(
        None, model="m", champion=CHAMPION, challenger=CHALLENGER, policy=release_policy(),
        now=NOW, actor="test", reason="a test of claims",
    )  # fmt: skip
    assert open_releases(str(tmp_path)).swap("m", None, entry)
    found = claim(tmp_path)
    assert not found.granted
    assert CHALLENGER.reference in found.reason
    assert open_journal(str(tmp_path), "m").entries() == []


@pytest.mark.parametrize(("holder", "run", "ended"), [
    ("one", "r", True), ("", "one", True), ("two", "one", False),
])  # fmt: skip
def test_a_run_gives_back_what_it_holds_and_nothing_else(
    tmp_path: Path, run_component, monkeypatch: pytest.MonkeyPatch,
    holder: str, run: str, ended: bool,
) -> None:  # fmt: skip
    store = tmp_path / "store"
    assert claim(store).granted
    monkeypatch.setenv("PHASEGATE_NOW", (NOW + DAY / 4).isoformat())
    found = run_component(
        abandon, inputs={},
        parameters={"name": "m", "store": str(store), "run": run, "holder": holder, "status": {}},
    )  # fmt: skip
    assert found.exit_code == 0
    ends = [
        entry.event.training.outcome
        for entry in open_journal(str(store), "m").entries()
        if entry.event.kind is EventKind.TRAINING_ENDED
    ]
    assert ends == [TrainingOutcome.FAILED] * ended
