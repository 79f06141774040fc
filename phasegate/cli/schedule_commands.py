"""Commands on recurring runs: schedule plan, apply, list, pause, resume, delete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import err, out, print_json
from phasegate.cli.pipeline_commands import JsonOption
from phasegate.cli.submit_commands import EndpointOption, NamespaceOption, RetryOption
from phasegate.errors import ExitCode

if TYPE_CHECKING:
    from phasegate.kubeflow.api import Kubeflow
    from phasegate.kubeflow.objects import Recurring
    from phasegate.scheduling.convergence import Step
    from phasegate.scheduling.reading import Declaration

schedule = typer.Typer(
    help="Recurring runs on Kubeflow Pipelines, as a file declares them.", no_args_is_help=True
)
app.add_typer(schedule, name="schedule")

FILE = Path("schedules.yaml")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="File of schedules.")]
FileOption = Annotated[Path, typer.Option("--file", help="File of schedules.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the schedule.")]
SettleOption = Annotated[
    float,
    typer.Option(
        "--settle",
        help="Seconds between switching off and deleting, for the controller to notice.",
        min=0,
    ),
]


@schedule.command("plan")
def plan_command(
    file: FileArgument = FILE,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 if there is anything to change.")
    ] = False,
    endpoint: EndpointOption = "",
    namespace: NamespaceOption = "",
    retry_seconds: RetryOption = 30.0,
    as_json: JsonOption = False,
) -> int:
    """Show how the backend differs from what is declared, and when runs start next.

    Nothing is changed. Exit code 0, with --exit-code 1 if apply would change anything; 2 bad input.
    """
    from phasegate.cli.schedule_view import print_changes, summarize_changes
    from phasegate.clock import now
    from phasegate.scheduling.applying import plan_schedules

    declaration, backend = _open(file, endpoint, namespace, retry_seconds)
    moment = now()
    changes = plan_schedules(backend, declaration, moment)
    acting = [one for one in changes if one.kind.acts]
    if as_json:
        print_json({"name": declaration.owner, "changes": summarize_changes(changes, moment)})
    else:
        print_changes(changes, moment)
        unchanged = len(changes) - len(acting)
        out.print(f"{len(acting)} to change, {unchanged} as they are", markup=False)
    return ExitCode.BLOCKED if exit_code and acting else ExitCode.PASSED


@schedule.command("apply")
def apply_command(
    file: FileArgument = FILE,
    settle: SettleOption = 5.0,
    endpoint: EndpointOption = "",
    namespace: NamespaceOption = "",
    retry_seconds: RetryOption = 30.0,
    as_json: JsonOption = False,
) -> int:
    """Bring the backend to what is declared, without killing a run in flight.

    What is new is made, what it replaces is switched off, and deleted once its runs have ended:
    now, or by the next apply. It can be run twice, by two at once, and again after it was killed.
    """
    from phasegate.cli.schedule_view import print_changes, summarize_changes
    from phasegate.clock import now
    from phasegate.scheduling.applying import apply_schedules

    declaration, backend = _open(file, endpoint, namespace, retry_seconds)
    moment = now()
    outcome = apply_schedules(
        backend, declaration, moment, settle_seconds=settle, tell=lambda step: _tell(step, settle)
    )
    if as_json:
        print_json({
            "name": declaration.owner,
            "done": summarize_changes(outcome.done, moment),
            "changes": summarize_changes(outcome.left, moment),
            "converged": outcome.converged,
        })  # fmt: skip
    else:
        for one in outcome.done:
            what = one.recurring.name if one.recurring and not one.wanted else one.schedule
            out.print(f"{one.kind} {what}", markup=False)
        print_changes([one for one in outcome.left if str(one.kind) != "unchanged"], moment)
        verdict = "as declared" if outcome.converged else "somebody else keeps changing these"
        out.print(f"{len(outcome.done)} changed; {verdict}", markup=False)
    return ExitCode.PASSED if outcome.converged else ExitCode.BLOCKED


@schedule.command("list")
def list_command(
    file: FileArgument = FILE,
    endpoint: EndpointOption = "",
    namespace: NamespaceOption = "",
    retry_seconds: RetryOption = 30.0,
    as_json: JsonOption = False,
) -> int:
    """List what the backend has of this file's set, with runs in flight."""
    from phasegate.cli.schedule_view import print_listed, summarize_listed
    from phasegate.scheduling.operating import list_schedules

    declaration, backend = _open(file, endpoint, namespace, retry_seconds)
    listed = list_schedules(backend, declaration)
    if as_json:
        print_json(summarize_listed(listed))
    else:
        print_listed(listed, declaration.owner)
    return ExitCode.PASSED


@schedule.command()
def pause(
    name: NameArgument,
    file: FileOption = FILE,
    endpoint: EndpointOption = "",
    namespace: NamespaceOption = "",
    retry_seconds: RetryOption = 30.0,
    as_json: JsonOption = False,
) -> int:
    """Switch a schedule off; runs in flight go on.

    The next apply switches it on again, unless the file says respect_pause or enabled: false.
    """
    from phasegate.scheduling.operating import pause_schedule

    declaration, backend = _open(file, endpoint, namespace, retry_seconds)
    paused = pause_schedule(backend, declaration, name)
    declared = next((one for one in declaration.schedules if one.name == name), None)
    if declared and declared.enabled and not declared.respect_pause:
        err.print(f"the next apply resumes it: {file} does not say respect_pause", markup=False)
    return _finish(as_json, name, {"paused": paused}, "paused" if paused else "it was off already")


@schedule.command()
def resume(
    name: NameArgument,
    file: FileOption = FILE,
    endpoint: EndpointOption = "",
    namespace: NamespaceOption = "",
    retry_seconds: RetryOption = 30.0,
    as_json: JsonOption = False,
) -> int:
    """Switch a schedule on that is on the backend as it is declared."""
    from phasegate.clock import now
    from phasegate.scheduling.operating import resume_schedule

    declaration, backend = _open(file, endpoint, namespace, retry_seconds)
    resumed = resume_schedule(backend, declaration, name, now())
    if any(one.name == name and not one.enabled for one in declaration.schedules):
        err.print(f"the next apply pauses it: {file} says enabled: false", markup=False)
    return _finish(as_json, name, {"resumed": [resumed]}, "resumed")


@schedule.command()
def delete(
    name: NameArgument,
    file: FileOption = FILE,
    settle: SettleOption = 5.0,
    endpoint: EndpointOption = "",
    namespace: NamespaceOption = "",
    retry_seconds: RetryOption = 30.0,
    as_json: JsonOption = False,
) -> int:
    """Switch a schedule off, and delete it once its runs have ended: now, or when asked again.

    While the file declares it, the next apply makes it anew.
    """
    from phasegate.scheduling.operating import delete_schedule

    declaration, backend = _open(file, endpoint, namespace, retry_seconds)
    deleted, left = delete_schedule(backend, declaration, name, settle_seconds=settle)
    if any(one.name == name for one in declaration.schedules):
        err.print(f"the next apply makes it anew: {file} still declares it", markup=False)
    words = f"switched off; {len(left)} wait for runs in flight" if left else "deleted"
    return _finish(as_json, name, {"deleted": deleted, "draining": left}, words)


def _open(
    file: Path, endpoint: str, namespace: str, retry_seconds: float
) -> tuple[Declaration, Kubeflow]:
    from phasegate.kubeflow.api import connect
    from phasegate.scheduling.reading import load_schedules

    declaration = load_schedules(file)
    return declaration, connect(endpoint, namespace=namespace, retry_seconds=retry_seconds)


def _tell(step: Step, settle: float) -> None:
    from phasegate.scheduling.convergence import Settle

    if isinstance(step, Settle):
        err.print(f"switched off; looking again in {settle:g} s before deleting", markup=False)


def _finish(as_json: bool, name: str, found: dict[str, list[Recurring]], words: str) -> int:
    if as_json:
        print_json({"schedule": name, **{key: [one.id for one in v] for key, v in found.items()}})
    else:
        out.print(f"{name}: {words}", markup=False)
    return ExitCode.PASSED
