"""Submit a compiled pipeline: one version for one content, then a run of it.

Every step can be done twice, or by two at once. The backend keeps names of pipelines and versions
unique, and a version's name is made of its content's digest: who comes second is told so, and uses
what is there. It has no such key for runs. A run's name is therefore our own: after an answer that
was lost, the run is looked for by its name, and started again only where it is not there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow.answers import Exists, Unclear
from phasegate.kubeflow.api import Kubeflow
from phasegate.kubeflow.compiled import Compiled
from phasegate.kubeflow.objects import Experiment, Pipeline, Run, Version

T = TypeVar("T")
_ATTEMPTS = 3
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Where a compiled pipeline is on the backend.

    Attributes:
        pipeline: it.
        version: of this content.
        new: whether it was uploaded now, and not found.
    """

    pipeline: Pipeline
    version: Version
    new: bool


@dataclass(frozen=True, slots=True)
class Submitted:
    """A run that was started, or found.

    Attributes:
        uploaded: what it is of.
        experiment: where it is.
        run: it.
        new: whether it was started now, and not found.
    """

    uploaded: Uploaded
    experiment: Experiment
    run: Run
    new: bool


def pipeline_name(compiled: Compiled, prefix: str = "") -> str:
    """Name of a pipeline on the backend; the prefix is a project's name."""
    return f"{prefix}-{compiled.name}" if prefix else compiled.name


def upload(kubeflow: Kubeflow, compiled: Compiled, *, prefix: str = "") -> Uploaded:
    """Make the backend have this content as a version of its pipeline.

    Raises:
        BadInput: the backend refuses, or has another content under the version's name.
        Unavailable: it does not answer.
    """
    name = pipeline_name(compiled, prefix)
    pipeline = kubeflow.pipelines.named(name)
    if pipeline is None:
        try:
            pipeline = kubeflow.pipelines.create(name)
        except Exists:  # somebody was faster, or it was us and the answer was lost
            pipeline = _there(kubeflow.pipelines.named(name), f"pipeline {name}")
    version = kubeflow.versions.named(pipeline.id, compiled.version_name)
    new = version is None
    if version is None:
        try:
            version = kubeflow.versions.create(
                pipeline.id, compiled.version_name, compiled.content, digest=compiled.digest
            )
        except Exists:
            new = False
            found = kubeflow.versions.named(pipeline.id, compiled.version_name)
            version = _there(found, f"version {compiled.version_name}")
    if version.digest and version.digest != compiled.digest:
        raise BadInput(
            "the backend has another content under this name",
            where=f"version {version.name}",
            fix="delete that version, which somebody made by hand",
        )
    return Uploaded(pipeline, version, new)


def experiment_named(kubeflow: Kubeflow, name: str) -> Experiment:
    """The experiment of a name, made where there is none.

    Raises:
        BadInput: the backend refuses.
        Unavailable: it does not answer.
    """
    found = kubeflow.experiments.named(name)
    if found is None:
        try:
            found = kubeflow.experiments.create(name)
        except Exists:
            found = _there(kubeflow.experiments.named(name), f"experiment {name}")
    return found


def submit(
    kubeflow: Kubeflow,
    compiled: Compiled,
    parameters: Mapping[str, Any],
    *,
    experiment: str,
    prefix: str = "",
    run_name: str = "",
    service_account: str = "",
) -> Submitted:
    """Upload a compiled pipeline and start a run of it.

    Args:
        parameters: checked; see `phasegate.kubeflow.arguments`.
        experiment: name of the experiment.
        prefix: of the pipeline's name.
        run_name: a run of this name that is there is taken, and no other is started; empty makes
            up one that nobody has.
        service_account: that the run's pods have; empty is the backend's default.

    Raises:
        BadInput: the backend refuses, or a run of that name is of another version.
        Unavailable: it does not answer.
    """
    uploaded = upload(kubeflow, compiled, prefix=prefix)
    place = experiment_named(kubeflow, experiment)
    name = run_name or f"{compiled.name}-{_stamp()}-{secrets.token_hex(3)}"
    if run_name and (found := find_run(kubeflow, name, place)):
        if found.version != uploaded.version.id:
            raise BadInput(
                f"there is a run of this name, {found.id}, of another version",
                where=f"run {name}",
                fix="give this one another name",
            )
        return Submitted(uploaded, place, found, new=False)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            run = kubeflow.runs.create(
                name,
                pipeline_id=uploaded.pipeline.id,
                version_id=uploaded.version.id,
                experiment_id=place.id,
                parameters=parameters,
                service_account=service_account,
            )
            break
        except Unclear as error:
            time.sleep(_LOOK_SECONDS * attempt)
            if there := find_run(kubeflow, name, place):
                run = there
                break
            if attempt == _ATTEMPTS:
                raise Unavailable(
                    f"the run could not be started ({error.what})",
                    where=f"run {name}",
                    fix=f"submit again with --run-name {name}, which starts no second one",
                ) from None
    return Submitted(uploaded, place, run, new=True)


def find_run(kubeflow: Kubeflow, name: str, experiment: Experiment) -> Run | None:
    """The newest run of a name; None where there is none."""
    rows = kubeflow.runs.list(experiment_id=experiment.id, name=name)
    return next((one for one in rows if one.name == name), None)


def _there(found: T | None, what: str) -> T:
    if found is None:
        raise Unavailable("it is there, and is not", where=what, fix="try again")
    return found


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
