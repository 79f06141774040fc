"""Commands on releases: start, status, step, watch, what a person may do, kill, report."""

from __future__ import annotations

import getpass
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.cli.release_options import (
    FlagsOption,
    LogOption,
    NameArgument,
    NowOption,
    PolicyOption,
    ReasonOption,
    StoreOption,
    TargetOption,
    event_time,
    policy_in,
)
from phasegate.cli.release_place import Place
from phasegate.errors import BadInput

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
    target: TargetOption = "",
    store: StoreOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Start a release in its first phase; both models must be served.

    Here by phasegate serve, on a cluster by component deploy_shadow, which also starts it.

    Refused while another one runs, a kill switch is on, or a model has not passed its gates. The
    rules are those of the project file now; a release keeps the rules that it was started under.
    """
    from phasegate.release.drivers.starting import start as start_release

    if project is None:
        raise BadInput("there are no rules", where="start", fix="name them: --project PROJECT.yaml")
    moment = event_time(now)
    place = Place(workspace.resolve(), target, store, flags)
    with _world(place, name, project=project) as world:
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
    target: TargetOption = "",
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
    place = Place(workspace.resolve(), target, store, flags)
    with _world(place, name, actor="step", log=log, project=project) as world:
        return _told(world, take_step(world, moment), moment, as_json)


@release.command()
def advance(
    name: NameArgument = "",
    reason: ReasonOption = "",
    target: TargetOption = "",
    store: StoreOption = "",
    log: LogOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Go on without the phase's minimum of time and requests; every gate still has to pass."""
    place = Place(workspace.resolve(), target, store, flags)
    return _by_hand("advance", place, name, reason, now, as_json, log=log)


@release.command()
def rollback(
    name: NameArgument = "",
    reason: ReasonOption = "",
    target: TargetOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Give the champion everything back: weights, copies and alias; also after a promotion.

    If the store does not answer, the proxy's kill switch is pulled instead.
    """
    place = Place(workspace.resolve(), target, store)
    return _by_hand("rollback", place, name, reason, now, as_json)


@release.command()
def freeze(
    name: NameArgument = "",
    reason: ReasonOption = "",
    target: TargetOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Stop a release where it is: it keeps its share, and only ever goes back by itself."""
    place = Place(workspace.resolve(), target, store)
    return _by_hand("freeze", place, name, reason, now, as_json)


@release.command()
def resume(
    name: NameArgument = "",
    reason: ReasonOption = "",
    target: TargetOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Let a frozen release go on: its phase begins anew, with new evidence."""
    place = Place(workspace.resolve(), target, store)
    return _by_hand("resume", place, name, reason, now, as_json)


def _by_hand(
    action: str, place: Place, name: str, reason: str, now: str, as_json: bool, *, log: str = ""
) -> int:
    from phasegate.release.drivers import manual

    moment = event_time(now)
    with _world(place, name, log=log) as world:
        look = getattr(manual, action)(world, moment, reason)
        return _told(world, look, moment, as_json)


def _world(
    place: Place,
    name: str,
    *,
    actor: str = "",
    log: str = "",
    project: Path | None = None,
) -> AbstractContextManager[World]:
    return place.world(
        name,
        actor=actor or getpass.getuser(),
        log=log,
        policy=policy_in(project),
    )


def _told(world: World, look: Look, now: datetime, as_json: bool) -> int:
    from phasegate.cli.release_outcome import print_look

    return print_look(world, look, now, as_json)
