"""Follow a run until it ends, and say what its end means."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from phasegate.errors import BadInput, ExitCode, Unavailable
from phasegate.kubeflow.api import Kubeflow
from phasegate.kubeflow.compiled import Compiled, Step
from phasegate.kubeflow.objects import ENDED, Run, Task

EVERY_SECONDS = 5.0
PATIENCE_SECONDS = 600.0
_EXIT = re.compile(r"exit (?:code|status) (\d+)")
# Steps of our pipelines that run only where a gate blocked, or something was found and done.
FINDINGS = ("record-block", "claim-training", "undo-change")


class Watcher(Protocol):
    """Who is told how a run goes."""

    def changed(self, step: Step, task: Task) -> None:
        """A step has another state than before."""

    def silent(self, problem: str) -> None:
        """The backend does not answer for the time being."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        code: exit code of the command.
        state: of the run.
        reason: why it did not pass; empty where it did.
    """

    code: int
    state: str
    reason: str = ""


def follow(
    kubeflow: Kubeflow,
    compiled: Compiled,
    run_id: str,
    watcher: Watcher,
    *,
    every: float = EVERY_SECONDS,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """Wait for a run's end.

    Args:
        every: seconds between looks.
        patience: seconds for which a backend may be away, beside the client's own retries.

    Raises:
        BadInput: the run was deleted, or may not be looked at.
        Unavailable: the backend stayed away. The run goes on.
    """
    states: dict[str, str] = {}
    heard = time.monotonic()
    while True:
        try:
            run = kubeflow.runs.get(run_id)
        except Unavailable as error:
            if time.monotonic() - heard > patience:
                raise
            watcher.silent(error.what)
            sleep(every)
            continue
        heard = time.monotonic()
        if run is None:
            raise BadInput("somebody deleted it", where=f"run {run_id}")
        for step, task in tasks_of(compiled, run):
            if states.get(step.key) != task.state:
                states[step.key] = task.state
                watcher.changed(step, task)
        if run.ended:
            return run
        sleep(every)


def tasks_of(compiled: Compiled, run: Run) -> list[tuple[Step, Task]]:
    """The steps that a run has come to, in the order in which they began.

    A backend lists drivers, groups and attempts as tasks besides; of a step it may list several
    nodes, of which the last one tells how it is.
    """
    found: dict[str, tuple[Step, Task]] = {}
    for task in run.tasks:
        if step := compiled.step(task.name):
            found[step.key] = (step, task)
    return sorted(found.values(), key=lambda pair: (pair[1].started is None, str(pair[1].started)))


def outcome_of(compiled: Compiled, run: Run) -> Outcome:
    """What a run's end means.

    The launcher inside a pod hides the step's own exit code from the backend, so that bad input
    which only a step finds counts as an internal error, unless the backend says otherwise.
    """
    pairs = tasks_of(compiled, run)
    if run.state in ("SUCCEEDED", "SKIPPED"):
        for step, task in pairs:
            if step.component in FINDINGS and task.state == "SUCCEEDED":
                blocked = step.component == "record-block"
                reason = "blocked by a gate" if blocked else f"{step.title.lower()}: done"
                return Outcome(ExitCode.BLOCKED, run.state, reason)
        return Outcome(ExitCode.PASSED, run.state)
    if run.state == "CANCELED":
        return Outcome(ExitCode.INTERNAL, run.state, run.error or "somebody canceled it")
    if run.state not in ENDED:
        return Outcome(ExitCode.PASSED, run.state)
    for step, task in pairs:
        if task.state == "FAILED":
            exit_code = _EXIT.search(task.error)
            bad = exit_code is not None and int(exit_code[1]) == ExitCode.BAD_INPUT
            code = ExitCode.BAD_INPUT if bad else ExitCode.INTERNAL
            return Outcome(code, run.state, f"{step.key}: {task.error or 'failed'}")
    return Outcome(ExitCode.INTERNAL, run.state, run.error or "the backend does not say why")
