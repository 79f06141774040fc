"""A run of the compiled monitoring pipeline in replayed time, and what it came to."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from examples.replay.record import Judged
from phasegate.clock import VARIABLE
from phasegate.errors import BadInput
from phasegate.local.environments import ROOT
from phasegate.local.monitoring import monitoring_arguments
from phasegate.local.record import RunRecord, State, StepRecord
from phasegate.local.run import run_pipeline
from phasegate.local.steps import WarmSteps
from phasegate.local.workspace import Workspace
from phasegate.monitoring.drift.report import DriftFindings
from phasegate.monitoring.performance.series import Performance
from phasegate.monitoring.retraining.decision import RetrainingDecision
from phasegate.project.load import Project

COMPILED = ROOT / "pipelines" / "compiled" / "monitoring.yaml"


class Quiet:
    """Tells nobody how a run goes."""

    def started(self, step: StepRecord) -> None:
        """A step began."""

    def progressed(self, step: StepRecord, fraction: float, message: str) -> None:
        """A step got further."""

    def finished(self, step: StepRecord) -> None:
        """A step ended."""


def watch_once(
    project: Project,
    workspace: Workspace,
    variables: Mapping[str, str],
    now: datetime,
    *,
    log: str,
    sink: str,
    called_by: str,
    warm: WarmSteps | None = None,
    observer: Quiet | None = None,
) -> Judged:
    """Run the pipeline as it is compiled.

    Args:
        variables: environment variables of every step.
        now: event time of the run.
        log: store of the prediction log.
        sink: address that takes CloudEvents.
        called_by: the schedule, or an alert.
        warm: interpreters that are kept from run to run.

    Raises:
        BadInput: it failed.
    """
    began = time.monotonic()
    arguments = monitoring_arguments(
        project, workspace, log=log, sink=sink, source="log", since="", until="",
        holder="replay",
    )  # fmt: skip
    record, folder = run_pipeline(
        COMPILED, arguments, project=project.name, workspace=workspace,
        variables={**variables, VARIABLE: now.isoformat()}, observer=observer or Quiet(),
        warm=warm,
    )  # fmt: skip
    if record.state is not State.DONE:
        raise BadInput(f"the monitoring of {now:%Y-%m-%d %H:%M} failed: {record.error}",
                       where=str(folder))  # fmt: skip
    return read_run(record, folder, now, called_by, time.monotonic() - began)


def read_run(
    record: RunRecord, folder: Path, now: datetime, called_by: str, seconds: float
) -> Judged:
    """What a finished run came to.

    Args:
        folder: of the run.
        now: event time of the run.
        called_by: the schedule, or an alert.
        seconds: of wall time.
    """
    steps = {step.name: step for step in record.steps}
    decision = RetrainingDecision.from_json(_document(steps, "decide-retraining", "advice"))
    drift = DriftFindings.from_json(_document(steps, "detect-drift", "drift")).windows
    performance = Performance.from_json(_document(steps, "measure-performance", "performance"))
    newest = max((one for one in drift if one.judged), key=lambda one: one.until, default=None)
    return Judged(
        now, str(decision.action), decision.reasons,
        drifted=0 if newest is None else newest.calibrated.drifted,
        alerts=sum(one.alert for one in drift),
        estimated=_estimated(performance, decision.model_digest),
        called_by=called_by, seconds=seconds, report=str(folder),
    )  # fmt: skip


def _document(steps: Mapping[str, StepRecord], name: str, output: str) -> dict:
    """The JSON file of a step's artifact."""
    place = Path(steps[name].outputs[output]["uri"])
    (path,) = place.glob("*.json")
    return json.loads(path.read_bytes())


def _estimated(performance: Performance, model: str) -> tuple[float, float, float] | None:
    """The newest estimate of a model's metric."""
    windows = [
        one for one in performance.windows if one.model_digest[:12] == model[:12] and one.estimated
    ]
    if not windows or (figure := windows[-1].estimated) is None or math.isnan(figure.value):
        return None
    return figure.value, figure.lower, figure.upper
