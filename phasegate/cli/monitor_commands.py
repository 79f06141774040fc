"""Commands on monitoring: run, show, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import out, print_json
from phasegate.cli.pipeline_commands import COMPILED, WORKSPACE, JsonOption, WorkspaceOption
from phasegate.cli.release_options import FlagsOption, NowOption, event_time
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import environment

ENVIRONMENTS = ("core", "tfdv")

monitor = typer.Typer(
    help="Watch the served model, and decide: nothing, retrain, roll back, or ask a person.",
    epilog=(
        "`run` looks at the prediction log since the last run: features served otherwise than "
        "computed (skew), inputs and scores unlike the training data (drift), precision on labels "
        "and as estimated before them (performance). A sudden drop that a change explains is "
        "rolled back, a decline is retrained, anything else that is wrong is a person's: "
        "`phasegate change announce` tells it what was changed, `answer` what a person wants. "
        "Run it every day or so; `show` and `report` tell what came of it."
    ),
    no_args_is_help=True,
)
app.add_typer(monitor, name="monitor")

ProjectArgument = Annotated[
    Path, typer.Argument(help="Project file; its `monitoring` section holds the rules.")
]
ModelArgument = Annotated[
    str, typer.Argument(metavar="[NAME]", help="Model; needed where there are several.")
]
StoreOption = Annotated[
    str,
    typer.Option(
        help="Store of releases and the journal: a folder or gs:// address. \\[workspace/store]"
    ),
]


@monitor.command()
def run(
    project: ProjectArgument,
    store: StoreOption = "",
    log: Annotated[
        str,
        typer.Option(
            help="Store of the prediction log. \\[that of whoever serves, else the store]"
        ),
    ] = "",
    source: Annotated[
        str, typer.Option(help="What drift is counted from: log, or the sidecars' summaries.")
    ] = "log",
    since: Annotated[
        str, typer.Option(help="Start of the window, ISO 8601. \\[end of the last one]")
    ] = "",
    until: Annotated[
        str, typer.Option(help="End of the window, ISO 8601. \\[end of the last whole one]")
    ] = "",
    flags: FlagsOption = "",
    sink: Annotated[str, typer.Option(help="http address that takes CloudEvents.")] = "",
    cache: Annotated[bool, typer.Option(help="Reuse training steps that did not change.")] = True,
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Look at the champion once, through the compiled pipeline, and do what is decided.

    A training that is called for runs here and now; its model, if every gate lets it in, becomes
    the challenger, and a release takes it from there. Running twice, at once, or after a crash does
    no harm: a training is claimed first, in the journal.

    Exit code 0: nothing to do; 1: something was found, or done; 2: bad input; 3: internal error.
    """
    from phasegate.cli.monitor_summary import print_monitored, summarize_monitored
    from phasegate.cli.progress import StepLines
    from phasegate.clock import VARIABLE
    from phasegate.local.monitoring import claim_holder, monitoring_arguments
    from phasegate.local.run import run_pipeline
    from phasegate.local.tracking_server import tracking_variables
    from phasegate.local.workspace import Workspace
    from phasegate.project.load import load_project

    loaded, moment = load_project(project), event_time(now)
    if source not in ("log", "summaries"):
        raise BadInput(f"'{source}' is none", where="--source", expected="log or summaries")
    for name in ENVIRONMENTS:
        environment(name).require_current()
    place = Workspace(workspace.resolve())
    arguments = monitoring_arguments(
        loaded, place, store=store, log=log, flags=flags,
        source=source, sink=sink, since=since, until=until,
    )  # fmt: skip
    with (
        claim_holder(place, loaded.name) as holder,
        tracking_variables(place) as variables,
        StepLines() as lines,
    ):
        record, folder = run_pipeline(
            COMPILED / "monitoring.yaml",
            {**arguments, "holder": holder},
            project=loaded.name,
            workspace=place,
            variables={**variables, **({VARIABLE: moment.isoformat()} if now else {})},
            observer=lines,
            use_cache=cache,
        )
    summary = summarize_monitored(record, folder)
    if as_json:
        print_json(summary)
    else:
        print_monitored(summary)
    return summary["exit_code"]


@monitor.command()
def show(
    name: ModelArgument = "",
    last: Annotated[int, typer.Option(help="Entries of the timeline.", min=1)] = 15,
    store: StoreOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Show what was decided about a model, what was done, and what waits for a person."""
    from phasegate.cli.monitor_history import print_history, summarize_history
    from phasegate.monitoring.retraining.journal import open_journal

    address, model = journal_of(name, store, workspace)
    summary = summarize_history(open_journal(address, model), last)
    if as_json:
        print_json(summary)
    else:
        print_history(summary)
    return ExitCode.PASSED


@monitor.command()
def report(
    name: ModelArgument = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the page, HTML.")] = Path(
        "monitoring.html"
    ),
    store: StoreOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Write the timeline and the latest reports on decision, skew, drift, performance as a page."""
    from phasegate.local.monitoring import latest_reports
    from phasegate.local.workspace import Workspace
    from phasegate.monitoring.joined_page import joined_page
    from phasegate.monitoring.retraining.journal import open_journal
    from phasegate.monitoring.timeline import timeline

    address, model = journal_of(name, store, workspace)
    reports = latest_reports(Workspace(workspace.resolve()), model)
    page = joined_page(model, timeline(open_journal(address, model).entries()), reports)
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"it cannot be written ({error.strerror})", where=str(output)) from None
    out.print(f"wrote {output}", markup=False)
    return ExitCode.PASSED


def journal_of(name: str, store: str, workspace: Path) -> tuple[str, str]:
    """Address of the store, and the model that is meant."""
    from phasegate.monitoring.retraining.journal import models_with_journals
    from phasegate.release.store import default_uri

    address = store or default_uri(workspace.resolve())
    if name:
        return address, name
    models = models_with_journals(address)
    if len(models) == 1:
        return address, models[0]
    raise BadInput(
        "several models are monitored" if models else "nothing was monitored here yet",
        where=address,
        expected=f"the name of one: {', '.join(models)}" if models else None,
        fix=None if models else "phasegate monitor run PROJECT.yaml",
    )
