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
    event_time,
)
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from phasegate.local.releasing import ServedTarget
    from phasegate.release.evidence import Evidence, Traffic
    from phasegate.release.store import Releases


@release.command()
def status(
    name: NameArgument = "",
    store: StoreOption = "",
    flags: FlagsOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Show where a release stands: phase, share, what is missing, what was done last and why."""
    from phasegate.cli.release_view import print_status, status_json
    from phasegate.local.releasing import switch_at
    from phasegate.release.kill_switch import kill_switch

    folder = workspace.resolve()
    releases, model = _released(name, folder, store)
    entry = releases.head(model)
    known = {
        "traffic": _traffic(_served(folder, model)),
        "kill": kill_switch(switch_at(folder, flags)).is_on(model),
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
    store: StoreOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Write the newest release as one page: phases, shares, evidence with its bounds, decisions."""
    from phasegate.release.report.page import release_report

    releases, model = _released(name, workspace.resolve(), store)
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
    store: StoreOption = "",
    flags: FlagsOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Champion only, at once: switch the flag on that rolls a release back, and kill the proxy.

    The flag release-kill is for this model; whoever steps or watches next rolls its release back.
    """
    from phasegate.clock import now
    from phasegate.release.kill_switch import pull

    folder = workspace.resolve()
    path, model = _flag_file(flags, folder), _model(name, folder, store)
    pull(path, model, reason=reason, actor=getpass.getuser(), now=now())
    out.print(f"the kill switch of {model} is on", markup=False)
    target = _served(folder, model)
    if target is not None:
        target.kill()
        out.print("[bold]champion only[/]")
    return ExitCode.PASSED


@release.command()
def revive(
    name: NameArgument = "",
    reason: ReasonOption = "",
    store: StoreOption = "",
    flags: FlagsOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Switch the flag off again, and let the proxy follow its plan, once no release runs."""
    from phasegate.clock import now
    from phasegate.release.kill_switch import release as switch_off

    folder = workspace.resolve()
    path = _flag_file(flags, folder)
    releases, model = _released(name, folder, store, or_served=True)
    entry = releases.head(model)
    if entry is not None and not (entry.record.is_over and entry.record.settled):
        raise BadInput(
            f"{entry.record.release} is {entry.record.status}, and would get its share back",
            where=model,
            fix="end it first: phasegate release step, or phasegate release rollback --reason ...",
        )
    switch_off(path, model, reason=reason, actor=getpass.getuser(), now=now())
    out.print(f"the kill switch of {model} is off", markup=False)
    target = _served(folder, model)
    if target is not None:
        target.revive()
        out.print("traffic follows its plan again")
    return ExitCode.PASSED


def _flag_file(flags: str, folder: Path) -> Path:
    from phasegate.local.releasing import switch_at
    from phasegate.release.kill_switch import is_provider

    if is_provider(flags):
        raise BadInput(
            "the flag is switched where its provider keeps it",
            where=flags,
            fix="phasegate traffic kill works at once, whatever the provider",
        )
    return Path(switch_at(folder, flags))


def _released(
    name: str, folder: Path, store: str, *, or_served: bool = False
) -> tuple[Releases, str]:
    from phasegate.local.releasing import release_store

    releases = release_store(folder, store)
    if name:
        return releases, name
    models = releases.models()
    if len(models) == 1:
        return releases, models[0]
    if not models and or_served:
        return releases, _model("", folder, store)
    raise BadInput(
        "several models have releases" if models else "no releases are kept here",
        where=releases.uri,
        expected=f"the name of one: {', '.join(models)}" if models else None,
        fix=None if models else "start one: phasegate release start --project PROJECT.yaml",
    )


def _model(name: str, folder: Path, store: str) -> str:
    """The model that is meant: the one that is served, else the only one that has releases."""
    if name:
        return name
    from phasegate.local.serving.running import SERVING, find_running

    try:
        return find_running(folder / SERVING).name
    except BadInput:
        return _released("", folder, store)[1]


def _served(folder: Path, model: str) -> ServedTarget | None:
    from phasegate.local.releasing import ServedTarget
    from phasegate.local.serving.running import SERVING

    target = ServedTarget(folder / SERVING, model)
    try:
        return target if target.running else None
    except BadInput:
        return None


def _traffic(target: ServedTarget | None) -> Traffic | None:
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
