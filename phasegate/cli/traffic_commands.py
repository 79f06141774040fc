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
from phasegate.cli.release_options import TargetOption
from phasegate.cli.serving_commands import NameArgument, percent
from phasegate.errors import BadInput, ExitCode
from phasegate.local.serving.running import SERVING
from phasegate.traffic.addresses import open_parsed, parse_address

if TYPE_CHECKING:
    from phasegate.traffic.plan import TrafficPlan
    from phasegate.traffic.target import TrafficTarget

traffic = typer.Typer(
    help="See and change who answers the requests to a served model.", no_args_is_help=True
)
app.add_typer(traffic, name="traffic")

PercentArgument = Annotated[str, typer.Argument(metavar="PERCENT", help="0 to 100.")]


@traffic.command()
def show(
    name: NameArgument = "",
    target: TargetOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Show what the proxy does now: shares, health, requests, copies and what became of them."""
    from phasegate.cli.serving_view import print_traffic

    proxy, title = _proxy(name, target, workspace)
    state = proxy.observe()
    if as_json:
        print_json(asdict(state))
    else:
        print_traffic(title, state)
    return ExitCode.PASSED


@traffic.command("set")
def set_command(
    share: PercentArgument,
    name: NameArgument = "",
    target: TargetOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Let the challenger answer so many percent of the requests.

    Entities that have met the challenger still do after its share grows.
    """
    weight = percent(share)
    return _change(name, target, workspace, lambda plan: plan.with_weight(weight))


@traffic.command()
def mirror(
    share: PercentArgument,
    name: NameArgument = "",
    target: TargetOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Copy so many percent of the champion's requests to the challenger, unseen by the callers."""
    copies = percent(share)
    return _change(name, target, workspace, lambda plan: plan.with_mirror(copies))


@traffic.command()
def kill(
    name: NameArgument = "",
    target: TargetOption = "",
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
    if target and not admin:
        _proxy(name, target, workspace)[0].kill()
        out.print("[bold]champion only[/]")
        return ExitCode.PASSED
    if not admin:
        from phasegate.local.serving.running import find_running

        running = find_running(workspace.resolve() / SERVING, name)
        admin, folder = running.admin, running.proxy
    kept = pull(admin, folder)
    out.print("[bold]champion only[/]" + ("" if kept else ", until the proxy restarts"))
    return ExitCode.PASSED


@traffic.command()
def revive(
    name: NameArgument = "", target: TargetOption = "", workspace: WorkspaceOption = WORKSPACE
) -> int:
    """End a kill: traffic follows the shares that are set."""
    proxy, _ = _proxy(name, target, workspace)
    proxy.revive()
    return show(name, target, workspace)


def _change(
    name: str, target: str, workspace: Path, change: Callable[[TrafficPlan], TrafficPlan]
) -> int:
    proxy, _ = _proxy(name, target, workspace)
    proxy.change(change)
    return show(name, target, workspace)


def _proxy(name: str, target: str, workspace: Path) -> tuple[TrafficTarget, str]:
    """The proxy that is meant, and what it is called on screen."""
    if target:
        address = parse_address(target, where="--target")
        if name and address.name and name != address.name:
            raise BadInput(f"this is the traffic of {address.name}", where=f"--target {target}")
        return open_parsed(address), f"[bold]{name or address.name}[/] at {target}"
    from phasegate.local.serving.running import find_running

    running = find_running(workspace.resolve() / SERVING, name)
    return running.target, f"[bold]{running.name}[/] at {running.url}"
