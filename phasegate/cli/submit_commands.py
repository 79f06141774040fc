"""Submit a compiled pipeline to Kubeflow Pipelines, and follow its run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from phasegate.cli.app import app
from phasegate.cli.console import err, print_json
from phasegate.cli.pipeline_commands import COMPILED, JsonOption
from phasegate.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from phasegate.kubeflow.api import Kubeflow
    from phasegate.kubeflow.compiled import Compiled
    from phasegate.kubeflow.objects import Run
    from phasegate.kubeflow.submitting import Submitted
    from phasegate.project.load import Project

PIPELINES = ("training", "deployment", "release", "monitoring")
INTERRUPTED = 130

EndpointOption = Annotated[
    str,
    typer.Option(
        envvar="KFP_ENDPOINT",
        help="Address of Kubeflow Pipelines. \\[that of the cluster this runs in]",
    ),
]
NamespaceOption = Annotated[
    str,
    typer.Option(
        envvar="KFP_NAMESPACE", help="Your profile's namespace, where the backend has several."
    ),
]
RetryOption = Annotated[
    float, typer.Option(help="Seconds for which a call is repeated.", min=0, hidden=True)
]


@app.command()
def submit(
    project: Annotated[
        Path | None, typer.Argument(help="Project file, which parameters are made from.")
    ] = None,
    pipeline: Annotated[
        str,
        typer.Option(
            help="training, deployment, release, monitoring, or a compiled pipeline's file."
        ),
    ] = "training",
    compiled: Annotated[
        Path,
        typer.Option(
            help="Folder of our compiled pipelines, such as pinned ones. \\[those of the package]",
            show_default=False,
        ),
    ] = COMPILED,
    param: Annotated[
        list[str] | None,
        typer.Option(help="Parameter as NAME=VALUE; again for more. Never a secret."),
    ] = None,
    store: Annotated[
        str, typer.Option(envvar="PHASEGATE_STORE", help="Store that the pods reach: gs://...")
    ] = "",
    log: Annotated[str, typer.Option(help="Store of the prediction log. \\[the store]")] = "",
    target: Annotated[
        str, typer.Option(envvar="PHASEGATE_TARGET", help="Where traffic is, for the pods.")
    ] = "",
    flags: Annotated[
        str,
        typer.Option(
            envvar="PHASEGATE_FLAGS",
            help="Kill switch as the pods find it: a file, or module:factory of a provider.",
        ),
    ] = "",
    sink: Annotated[str, typer.Option(help="http address that takes CloudEvents.")] = "",
    experiment: Annotated[
        str, typer.Option(help="Experiment; made if need be. \\[the project's name]")
    ] = "",
    prefix: Annotated[
        bool, typer.Option("--prefix", help="Name the pipeline after the project as well.")
    ] = False,
    run_name: Annotated[
        str,
        typer.Option(help="Name of the run; one that is there is followed, and not started again."),
    ] = "",
    service_account: Annotated[
        str, typer.Option(help="ServiceAccount of the pods. \\[the project's, or the backend's]")
    ] = "",
    endpoint: EndpointOption = "",
    namespace: NamespaceOption = "",
    wait: Annotated[bool, typer.Option(help="Follow the run to its end.")] = True,
    every: Annotated[float, typer.Option(help="Seconds between looks.", min=0.05)] = 5.0,
    retry_seconds: RetryOption = 30.0,
    as_json: JsonOption = False,
) -> int:
    """Upload a compiled pipeline to Kubeflow Pipelines, start a run of it, and follow it.

    What was uploaded before is used again. Ctrl-C stops following, and not the run.

    Exit code 0: passed; 1: blocked by a gate; 2: bad input; 3: internal error. With --no-wait, 0
    means that the run was started.

    Who asks is shown by a ServiceAccount's token (KF_PIPELINES_SA_TOKEN_PATH, or the one that is
    mounted), by Google's IAP (IAP_CLIENT_ID and application default credentials), or by a browser's
    session cookie in a file (KFP_COOKIE_FILE).
    """
    from phasegate.cli.submit_view import print_started
    from phasegate.kubeflow.api import connect
    from phasegate.kubeflow.arguments import (
        check_arguments,
        machine_bound,
        parse_argument,
        project_arguments,
    )
    from phasegate.kubeflow.compiled import load_compiled
    from phasegate.kubeflow.submitting import submit as start
    from phasegate.project.load import load_project

    loaded = load_project(project) if project else None
    found = load_compiled(_file_of(pipeline, compiled))
    place = {"store": store, "log": log, "target": target, "flags": flags, "sink": sink}
    given: dict[str, Any] = {
        name: value for name, value in place.items() if value and name in found.parameters
    }
    if loaded:
        _check_platform(found, loaded, compiled)
        given |= project_arguments(found, loaded, place)
        _warn(machine_bound(found, loaded, place))
        service_account = service_account or loaded.service_account(_components(found))
    given |= dict(parse_argument(found, one) for one in param or ())
    parameters = check_arguments(found, given)
    if prefix and not loaded:
        raise BadInput("needs a project", where="--prefix", fix="name its file as well")
    backend = connect(endpoint, namespace=namespace, retry_seconds=retry_seconds)
    submitted = start(
        backend,
        found,
        parameters,
        experiment=experiment or (loaded.name if loaded else found.name),
        prefix=loaded.name if loaded and prefix else "",
        run_name=run_name,
        service_account=service_account,
    )
    print_started(backend, submitted)
    if not wait:
        return _finish(backend, found, submitted, as_json, None)
    return _follow(backend, found, submitted, every, as_json)


def _file_of(pipeline: str, folder: Path) -> Path:
    if pipeline in PIPELINES:
        return folder / f"{pipeline}.yaml"
    if pipeline.endswith((".yaml", ".yml")):
        return Path(pipeline)
    raise BadInput(
        f"there is no pipeline '{pipeline}'",
        where="--pipeline",
        expected=f"{', '.join(PIPELINES)} or a .yaml file",
    )


def _components(compiled: Compiled) -> set[str]:
    return {one.component.replace("-", "_") for one in compiled.steps.values()}


def _check_platform(compiled: Compiled, project: Project, folder: Path) -> None:
    """The package's own pipelines know no project's settings of a cluster."""
    from phasegate.project.platform import Platform

    own = folder == COMPILED and compiled.path.parent == COMPILED
    if own and any(project.platform(one) != Platform() for one in _components(compiled)):
        raise BadInput(
            "the project's kubernetes section is not in this compiled pipeline",
            where=str(compiled.path),
            fix="run phasegate compile --project FILE --output FOLDER, and give --compiled FOLDER",
        )


def _warn(names: tuple[str, ...]) -> None:
    if names:
        err.print(
            f"[yellow]careful:[/] {', '.join(names)}: paths of this machine, which pods see only"
            " on a volume; gs:// addresses are seen everywhere"
        )


def _follow(
    backend: Kubeflow, compiled: Compiled, submitted: Submitted, every: float, as_json: bool
) -> int:
    from phasegate.cli.submit_view import TaskLines
    from phasegate.kubeflow.following import follow

    run = submitted.run
    try:
        with TaskLines() as lines:
            ended = follow(backend, compiled, run.id, lines, every=every)
    except KeyboardInterrupt:
        err.print(
            f"[yellow]stopped following[/]: the run goes on at {escape(backend.run_link(run.id))}"
        )
        err.print(f"to follow it again: --run-name {run.name} in the same command", markup=False)
        return INTERRUPTED
    except Unavailable as error:
        raise Unavailable(
            f"{error.what}; the run goes on",
            where=f"run {run.name}",
            fix=f"follow it again with --run-name {run.name} in the same command",
        ) from None
    return _finish(backend, compiled, submitted, as_json, ended)


def _finish(
    backend: Kubeflow, compiled: Compiled, submitted: Submitted, as_json: bool, ended: Run | None
) -> int:
    from phasegate.cli.submit_view import print_ended, summarize

    summary = summarize(backend, compiled, submitted, ended)
    if as_json:
        print_json(summary)
    else:
        print_ended(summary, ended=ended is not None)
    return summary["exit_code"]
