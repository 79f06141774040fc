"""Commands on pipelines: compile, run, show, reproduce, ui."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import err, out, print_json
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import ROOT, environment

COMPILED = ROOT / "pipelines" / "compiled"
ENVIRONMENTS = ("core", "tfdv")

WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace", envvar="PHASEGATE_WORKSPACE",
        help="Folder of runs, store, cache and tracking data.",
    ),
]  # fmt: skip
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
WORKSPACE = Path(".phasegate")


@app.command("compile")
def compile_command(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file is not up to date.")
    ] = False,
    images: Annotated[
        Path | None,
        typer.Option(
            envvar="PHASEGATE_IMAGES",
            help="File of image digests to pin; `phasegate images build --push` writes it.",
        ),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(help="Project file whose `kubernetes` section is put into every step."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the compiled pipelines alone, which --images and --project need."
        ),
    ] = None,
) -> int:
    """Compile the pipelines to YAML, and write each component's README from its contract.

    With --images, the pipelines run in exactly the images that were pushed. Digests of images
    that were built from another lock or other code are refused.

    With --project, steps have the Secrets, volumes, nodes and so on that its `kubernetes` section
    names. Such pipelines still run on any machine: local runs do not look at it.
    """
    for option, given in (("--images", images), ("--project", project)):
        if given and not output:
            raise BadInput(
                "such pipelines belong to one cluster, and not into Phasegate's own folder",
                where=option,
                fix="name another folder with --output",
            )
    from phasegate.project.load import load_project

    if images:  # components read it when they are imported
        os.environ["PHASEGATE_IMAGES"] = str(images.resolve())
    compilation = importlib.import_module("pipelines.compilation")
    changed = compilation.write_all(
        check=check,
        output=output and output.resolve(),
        platforms=load_project(project).platform if project else None,
    )
    for path in changed:
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        out.print(f"{'stale' if check else 'wrote'} {shown}", markup=False)
    if check and changed:
        raise BadInput("generated files are not up to date", fix="run phasegate compile")
    if not changed:
        out.print("everything is up to date")
    return ExitCode.PASSED


@app.command()
def run(
    project: Annotated[Path, typer.Argument(help="Project file; `phasegate init` writes one.")],
    workspace: WorkspaceOption = WORKSPACE,
    store: Annotated[
        str, typer.Option(help="Store of snapshots: a folder or gs:// address. [workspace/store]")
    ] = "",
    compiled: Annotated[
        Path,
        typer.Option(
            help="Folder of our compiled pipelines, such as those of a cluster. "
            "\\[those of the package]",
            show_default=False,
        ),
    ] = COMPILED,
    cache: Annotated[bool, typer.Option(help="Reuse steps whose inputs did not change.")] = True,
    as_json: JsonOption = False,
) -> int:
    """Train, gate and register a model on this machine, through the compiled pipeline.

    Every step runs in its own environment. A run that was interrupted resumes from what was
    finished. Exit code 0: registered; 1: blocked by a gate; 2: bad input; 3: internal error.

    Without MLFLOW_TRACKING_URI, an MLflow server on SQLite is started for the run.
    """
    from phasegate.cli.progress import StepLines
    from phasegate.cli.summary import print_summary, summarize
    from phasegate.local.run import run_pipeline
    from phasegate.local.tracking_server import tracking_variables
    from phasegate.local.workspace import Workspace
    from phasegate.project.load import load_project

    loaded = load_project(project)
    pipeline = compiled / "training.yaml"
    if not pipeline.is_file():
        raise BadInput(
            "there is no training.yaml",
            where=str(compiled),
            fix="phasegate compile --output writes our pipelines into a folder",
        )
    for name in ENVIRONMENTS:
        environment(name).require_current()
    place = Workspace(workspace.resolve())
    arguments = {**loaded.parameters(), "store": store or str(place.store)}
    with tracking_variables(place) as variables, StepLines() as lines:
        record, folder = run_pipeline(
            pipeline,
            arguments,
            project=loaded.name,
            workspace=place,
            variables=variables,
            observer=lines,
            use_cache=cache,
        )
    summary = summarize(record, folder)
    if as_json:
        print_json(summary)
    else:
        print_summary(summary)
    return record.code


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="[RUN]", help="A run, or part of its name; else the latest.")
    ] = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Show a run: its steps, artifacts, verdicts and reports."""
    from phasegate.cli.summary import print_steps, print_summary, summarize
    from phasegate.local.record import RunRecord
    from phasegate.local.workspace import Workspace

    folder = _find_run(Workspace(workspace.resolve()).runs, name)
    record = RunRecord.load(folder)
    summary = summarize(record, folder)
    if as_json:
        print_json(summary)
    else:
        out.print(f"[bold]{record.name}[/] {record.pipeline} {record.state}")
        print_steps(record)
        print_summary(summary)
    return ExitCode.PASSED


def _find_run(runs: Path, name: str) -> Path:
    known = sorted(path for path in runs.glob("*") if (path / "run.json").is_file())
    by_age = sorted(known, key=lambda path: (path / "run.json").stat().st_mtime)
    matching = [path for path in by_age if name in path.name]
    exact = [path for path in matching if path.name == name]
    if matching:
        return (exact or matching)[-1]
    raise BadInput(
        f"there is no run '{name}'" if name else "there are no runs",
        where=str(runs),
        expected=f"one of {', '.join(path.name for path in by_age[-5:])}" if known else None,
        fix=None if known else "phasegate run PROJECT.yaml makes one",
    )


@app.command()
def reproduce(
    model: Annotated[str, typer.Argument(help="NAME@ALIAS or NAME/VERSION, as registered.")],
    project: Annotated[
        Path | None, typer.Option(help="Project file to compare the recorded parameters with.")
    ] = None,
    recorded_lock: Annotated[
        bool, typer.Option(help="Rebuild the environment from the lock recorded with the model.")
    ] = False,
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Make a registered model again from its provenance and compare it byte for byte.

    Exit code 0: byte-identical; 1: it differs, and the inputs that differ are named.
    """
    from phasegate.cli.progress import StepLines
    from phasegate.local.reproduction import reproduce_model
    from phasegate.local.workspace import Workspace
    from phasegate.project.load import load_project

    against = json.dumps(load_project(project).sections) if project else ""
    place = Workspace(workspace.resolve())
    with StepLines() as lines:
        judgement = reproduce_model(
            COMPILED / "reproduction.yaml", model, against,
            workspace=place, observer=lines, recorded_lock=recorded_lock,
        )  # fmt: skip
    if as_json:
        print_json(json.loads(judgement.to_json()))
    elif judgement.outcome == "PASS":
        out.print(f"[bold green]byte-identical[/] {model}, model {judgement.subject_digest[:12]}")
    else:
        same = judgement.outcome == "INCONCLUSIVE"
        title = "[yellow]same bytes, from other inputs[/]" if same else "[bold red]differs[/]"
        out.print(f"{title} {model}")
        for reason in judgement.reasons:
            out.print(f"  • {reason}", markup=False)
    return ExitCode.PASSED if judgement.outcome == "PASS" else ExitCode.BLOCKED


@app.command()
def ui(
    workspace: WorkspaceOption = WORKSPACE,
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 5000,
) -> int:
    """Open the workspace's MLflow: runs, metrics, registered models. Ctrl-C ends it."""
    from phasegate.local.tracking_server import DATABASE, SERVER_VARIABLES, server_arguments
    from phasegate.local.workspace import Workspace

    folder = Workspace(workspace.resolve()).tracking
    if not (folder / DATABASE).is_file():
        raise BadInput("has no tracking data yet", where=str(folder), fix="phasegate run first")
    err.print(f"MLflow at http://127.0.0.1:{port}")
    command = [sys.executable, "-m", "mlflow", *server_arguments(folder, port)]
    os.execve(sys.executable, command, {**os.environ, **SERVER_VARIABLES})
