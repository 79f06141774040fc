"""Run a compiled pipeline on this machine, each step in its own environment."""

from __future__ import annotations

import copy
import functools
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from kfp import components
from kfp.local import graph_utils

from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import Environment, environment
from phasegate.local.kfp_runner import Hopeless, Session, Task, kfp_session
from phasegate.local.record import RunRecord, State, StepRecord
from phasegate.local.steps import StepProcess, WarmSteps
from phasegate.local.workspace import Workspace
from phasegate.registry.address import ADDRESS


class Observer(Protocol):
    """Who is told how a run goes."""

    def started(self, step: StepRecord) -> None:
        """A step began."""

    def progressed(self, step: StepRecord, fraction: float, message: str) -> None:
        """A step got further: a fraction from 0 to 1."""

    def finished(self, step: StepRecord) -> None:
        """A step ended, or was taken from the cache."""


@dataclass(frozen=True)
class PlannedStep:
    """A step that a run will come to: its name, the module that it runs, its image."""

    name: str
    module: str
    image: str


@dataclass
class LocalRun:
    """One run in progress: what kfp's orchestrator calls back into."""

    record: RunRecord
    folder: Path
    observer: Observer
    happy_path: list[PlannedStep]
    variables: Mapping[str, str]
    environments: Callable[[str], Environment]
    warm: WarmSteps = field(default_factory=WarmSteps)

    def run_task(self, task: Task) -> bool:
        """Run one task; False lets kfp retry it by the pipeline's retry policy.

        Raises:
            Hopeless: when trying again is pointless, because the input is wrong.
        """
        step = StepRecord(task.name, log=str(self.folder / "logs" / f"{task.name}.log"))
        self._begin(step)
        place = self.environments(_environment_name(task.image))
        process = self.warm.take(StepProcess(_module(task), place))
        self._warm_next(task.name)
        finished = process.run(
            task.command[3:],
            {
                **task.variables,
                **self.variables,
                "PHASEGATE_IMAGE": task.image,
                "PHASEGATE_LOCK": str(place.lock),
            },
            Path(step.log),
            lambda fraction, message: self.observer.progressed(step, fraction, message),
        )
        step.seconds = finished.seconds
        if finished.code == ExitCode.PASSED:
            step.outputs = _outputs(task)
            self._end(step, State.DONE)
            return True
        step.tail = finished.tail
        step.error = finished.error or _ending(finished.code)
        self._end(step, State.FAILED)
        if finished.code == ExitCode.BAD_INPUT:
            raise Hopeless(str(BadInput(step.error, where=task.name)))
        return False

    def reused(self, name: str, outputs: dict[str, Any]) -> None:
        """Note a step whose outputs came from the cache."""
        step = StepRecord(name, outputs={key: _plain(value) for key, value in outputs.items()})
        self._begin(step)
        self._end(step, State.REUSED)

    def warm_first(self) -> None:
        """Start importing for the first two steps."""
        for step in self.happy_path[:2]:
            self._warm(step)

    def _warm_next(self, name: str) -> None:
        """Start importing for the two steps after this one, if all goes well."""
        names = [step.name for step in self.happy_path]
        if name in names:
            position = names.index(name) + 1
            for step in self.happy_path[position : position + 2]:
                self._warm(step)

    def _warm(self, step: PlannedStep) -> None:
        place = self.environments(_environment_name(step.image))
        self.warm.warm(StepProcess(step.module, place))

    def _begin(self, step: StepRecord) -> None:
        self.record.steps.append(step)
        self.record.save(self.folder)
        self.observer.started(step)

    def _end(self, step: StepRecord, state: State) -> None:
        step.state = state
        self.record.save(self.folder)
        self.observer.finished(step)


def run_pipeline(
    compiled: Path,
    arguments: Mapping[str, str],
    *,
    project: str,
    workspace: Workspace,
    variables: Mapping[str, str],
    observer: Observer,
    use_cache: bool = True,
    environments: Callable[[str], Environment] = environment,
    warm: WarmSteps | None = None,
) -> tuple[RunRecord, Path]:
    """Run a compiled pipeline and return its record and folder.

    Args:
        compiled: the pipeline's YAML.
        arguments: its parameters.
        project: name of the model, for the run's name.
        workspace: where outputs, cache and tracking data lie.
        variables: environment variables of every step; see `tracking_server.tracking_variables`.
        observer: told of every step.
        use_cache: whether steps that ran before with the same inputs are taken from the cache.
        environments: environment of an image, by the image's short name.
        warm: interpreters that are kept from run to run, for whoever runs a pipeline again and
            again, and closes them in the end.
    """
    pipeline, planned = copy.deepcopy(_loaded(compiled.read_text(encoding="utf-8")))
    folder = _run_folder(workspace, project)
    record = RunRecord(folder.name, pipeline.name, project)
    run = LocalRun(record, folder, observer, planned, variables, environments, warm or WarmSteps())
    session = Session(run.run_task, run.reused)
    cache = workspace.cache(os.environ.get(ADDRESS, "")) if use_cache else None
    code, error = ExitCode.INTERNAL, "interrupted"  # unless something says otherwise
    try:
        with kfp_session(session, folder, cache, folder / "logs" / "kfp.log"):
            run.warm_first()
            pipeline(**arguments)
        if session.unresolved:
            error = f"kfp skipped steps: {session.unresolved[0]}"
        else:
            code, error = ExitCode.BLOCKED if record.blocked() else ExitCode.PASSED, ""
    except RuntimeError:
        # kfp's word for a task that failed, after its retries and after exit tasks.
        failed = record.failed()
        if session.hopeless:
            code, error = ExitCode.BAD_INPUT, str(session.hopeless[0])
        elif failed:
            error = f"{failed.name}: {failed.error}"
        else:
            raise
    finally:
        if warm is None:
            run.warm.close()
        else:
            run.warm_first()  # of the next run
        record.code, record.error = code, error
        record.state = State.FAILED if error else State.DONE
        record.save(folder)
    return record, folder


@functools.lru_cache(maxsize=4)
def _loaded(compiled: str) -> tuple[Any, list[PlannedStep]]:
    """A pipeline and the steps on its happy path; kfp takes half a second to read it."""
    pipeline = components.load_component_from_text(compiled)
    return pipeline, _happy_path(pipeline.pipeline_spec)


def _run_folder(workspace: Workspace, project: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for attempt in range(100):
        folder = workspace.runs / (f"{project}-{stamp}" + (f"-{attempt}" if attempt else ""))
        try:
            (folder / "logs").mkdir(parents=True)
        except FileExistsError:
            continue
        return folder.resolve()
    raise BadInput("too many runs began in this second", where=str(workspace.runs))


def _happy_path(spec: Any) -> list[PlannedStep]:
    """The container steps in the order in which a run meets them if every gate passes."""
    executors = spec.deployment_spec["executors"]
    found: list[PlannedStep] = []

    def visit(dag: Any) -> None:
        order = graph_utils.topological_sort_tasks(dict(dag.tasks))  # kfp's own: from its end
        for task in (dag.tasks[name] for name in reversed(order)):
            component = spec.components[task.component_ref.name]
            if component.WhichOneof("implementation") == "executor_label":
                container = executors[component.executor_label]["container"]
                step = task.component_ref.name.removeprefix("comp-")
                found.append(PlannedStep(step, container["command"][-1], container["image"]))
            elif not task.trigger_policy.condition.startswith("!"):
                visit(component.dag)

    visit(spec.root.dag)
    return found


def _environment_name(image: str) -> str:
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def _module(task: Task) -> str:
    match task.command:
        case ["python", "-m", module, "--executor-input", _]:
            return module
    raise BadInput(
        f"step {task.name} runs '{' '.join(task.command[:3])}'",
        expected="python -m MODULE --executor-input {{$}}, the only form that runs without Docker",
    )


def _outputs(task: Task) -> dict[str, Any]:
    path = Path(task.executor_input["outputs"]["outputFile"])
    document = json.loads(path.read_text(encoding="utf-8"))
    artifacts = {
        name: {"uri": value["artifacts"][0]["uri"], "metadata": value["artifacts"][0]["metadata"]}
        for name, value in document["artifacts"].items()
    }
    return {**document["parameterValues"], **artifacts}


def _plain(value: Any) -> Any:
    return {"uri": value.uri, "metadata": dict(value.metadata)} if hasattr(value, "uri") else value


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
