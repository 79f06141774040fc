"""Commands on traffic: show, set, mirror, kill, revive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import out, print_json
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.cli.serving_commands import NameArgument, percent
from phasegate.errors import ExitCode
from phasegate.local.serving.running import SERVING

if TYPE_CHECKING:
    from phasegate.traffic.plan import TrafficPlan

traffic = typer.Typer(
    help="See and change who answers the requests to a served model.", no_args_is_help=True
)
app.add_typer(traffic, name="traffic")

PercentArgument = Annotated[str, typer.Argument(metavar="PERCENT", help="0 to 100.")]


@traffic.command()
def show(
    name: NameArgument = "", workspace: WorkspaceOption = WORKSPACE, as_json: JsonOption = False
) -> int:
    """Show what the proxy does now: shares, health, requests, copies and what became of them."""
    from phasegate.cli.serving_view import print_traffic
    from phasegate.local.serving.running import find_running

    running = find_running(workspace.resolve() / SERVING, name)
    state = running.target.observe()
    if as_json:
        print_json(asdict(state))
    else:
        print_traffic(running, state)
    return ExitCode.PASSED


@traffic.command("set")
def set_command(
    share: PercentArgument,
    name: NameArgument = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Let the challenger answer so many percent of the requests.

    Entities that have met the challenger still do after its share grows.
    """
    weight = percent(share)
    return _change(name, workspace, lambda plan: plan.with_weight(weight))


@traffic.command()
def mirror(
    share: PercentArgument,
    name: NameArgument = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Copy so many percent of the champion's requests to the challenger, unseen by the callers."""
    copies = percent(share)
    return _change(name, workspace, lambda plan: plan.with_mirror(copies))


@traffic.command()
def kill(
    name: NameArgument = "",
    admin: Annotated[
        str, typer.Option(help="IP:PORT of the proxy's admin interface, if nothing else is left.")
    ] = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Champion only, at once, and no copies; needs nothing but the proxy itself.

    It holds, whatever shares are set later, until `phasegate traffic revive`.
    """
    from phasegate.traffic.envoy.kill import kill as pull

    folder = None
    if not admin:
        from phasegate.local.serving.running import find_running

        running = find_running(workspace.resolve() / SERVING, name)
        admin, folder = running.admin, running.proxy
    kept = pull(admin, folder)
    out.print("[bold]champion only[/]" + ("" if kept else ", until the proxy restarts"))
    return ExitCode.PASSED


@traffic.command()
def revive(name: NameArgument = "", workspace: WorkspaceOption = WORKSPACE) -> int:
    """End a kill: traffic follows the shares that are set."""
    from phasegate.local.serving.running import find_running

    running = find_running(workspace.resolve() / SERVING, name)
    running.target.revive()
    return show(running.name, workspace)


def _change(name: str, workspace: Path, change: Callable[[TrafficPlan], TrafficPlan]) -> int:
    from phasegate.local.serving.running import find_running

    running = find_running(workspace.resolve() / SERVING, name)
    running.target.change(change)
    return show(running.name, workspace)
