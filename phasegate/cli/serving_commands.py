"""Commands on served models: serve, send, pairs."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import err, out, print_json
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.errors import BadInput, ExitCode
from phasegate.local.serving.running import SERVING
from phasegate.network import require_free

if TYPE_CHECKING:
    from phasegate.local.serving.models import ServedModel

NameArgument = Annotated[
    str, typer.Argument(metavar="[NAME]", help="Served model; needed where there are several.")
]


def percent(text: str) -> int:
    """Basis points of a percentage.

    Raises:
        typer.BadParameter: not a number from 0 to 100 with at most two decimals.
    """
    try:
        points = float(text.rstrip("%")) * 100
        if not 0 <= points <= 10_000 or abs(points - round(points)) > 1e-6:
            raise ValueError
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is not a percentage; expected 0 to 100, with at most two decimals"
        ) from None
    return round(points)


@app.command()
def serve(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="CHAMPION [CHALLENGER]",
            help="NAME@ALIAS or NAME/VERSION as registered, or the path of a model folder.",
        ),
    ],
    canary: Annotated[
        str, typer.Option(help="Percent of the requests that the challenger answers.")
    ] = "0",
    mirror: Annotated[
        str, typer.Option(help="Percent of the champion's requests copied to the challenger.")
    ] = "100",
    sticky: Annotated[
        str, typer.Option(help="Header whose equal values always meet the same model.")
    ] = "x-entity-id",
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.")] = 8080,
    project: Annotated[
        Path | None, typer.Option(help="Project file, whose serving section holds.")
    ] = None,
    log: Annotated[
        str, typer.Option(help="Store of the prediction log: folder or gs://. [workspace/log]")
    ] = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Serve a champion, and a challenger beside it, as production does: KServe behind Envoy.

    The challenger first gets copies of the champion's requests, whose answers nobody sees
    (--mirror), then a share of its own (--canary). Every prediction is logged under a request id
    that is the same for both. Ctrl-C ends it, without losing a request or a record.

    Change it while it runs: phasegate traffic set 5, traffic mirror 100, traffic kill.
    """
    shares = _shares(models, canary, mirror)
    require_free(port)

    from phasegate.cli.serving_view import TrafficLine, print_serving
    from phasegate.local.environments import environment
    from phasegate.local.serving.models import fetch_models
    from phasegate.local.serving.platform import LocalServing
    from phasegate.local.serving.running import Running, only_one
    from phasegate.local.serving.settings import ServingSettings, history_file
    from phasegate.local.workspace import Workspace
    from phasegate.project.load import load_project
    from phasegate.traffic.plan import Stickiness, TrafficPlan

    settings = ServingSettings.of(load_project(project).sections) if project else ServingSettings()
    for name in ("core", settings.sidecar_environment):
        environment(name).require_current()
    place = Workspace(workspace.resolve())
    found = fetch_models(models, place, place.folder / SERVING / "models")
    if len({model.digest for model in found}) < len(found):
        raise BadInput(
            "champion and challenger are the same model",
            where=" and ".join(models),
            fix="leave one out",
        )
    name = found[0].name
    folder = place.folder / SERVING / name
    store = log or str(place.folder / "log")
    stopped = threading.Event()
    with (
        only_one(folder, name),
        LocalServing(
            folder, store, settings, port=port, say=lambda text: err.print(text, markup=False)
        ) as serving,
    ):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        if settings.takes_events:
            _fill_history(history_file(folder), found, settings.key)
        backends = serving.start_all(found)
        # Salted by the challenger: each one meets other entities first.
        cohorts = Stickiness(sticky, backends[-1].name)
        serving.open(TrafficPlan(*backends, weight=shares[0], mirror=shares[1], stickiness=cohorts))
        running = Running.of(serving, found, backends)
        running.save(folder)
        print_json(asdict(running)) if as_json else print_serving(running, shares)
        with TrafficLine(serving.target) as line:
            while not stopped.wait(1.0):
                serving.look_after()
                line.update()
        err.print("stopping: requests in flight are answered, logs are sealed")
    return ExitCode.PASSED


def _shares(models: list[str], canary: str, mirror: str) -> tuple[int, int]:
    """The challenger's share and that of copies, in basis points; 0 without a challenger."""
    if len(models) > 2:
        raise BadInput(f"{len(models)} models", expected="a champion and at most one challenger")
    shares = percent(canary), percent(mirror)
    if len(models) == 2:
        return shares
    if shares[0]:
        raise BadInput(f"there is no challenger to answer {canary} % of the requests")
    return 0, 0


def _fill_history(file: Path, models: list[ServedModel], key: str) -> None:
    from phasegate.cli.progress import progress_bar
    from phasegate.local.serving.past import fill_history

    with progress_bar() as bar:
        task = bar.add_task("", title="history", total=1.0)
        events = fill_history(
            file, models, key,
            lambda share, said: bar.update(task, completed=share, description=said),
        )  # fmt: skip
    if events:
        err.print(f"the past begins with {events:,} events of the model's snapshot")


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file, or a folder of them.")],
    name: NameArgument = "",
    rate: Annotated[float, typer.Option(help="Requests a second; 0 is as fast as it goes.")] = 0,
    rows: Annotated[int, typer.Option(help="Send only so many; 0 is all.")] = 0,
    time: Annotated[
        str, typer.Option(help="Column of the event time. [_time, if there is one]")
    ] = "",
    entity: Annotated[
        str, typer.Option(help="Column that cohorts stick to. [_entity, if there is one]")
    ] = "",
    key: Annotated[
        str, typer.Option(help="Column that names each request. [_row, if there is one]")
    ] = "",
    prefix: Annotated[
        str | None,
        typer.Option(
            help="Before each request's id; another one for each replay, or '' where ids must be "
            "the labels' keys.",
            show_default="the time",
        ),
    ] = None,
    project: Annotated[
        Path | None, typer.Option(help="Project file, for the columns: time, entity and key.")
    ] = None,
    url: Annotated[str, typer.Option(help="Where to send; by default what is served here.")] = "",
    in_flight: Annotated[int, typer.Option(help="Requests waiting for their answer.")] = 32,
    timeout: Annotated[float, typer.Option(help="Seconds for one request.")] = 30,
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Replay a table as requests, one a row, keeping the rows' own event times.

    With a model that `phasegate serve` serves, ends with who answered, and for how many of the
    champion's requests there is a matching answer of the shadow. Exit code 1 if a request failed.
    """
    from phasegate.cli.progress import progress_bar
    from phasegate.cli.serving_view import print_sent
    from phasegate.clock import now
    from phasegate.local.serving.requests import Columns, RequestTable
    from phasegate.local.serving.running import find_running
    from phasegate.local.serving.sealed import await_log
    from phasegate.local.serving.sending import send as send_requests
    from phasegate.project.load import load_project
    from phasegate.serving.client import ModelClient, ServingFailure

    if url and not url.startswith("http://"):
        raise BadInput(f"'{url}' is not an address", where="--url", expected="http://HOST:PORT")
    running = None if url else find_running(workspace.resolve() / SERVING, name)
    address, model = (running.url, running.name) if running else (url, name)
    if not model:
        raise BadInput(
            "the model has no name", where="send", fix="name it: phasegate send FILE NAME"
        )
    try:
        with ModelClient(address, model) as client:
            inputs = client.inputs()
    except ServingFailure as failure:
        raise BadInput(str(failure)) from None
    batch = f"{now():%Y%m%dT%H%M%S.%f}-" if prefix is None else prefix
    data = load_project(project).sections["data"] if project else {}
    asked = {"time": time, "entity": entity, "key": key}
    columns = Columns(**{role: name or data.get(role) or "" for role, name in asked.items()})
    table = RequestTable(file, inputs, columns, limit=max(rows, 0), prefix=batch)
    with progress_bar() as bar:
        task = bar.add_task("", title="send", total=1.0)
        sent = send_requests(
            table, f"{address}/v1/models/{model}:predict",
            total=table.rows, rate=rate, in_flight=in_flight, timeout=timeout,
            progress=lambda share, said: bar.update(task, completed=share, description=said),
        )  # fmt: skip
        matching = None
        if running and sent.by_role:
            bar.update(task, completed=1.0, description="waiting for the log")
            matching = await_log(running, batch, sent.by_role.total())
    if as_json:
        print_json(sent.to_json() | {"matched": matching.to_json() if matching else None})
    else:
        print_sent(sent, matching)
    return ExitCode.BLOCKED if sent.errors else ExitCode.PASSED


@app.command()
def label(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file, or a folder of them.")],
    project: Annotated[Path, typer.Option(help="Project file, for the columns.")],
    name: NameArgument = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Tell a served model's past which events turned out positive, for windows over the label.

    For models that are served with `serving.inputs: events`; may be run again.
    """
    from phasegate.local.serving.models import ServedModel
    from phasegate.local.serving.past import add_labels
    from phasegate.local.serving.running import find_running
    from phasegate.local.serving.settings import history_file
    from phasegate.project.load import load_project

    folder = workspace.resolve() / SERVING
    running = find_running(folder, name)
    history = history_file(folder / running.name)
    if not history.is_file():
        raise BadInput(
            "is served with features, and keeps no past of events",
            where=running.name,
            fix="set serving.inputs: events in the project, and phasegate serve --project",
        )
    champion = running.models["champion"]
    served = ServedModel(
        "", running.name, champion["version"], champion["digest"], Path(champion["folder"])
    )
    data = load_project(project).sections["data"]
    found = add_labels(history, served, file, data["key"], data["label"]["column"])
    out.print(f"{found.known:,} labels added, {found.unknown:,} of events that are not in the past")
    return ExitCode.PASSED


@app.command()
def pairs(
    name: NameArgument = "",
    since: Annotated[str, typer.Option(help="Event time from which on, ISO 8601.")] = "",
    until: Annotated[str, typer.Option(help="Event time before which, ISO 8601.")] = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Compare champion and shadow on the same requests, from the prediction log.

    Says how many of the champion's requests the shadow answered too, and why not the others; in
    how many the two decide differently, and by how much their scores differ.
    """
    from phasegate.cli.serving_view import print_matching
    from phasegate.local.serving.running import find_running
    from phasegate.local.serving.sealed import matching_of

    running = find_running(workspace.resolve() / SERVING, name)
    matching = matching_of(running, since=since, until=until)
    if as_json:
        print_json(matching.to_json())
    else:
        print_matching(matching)
        out.print(f"log {running.log}", markup=False)
    return ExitCode.PASSED
