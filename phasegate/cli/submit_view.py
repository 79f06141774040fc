"""A run on a cluster, on screen: one line a step, with a bar while it works."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.markup import escape
from rich.progress import TaskID

from phasegate.cli.console import err
from phasegate.cli.progress import progress_bar
from phasegate.kubeflow.compiled import Step
from phasegate.kubeflow.objects import ENDED, Task

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
