"""Commands that read releases, and the kill switch: status, report, kill, revive."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.console import out, print_json
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.cli.release_commands import release
from phasegate.cli.release_options import (
    FlagsOption,
    NameArgument,
    NowOption,
    ReasonOption,
    StoreOption,
    TargetOption,
    event_time,
)
from phasegate.cli.release_place import Place
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from phasegate.release.evidence import Evidence, Traffic
    from phasegate.release.store import Releases
    from phasegate.traffic.target import TrafficTarget


@release.command()
def status(
    name: NameArgument = "",
    target: TargetOption = "",
    store: StoreOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Show where a release stands: phase, share, what is missing, what was done last and why."""
    from phasegate.cli.release_view import print_status, status_json

    place = Place(workspace.resolve(), target, store, flags)
    releases, model = place.released(name)
    entry = releases.head(model)
    known = {
        "traffic": _traffic(place.traffic(model)),
        "kill": place.switch.is_on(model),
        "evidence": _evidence(releases, model, entry.evidence if entry else ""),
    }
    moment = event_time(now)
    if as_json:
        print_json(status_json(entry, moment, **known))
    else:
        print_status(entry, now=moment, **known)
    return ExitCode.PASSED


@release.command()
def report(
    name: NameArgument = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the page, HTML.")] = Path(
        "release.html"
    ),
    target: TargetOption = "",
    store: StoreOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Write the newest release as one page: phases, shares, evidence with its bounds, decisions."""
    from phasegate.release.report.page import release_report

    releases, model = Place(workspace.resolve(), target, store).released(name)
    page = release_report(
        releases.entries(model), lambda digest: _evidence(releases, model, digest)
    )
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"it cannot be written ({error.strerror})", where=str(output)) from None
    out.print(f"wrote {output}", markup=False)
    return ExitCode.PASSED


@release.command()
def kill(
    name: NameArgument = "",
    reason: ReasonOption = "",
    target: TargetOption = "",
    store: StoreOption = "",
    flags: FlagsOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Champion only, at once: switch the flag on that rolls a release back, and kill the proxy.

    The flag release-kill is for this model; whoever steps or watches next rolls its release back.
    With --target and without --flags only the proxy is killed, and needs no reason: a guard or a
    step that sees it rolls back as well.
    """
    from phasegate.clock import now
    from phasegate.release.kill_switch import pull

    place = Place(workspace.resolve(), target, store, flags)
    path, model = place.flag_file, place.model(name)
    if path is not None:
        pull(path, model, reason=reason, actor=getpass.getuser(), now=now())
        out.print(f"the kill switch of {model} is on", markup=False)
    proxy = place.traffic(model)
    if proxy is not None:
        proxy.kill()
        out.print("[bold]champion only[/]")
    return ExitCode.PASSED


@release.command()
def revive(
    name: NameArgument = "",
    reason: ReasonOption = "",
    target: TargetOption = "",
    store: StoreOption = "",
    flags: FlagsOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Switch the flag off again, and let the proxy follow its plan, once no release runs."""
    from phasegate.clock import now
    from phasegate.release.kill_switch import release as switch_off

    place = Place(workspace.resolve(), target, store, flags)
    path = place.flag_file
    releases, model = place.released(name, or_served=True)
    entry = releases.head(model)
    if entry is not None and not (entry.record.is_over and entry.record.settled):
        raise BadInput(
            f"{entry.record.release} is {entry.record.status}, and would get its share back",
            where=model,
            fix="end it first: phasegate release step, or phasegate release rollback --reason ...",
        )
    if path is not None:
        switch_off(path, model, reason=reason, actor=getpass.getuser(), now=now())
        out.print(f"the kill switch of {model} is off", markup=False)
    proxy = place.traffic(model)
    if proxy is not None:
        proxy.revive()
        out.print("traffic follows its plan again")
    return ExitCode.PASSED


def _traffic(target: TrafficTarget | None) -> Traffic | None:
    from phasegate.release.gathering.evidence import traffic_of

    try:
        return traffic_of(target.observe()) if target is not None else None
    except BadInput:
        return None


def _evidence(releases: Releases, model: str, digest: str) -> Evidence | None:
    try:
        return releases.evidence(model, digest) if digest else None
    except BadInput:
        return None
