"""A run on screen: one line a step, with a bar while it works."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from phasegate.cli.console import err, styled_outcome
from phasegate.local.record import State, StepRecord

_QUIET_SECONDS = 5.0


def progress_bar() -> Progress:
    """A bar with its message and elapsed time; silent where there is no terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[title]:<18}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


class StepLines:
    """Shows the steps of a run as they happen: an `Observer`."""

    def __init__(self) -> None:
        self._progress = progress_bar()
        self._task: TaskID | None = None
        self._said = 0.0

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

    def started(self, step: StepRecord) -> None:
        """Show a bar for the step."""
        self._task = self._progress.add_task("starting", title=step.name, total=1.0)

    def progressed(self, step: StepRecord, fraction: float, message: str) -> None:
        """Move the bar; without a terminal, say so now and then."""
        if self._task is not None:
            self._progress.update(self._task, completed=fraction, description=escape(message))
        if not err.is_terminal and time.monotonic() - self._said > _QUIET_SECONDS:
            self._said = time.monotonic()
            err.print(f"  {step.name}: {fraction:.0%} {message}", markup=False)

    def finished(self, step: StepRecord) -> None:
        """Replace the bar by one line that stays."""
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        err.print(step_line(step))
        if step.state is State.FAILED:
            explained = step.tail[-1:] == (step.error,)
            for line in () if explained else step.tail:
                err.print(f"      [dim]{escape(line)}[/]")
            err.print(f"      [dim]log:[/] {escape(step.log)}")


def step_line(step: StepRecord) -> str:
    """A step as one line of markup: state, name, seconds, verdict or error."""
    mark = {
        State.DONE: "[green]✓[/]",
        State.REUSED: "[cyan]↺[/]",
        State.FAILED: "[red]✗[/]",
        State.RUNNING: "…",
    }[step.state]
    seconds = "cached" if step.state is State.REUSED else f"{step.seconds:5.1f} s"
    verdict = step.verdict()
    tail = styled_outcome(verdict["outcome"]) if verdict else ""
    if step.error:
        tail = f"[red]{escape(step.error)}[/]"
    return f"{mark} {step.name:<18} {seconds:>8}  {tail}".rstrip()
