"""The component, as Kubeflow Pipelines calls it, with artifacts on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from components.decide_retraining.__main__ import main
from phasegate.contracts import DriftReport, ObservedWindow, PerformanceReport, SkewFindings
from phasegate.digests import canonical_json
from phasegate.errors import ExitCode
from phasegate.monitoring.drift.judgement import Channel
from phasegate.monitoring.drift.report import DriftFindings
from phasegate.monitoring.observed import Observed
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.decision import Action, Change, RetrainingDecision
from phasegate.monitoring.retraining.entry import EventKind
from phasegate.monitoring.retraining.journal import open_journal
from tests.monitoring.retraining.samples import (
    DAY,
    MODEL,
    PROFILE,
    WEEK,
    alarm,
    at,
    days,
    performance,
    pipeline,
    skewed,
    window,
)

NOW = at(12)
WINDOWS = [window(week, 0.93) for week in range(12)]


def _inputs(folder: Path, *, broken: bool, changes: Sequence[Change]) -> dict[str, object]:
    since = NOW - 2 * DAY
    known = performance(WINDOWS)
    drift = days(NOW, alarm(Channel.MISSING), since=since) if broken else days(NOW)
    observed = Observed(
        "fraud", "fraud/3", MODEL, PROFILE, NOW - WEEK, NOW, NOW - timedelta(days=120), NOW,
        (), tuple(changes),
    )  # fmt: skip
    files = {
        "window/window.json": observed.to_json(),
        "performance/performance.json": known.to_json(),
        "drift/drift.json": DriftFindings(tuple(drift)).to_json(),
        "skew/skew.json": skewed(None, NOW).to_json(),
    }
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(canonical_json(value))
    made = {
        "window": ObservedWindow(
            model_digest=MODEL, profile_digest=PROFILE, since=observed.since.isoformat(),
            until=NOW.isoformat(), files=0),
        "performance": PerformanceReport(
            model_digest=MODEL, metric="precision", windows=12, below=0),
        "drift": DriftReport(
            model_digest=MODEL, profile_digest=PROFILE, windows=7, alerts=2 * broken),
        "skew": SkewFindings(model_digest=MODEL, rows=9_000, alerts=0),
    }  # fmt: skip
    return {name: one.stored_at(folder / name, "test") for name, one in made.items()}


def _run(run_component, folder: Path, **changed: object):
    inputs = _inputs(folder, **{"broken": False, "changes": (), **changed})
    return run_component(
        main,
        inputs=inputs,
        parameters={
            "policy": json.dumps(MonitoringPolicy().to_json()),
            "store": str(folder / "store"),
        },
        outputs=("advice", "report"),
        results=("action",),
    )


def test_a_decision_is_written_reported_and_recorded_once(run_component, tmp_path: Path) -> None:
    change = pipeline(NOW - 2 * DAY, what="<b>v14</b>")
    for _ in range(2):
        run = _run(run_component, tmp_path, broken=True, changes=[change])
        assert run.exit_code == ExitCode.PASSED
    assert run.values["action"] == "ROLL_BACK"
    assert run.metadata["advice"]["action"] == "ROLL_BACK"
    path = run.folders["advice"] / "decision.json"
    decision = RetrainingDecision.from_json(json.loads(path.read_bytes()))
    assert (decision.action, decision.change) == (Action.ROLL_BACK, change)
    page = run.folders["report"].read_text()
    assert decision.action in page
    assert "<b>v14" not in page
    assert "NaN" not in page
    (entry,) = open_journal(str(tmp_path / "store"), "fraud").entries()
    assert entry.event.decision.digest == decision.digest


def test_a_question_is_recorded_for_a_person(run_component, tmp_path: Path) -> None:
    run = _run(run_component, tmp_path, broken=True)
    assert run.values["action"] == "ASK"
    kinds = [one.event.kind for one in open_journal(str(tmp_path / "store"), "fraud").entries()]
    assert kinds == [EventKind.DECIDED, EventKind.PERSON_ASKED]


def test_nothing_to_do_is_recorded_too(run_component, tmp_path: Path) -> None:
    run = _run(run_component, tmp_path)
    assert run.values["action"] == "NOTHING"
    assert "Nothing is done" in run.folders["report"].read_text()
    assert len(open_journal(str(tmp_path / "store"), "fraud").entries()) == 1
