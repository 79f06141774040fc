"""Commands on releases: start, status, step, watch, what a person may do, kill, report."""

from __future__ import annotations

import getpass
import signal
import threading
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import err, out
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.cli.release_options import (
    FlagsOption,
    LogOption,
    NameArgument,
    NowOption,
    PolicyOption,
    ReasonOption,
    StoreOption,
    event_clock,
    event_time,
    policy_in,
)
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from phasegate.release.drivers.looking import Look
    from phasegate.release.drivers.world import World

release = typer.Typer(
    help="Give a new model the champion's place, phase by phase, or take it back.",
    epilog=(
        "A release goes through the phases of the project's `release` section: copies only, a "
        "share that grows, everything. `start` begins one, each `step` looks at the evidence and "
        "decides, `watch` rolls back within seconds when harm is seen. Every change is in the "
        "audit log, with its reason: phasegate audit log."
    ),
    no_args_is_help=True,
)
app.add_typer(release, name="release")


@release.command()
def start(
    name: NameArgument = "",
    project: PolicyOption = None,
    champion: Annotated[
        str, typer.Option(help="Who answers now, as registered. [NAME@champion]")
    ] = "",
    challenger: Annotated[
        str, typer.Option(help="Who wants its place, as registered. [NAME@challenger]")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")] = "started by hand",
    store: StoreOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Start a release in its first phase; both models must be served: phasegate serve.

    Refused while another one runs, a kill switch is on, or a model has not passed its gates. The
    rules are those of the project file now; a release keeps the rules that it was started under.
    """
    from phasegate.release.drivers.starting import start as start_release

    if project is None:
        raise BadInput("there are no rules", where="start", fix="name them: --project PROJECT.yaml")
    moment = event_time(now)
    with _world(name, workspace, store=store, flags=flags, project=project) as world:
        assert world.policy is not None
        look = start_release(
            world,
            champion or f"{world.model}@champion",
            challenger or f"{world.model}@challenger",
            world.policy,
            moment,
            reason,
        )
        return _told(world, look, moment, as_json)


@release.command()
def step(
    name: NameArgument = "",
    project: PolicyOption = None,
    store: StoreOption = "",
    log: LogOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Look at everything and decide once: hold, advance, finish, freeze or roll back.

    Run it every hour or so: a guard rolls a release back that nobody has looked at for
    release.unreachable. With --project, a registered challenger is released without being
    told to (unless release.automatic is off), and a policy that was changed during a release
    holds it. Exit code 1: rolled back, frozen or ended; 2: decided, and the proxy or the registry
    does not follow yet.
    """
    from phasegate.release.drivers.step import step as take_step

    moment = event_time(now)
    options = {"store": store, "flags": flags, "log": log, "project": project}
    with _world(name, workspace, actor="step", **options) as world:
        return _told(world, take_step(world, moment), moment, as_json)


@release.command()
def advance(
    name: NameArgument = "",
    reason: ReasonOption = "",
    store: StoreOption = "",
    log: LogOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Go on without the phase's minimum of time and requests; every gate still has to pass."""
    options = {"store": store, "flags": flags, "log": log}
    return _by_hand("advance", name, reason, now, workspace, as_json, **options)


@release.command()
def rollback(
    name: NameArgument = "",
    reason: ReasonOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Give the champion everything back: weights, copies and alias; also after a promotion.

    If the store does not answer, the proxy's kill switch is pulled instead.
    """
    return _by_hand("rollback", name, reason, now, workspace, as_json, store=store)


@release.command()
def freeze(
    name: NameArgument = "",
    reason: ReasonOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Stop a release where it is: it keeps its share, and only ever goes back by itself."""
    return _by_hand("freeze", name, reason, now, workspace, as_json, store=store)


@release.command()
def resume(
    name: NameArgument = "",
    reason: ReasonOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Let a frozen release go on: its phase begins anew, with new evidence."""
    return _by_hand("resume", name, reason, now, workspace, as_json, store=store)


@release.command()
def watch(
    name: NameArgument = "",
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 2.0,
    store: StoreOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Guard a served model: roll back at once when the kill switch or the proxy's counts say so.

    Looks at the kill switch and the proxy only, so that it needs neither log nor labels; says one
    line for each change, and goes on whatever fails. While the store does not answer it can still
    pull the proxy's kill switch, and records the rollback later. Ctrl-C ends it.

    With --now, event time starts there and runs with the clock.
    """
    from phasegate.release.drivers.guard import watch as guard

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clock = event_clock(now)
    with _world(name, workspace, actor="guard", store=store, flags=flags, retry=every) as world:
        err.print(f"guarding {world.model}; Ctrl-C ends it", markup=False)
        guard(
            world, every, stop, clock=clock,
            say=lambda text: out.print(f"{clock():%Y-%m-%d %H:%M:%S} {text}", markup=False),
        )  # fmt: skip
    return ExitCode.PASSED


def _by_hand(
    action: str,
    name: str,
    reason: str,
    now: str,
    workspace: Path,
    as_json: bool,
    **options: str,
) -> int:
    from phasegate.release.drivers import manual

    moment = event_time(now)
    with _world(name, workspace, **options) as world:
        look = getattr(manual, action)(world, moment, reason)
        return _told(world, look, moment, as_json)


def _world(
    name: str,
    workspace: Path,
    *,
    actor: str = "",
    project: Path | None = None,
    retry: float | None = None,
    **options: str,
) -> AbstractContextManager[World]:
    from phasegate.local.releasing import local_world

    return local_world(
        workspace.resolve(),
        name,
        actor=actor or getpass.getuser(),
        policy=policy_in(project),
        retry_seconds=retry,
        **options,
    )


def _told(world: World, look: Look, now: datetime, as_json: bool) -> int:
    from phasegate.cli.release_outcome import print_look

    return print_look(world, look, now, as_json)
