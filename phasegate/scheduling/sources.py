"""Compiled pipelines and project files that schedules name, each read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.kubeflow.arguments import machine_bound, project_arguments
from phasegate.kubeflow.compiled import Compiled, load_compiled
from phasegate.project.load import Project, load_project
from phasegate.project.platform import Platform

SHIPPED = ("training", "deployment", "release", "monitoring", "reproduction")
_COMPILED = Path(__file__).parents[2] / "pipelines" / "compiled"


@dataclass(frozen=True, slots=True)
class OfProject:
    """What a project file says about a pipeline.

    Attributes:
        parameters: of the pipeline.
        local: those that name a folder of this machine.
        service_account: of its runs; empty is the backend's own.
    """

    parameters: Mapping[str, Any]
    local: tuple[str, ...]
    service_account: str


def compiled_pipeline(text: str, folder: Path, shipped: Path | None) -> Compiled:
    """The pipeline that a schedule names.

    Args:
        text: one of `SHIPPED`, or a file.
        folder: that files are relative to.
        shipped: folder of those of `SHIPPED`, where they were compiled for a project.

    Raises:
        BadInput: there is none.
    """
    found = (shipped or _COMPILED) / f"{text}.yaml" if text in SHIPPED else folder / text
    return _compiled(found.resolve())


@cache
def of_project(path: Path, compiled_path: Path, store: str) -> OfProject:
    """What a project file says about a pipeline.

    Args:
        path: the project file.
        compiled_path: the compiled pipeline's, as `compiled_pipeline` has it.
        store: parameter of that name, which others are made from.

    Raises:
        BadInput: the file is wrong, or its settings of a cluster are not in the pipeline.
    """
    project, compiled = _project(path), _compiled(compiled_path)
    components = {one.component.replace("-", "_") for one in compiled.steps.values()}
    own = compiled_path.parent == _COMPILED.resolve()
    if own and any(project.platform(one) != Platform() for one in components):
        raise BadInput(
            f"the kubernetes section of {path} is not in the compiled pipeline",
            fix="run phasegate compile --project FILE --output FOLDER, and set compiled: FOLDER",
        )
    place = {"store": store}
    return OfProject(
        project_arguments(compiled, project, place),
        machine_bound(compiled, project, place),
        project.service_account(components),
    )


@cache
def _compiled(path: Path) -> Compiled:
    return load_compiled(path)


@cache
def _project(path: Path) -> Project:
    return load_project(path)
