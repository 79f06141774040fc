"""A run on a cluster, for people and as JSON: one line a step, with a bar while it works."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.markup import escape
from rich.progress import TaskID

from phasegate.cli.console import err, out
from phasegate.cli.progress import progress_bar
from phasegate.errors import ExitCode
from phasegate.kubeflow.api import Kubeflow
from phasegate.kubeflow.compiled import Compiled, Step
from phasegate.kubeflow.following import outcome_of, tasks_of
from phasegate.kubeflow.objects import ENDED, Run, Task
from phasegate.kubeflow.submitting import Submitted

_MARKS = {"SUCCEEDED": "[green]✓[/]", "SKIPPED": "[cyan]↺[/]", "FAILED": "[red]✗[/]"}


class TaskLines:
    """Shows the steps of a run as they change: a `phasegate.kubeflow.following.Watcher`."""

    def __init__(self) -> None:
        self._progress = progress_bar()
        self._bars: dict[str, TaskID] = {}
        self._silent = False

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def changed(self, step: Step, task: Task) -> None:
        """A bar while the step works; one line that stays when it has ended."""
        self._silent = False
        if task.state not in ENDED:
            if step.key not in self._bars:
                self._bars[step.key] = self._progress.add_task("", title=step.key, total=None)
                if not err.is_terminal:
                    err.print(f"… {step.key}", markup=False)
            self._progress.update(self._bars[step.key], description=task.state.lower())
            return
        if (bar := self._bars.pop(step.key, None)) is not None:
            self._progress.remove_task(bar)
        spent = ""
        if task.started and task.finished:
            spent = f"{(task.finished - task.started).total_seconds():5.0f} s"
        said = f"[red]{escape(task.error)}[/]" if task.error else ""
        mark = _MARKS.get(task.state, "[yellow]-[/]")
        err.print(f"{mark} {step.key:<20} {spent:>8}  {said}".rstrip())

    def silent(self, problem: str) -> None:
        """Say once that the backend does not answer."""
        if not self._silent:
            self._silent = True
            err.print(f"[yellow]still trying:[/] {escape(problem)}")


def print_started(backend: Kubeflow, submitted: Submitted) -> None:
    """Say what was uploaded and started, and where it is seen."""
    uploaded, run = submitted.uploaded, submitted.run
    verb = "uploaded" if uploaded.new else "there already"
    err.print(
        f"version  {uploaded.version.name} of {uploaded.pipeline.name} ({verb})", markup=False
    )
    verb = "started" if submitted.new else "there already"
    err.print(f"run      {run.name} in {submitted.experiment.name} ({verb})", markup=False)
    err.print(f"link     {backend.run_link(run.id)}", markup=False)


def summarize(
    backend: Kubeflow, compiled: Compiled, submitted: Submitted, ended: Run | None
) -> dict[str, Any]:
    """A submitted run as plain values.

    Args:
        ended: the run at its end; None where it was not waited for, which counts as passed.
    """
    run = ended or submitted.run
    outcome = outcome_of(compiled, run)
    return {
        "run_id": run.id,
        "run": run.name,
        "link": backend.run_link(run.id),
        "pipeline": submitted.uploaded.pipeline.name,
        "version": submitted.uploaded.version.name,
        "version_id": submitted.uploaded.version.id,
        "digest": compiled.digest,
        "uploaded": submitted.uploaded.new,
        "started": submitted.new,
        "experiment": submitted.experiment.name,
        "state": run.state,
        "exit_code": outcome.code if ended else ExitCode.PASSED,
        "reason": outcome.reason,
        "tasks": [
            {"name": step.key, "state": task.state, "error": task.error}
            for step, task in tasks_of(compiled, run)
        ],
    }


def print_ended(summary: Mapping[str, Any], *, ended: bool) -> None:
    """Print what a run came to, where it was waited for, and its link."""
    if ended:
        code = summary["exit_code"]
        style = {ExitCode.PASSED: "green", ExitCode.BLOCKED: "yellow"}.get(code, "red")
        word = {ExitCode.PASSED: "passed", ExitCode.BLOCKED: "blocked"}.get(code, "failed")
        out.print(f"[bold {style}]{word}[/] {escape(summary['reason'])}".rstrip())
    out.print(f"link     {summary['link']}", markup=False)
