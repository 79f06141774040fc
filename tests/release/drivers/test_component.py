"""`release_step`: the same steps, from a pipeline's parameters."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from components.release_step.__main__ import main
from phasegate.digests import canonical_json
from phasegate.errors import ExitCode
from phasegate.local.environments import ROOT
from phasegate.local.record import StepRecord
from phasegate.local.run import run_pipeline
from phasegate.local.workspace import Workspace
from phasegate.release.kill_switch import pull
from phasegate.release.record import Status
from tests.conftest import ComponentRun
from tests.release import samples
from tests.release.drivers.conftest import Place
from tests.release.samples import START


def parameters(place: Place, log: Path) -> dict[str, str]:
    """Of the component, and of the pipeline."""
    setting = place.setting
    slots = {slot: address for slot, (address, _) in setting.backends.items()}
    return {
        "name": setting.model,
        "policy": canonical_json(samples.policy().to_json()).decode(),
        "store": setting.store,
        "log": str(log),
        "target": f"envoy:{setting.proxy}",
        "flags": setting.flags,
        "slots": json.dumps(slots),
    }


@pytest.fixture
def run(
    place: Place,
    run_component: Callable[..., ComponentRun],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., ComponentRun]:
    """Runs the component at a time, with any parameter changed."""

    def run(hours: float, **changes: str) -> ComponentRun:
        monkeypatch.setenv("PHASEGATE_NOW", (START + timedelta(hours=hours)).isoformat())
        return run_component(
            main, inputs={}, parameters=parameters(place, tmp_path / "log") | changes,
            outputs=("verdict", "metrics"), results=("action",),
        )  # fmt: skip

    return run


def test_it_starts_holds_and_rolls_back(place: Place, run: Callable[..., ComponentRun]) -> None:
    challenger = place.versions[1].model_digest
    begun = run(0)
    assert begun.values == {"action": "start"}
    assert begun.metadata["metrics"]["phase"] == 1
    held = run(1)
    assert held.values == {"action": "hold"}
    assert held.metadata["verdict"]["outcome"] == "INCONCLUSIVE"
    assert held.metadata["verdict"]["subject_digest"] == challenger
    assert held.metadata["metrics"]["requests"] == 0
    pull(
        Path(place.setting.flags), place.setting.model,
        reason="declined cards", actor="ann", now=START,
    )  # fmt: skip
    ended = run(2)
    assert ended.values == {"action": "roll back"}
    assert ended.metadata["verdict"]["outcome"] == "BLOCK"
    record = place.world.releases.head(place.setting.model).record
    assert (record.status, record.settled) == (Status.ROLLED_BACK, True)
    assert run(3).values == {"action": "none"}


def test_a_changed_policy_holds_a_release(place: Place, run: Callable[..., ComponentRun]) -> None:
    run(0)
    other = canonical_json(samples.policy(false_rollback=0.2).to_json()).decode()
    held = run(1, policy=other)
    assert held.values == {"action": "hold"}
    verdict = json.loads((held.folders["verdict"] / "verdict.json").read_text())
    assert "not the one that the release was started under" in verdict["checks"][0]["reason"]
    assert place.world.releases.head(place.setting.model).record.status is Status.RUNNING


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "nginx:/here"},
        {"slots": "[]"},
        {"slots": '{"a": 1}'},
        {"policy": "{}"},
        {"flags": "no_such_module:factory"},
        {"slots": "{}"},  # nobody serves the challenger
    ],
)
def test_wrong_parameters_are_bad_input(
    run: Callable[..., ComponentRun], changes: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    failed = run(0, **changes)
    assert (failed.exit_code, failed.values) == (ExitCode.BAD_INPUT, {})
    assert "Traceback" not in capsys.readouterr().err


class Unheard:
    """Nobody is told how a run goes."""

    def started(self, step: StepRecord) -> None: ...
    def progressed(self, step: StepRecord, fraction: float, message: str) -> None: ...
    def finished(self, step: StepRecord) -> None: ...


def test_the_compiled_pipeline_takes_the_same_steps(place: Place, tmp_path: Path) -> None:
    compiled = ROOT / "pipelines" / "compiled" / "release.yaml"
    for hours, action in ((0, "start"), (1, "hold")):
        record, _ = run_pipeline(
            compiled,
            parameters(place, tmp_path / "log"),
            project=place.setting.model,
            workspace=Workspace(tmp_path / "workspace"),
            variables={
                "MLFLOW_TRACKING_URI": os.environ["MLFLOW_TRACKING_URI"],
                "PHASEGATE_NOW": (START + timedelta(hours=hours)).isoformat(),
            },
            observer=Unheard(),
        )
        (step,) = record.steps
        assert step.outputs["action"] == action, record.error
    assert [one.action for one in place.world.releases.entries(place.setting.model)] == [
        "start",
        "apply",
        "look",
    ]
