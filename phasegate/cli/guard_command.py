"""The command of the guard: `phasegate release watch`, on this machine or in a pod."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from typing import Annotated

import typer

from phasegate.cli.console import err, out
from phasegate.cli.pipeline_commands import WORKSPACE, WorkspaceOption
from phasegate.cli.release_commands import release
from phasegate.cli.release_options import (
    FlagsOption,
    NameArgument,
    NowOption,
    StoreOption,
    TargetOption,
    event_clock,
)
from phasegate.cli.release_place import Place
from phasegate.errors import ExitCode


@release.command()
def watch(
    name: NameArgument = "",
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 2.0,
    target: TargetOption = "",
    store: StoreOption = "",
    flags: FlagsOption = "",
    health_port: Annotated[
        int,
        typer.Option(
            help="Port that answers GET /healthz: 200 while looks end in time, else 503. \\[none]",
            min=0,
            max=65_535,
        ),
    ] = 0,
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Guard a served model: roll back at once when the kill switch or the proxy's counts say so.

    Looks at the kill switch and the proxy only, so that it needs neither log nor labels; says one
    line for each change, and goes on whatever fails. While the store does not answer it can still
    pull the proxy's kill switch, and records the rollback later. Ctrl-C ends it.

    On a cluster: phasegate release watch --target kserve-gateway:NS/NAME --store gs://BUCKET/PREFIX
    --flags FILE --health-port 8081. With --now, event time starts there and runs with the clock.
    """
    from phasegate.release.drivers.guard import watch as guard
    from phasegate.release.drivers.liveness import Heartbeat, told

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clock, heartbeat = event_clock(now), Heartbeat(every)
    place = Place(workspace.resolve(), target, store, flags)
    with ExitStack() as stack:
        world = stack.enter_context(place.world(name, actor="guard", retry_seconds=every))
        if health_port:
            stack.enter_context(told(heartbeat, health_port))
        err.print(f"guarding {world.model}; Ctrl-C ends it", markup=False)
        guard(
            world, every, stop, clock=clock, looked=heartbeat.beat,
            say=lambda text: out.print(f"{clock():%Y-%m-%d %H:%M:%S} {text}", markup=False),
        )  # fmt: skip
    return ExitCode.PASSED
