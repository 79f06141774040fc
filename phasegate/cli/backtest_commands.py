"""Command that replays release policies over the past: backtest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phasegate.cli.app import app
from phasegate.cli.console import out, print_json
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from phasegate.local.serving.models import ServedModel
    from phasegate.release.backtest.past import Past
    from phasegate.release.backtest.study import Candidate
    from phasegate.release.policy import Labels, Policy


@app.command()
def backtest(
    challenger: Annotated[
        str, typer.Argument(help="NAME@ALIAS or NAME/VERSION as registered, or a model folder.")
    ],
    project: Annotated[
        list[Path] | None, typer.Option(help="Project file, whose release section is replayed.")
    ] = None,
    policy: Annotated[
        list[Path] | None, typer.Option(help="Policy as JSON, as the audit log has it.")
    ] = None,
    champion: Annotated[
        str, typer.Option(help="Who answered, or would have. [NAME@champion]")
    ] = "",
    traffic: Annotated[
        Path | None,
        typer.Option(help="Feature set of a run as past traffic, instead of the log."),
    ] = None,
    log: Annotated[
        str, typer.Option(help="Store of the prediction log: folder or gs://. [workspace/log]")
    ] = "",
    labels: Annotated[
        str, typer.Option(help="Labels, instead of the policy's source; columns stay the same.")
    ] = "",
    every: Annotated[str, typer.Option(help="Event time between two looks.")] = "1d",
    since: Annotated[str, typer.Option(help="Event time at which releases start.")] = "",
    until: Annotated[str, typer.Option(help="Event time at which the replay ends.")] = "",
    salt: Annotated[
        str, typer.Option(help="Draws other cohorts. [the challenger's, as the proxy does]")
    ] = "",
    report: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the report, HTML.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Replay release policies over past traffic: when would they have decided what, at what cost?

    The challenger's scores are worked out offline. Event by event, cohorts are those that the
    proxy would have drawn, labels are known when they were, and the decisions are production's.
    Several policies (--project and --policy, any number of times) are compared side by side.
    """
    if not (project or policy):
        raise BadInput("there is no policy to replay", fix="name one: --project PROJECT.yaml")
    begin, end, cadence = _time(since, "--since"), _time(until, "--until"), _cadence(every)

    from phasegate.cli.backtest_view import print_backtest
    from phasegate.cli.progress import progress_bar
    from phasegate.local.serving.models import fetch_models
    from phasegate.local.workspace import Workspace
    from phasegate.project.load import load_project
    from phasegate.release.backtest.document import document
    from phasegate.release.backtest.page import backtest_page
    from phasegate.release.backtest.run import Question
    from phasegate.release.backtest.run import backtest as run_backtest

    place = Workspace(workspace.resolve())
    loaded = [load_project(path) for path in project or ()]
    names = _distinct([*(project or ()), *(policy or ())])
    name = loaded[0].name if loaded else _name_of(challenger)
    folder = place.folder / "serving" / "models"
    models = fetch_models([champion or f"{name}@champion", challenger], place, folder)
    source = _labels(labels, traffic)
    policies = [_with_labels(one, source) for one in loaded]
    policies += [_labelled(_read_policy(path), source) for path in policy or ()]
    candidates = tuple(_candidate(*both) for both in zip(names, policies, strict=True))
    past = _past(traffic, log or str(place.folder / "log"), models[0], place.folder, begin, end)
    question = Question(
        *models, past, candidates, cadence, place.folder / "backtest", begin, end, salt,
        loaded[0].sections["serving"]["log"]["sensitive"] if loaded and past.is_log else {},
    )  # fmt: skip
    with progress_bar() as bar:
        task = bar.add_task("", title="backtest", total=1.0)
        found = run_backtest(
            question, lambda share, said: bar.update(task, completed=share, description=said)
        )
    if report:
        report.write_text(backtest_page(found), encoding="utf-8")
    if as_json:
        print_json(document(found))
    else:
        print_backtest(found)
        if report:
            out.print(f"report   file://{report.resolve()}", markup=False)
    return ExitCode.PASSED


def _past(
    traffic: Path | None, log: str, champion: ServedModel, folder: Path,
    since: datetime | None, until: datetime | None,
) -> Past:  # fmt: skip
    from phasegate.release.backtest.past import past_of_features, past_of_log
    from phasegate.store.named import open_named

    if traffic is not None:
        return past_of_features(traffic)
    fetched = folder / "backtest" / "log"
    store = open_named(log)
    return past_of_log(store, champion.name, champion.digest, fetched, since, until)


def _labels(source: str, traffic: Path | None) -> dict[str, Any]:
    """What of the labels the command line says; a feature set has its own."""
    if source:
        return {"source": source if "://" in source else str(Path(source).resolve())}
    if traffic is not None:
        return {"source": str(traffic.resolve()), "key": "_row", "column": "_label", "positive": 1}
    return {}


def _with_labels(project: Any, labels: dict[str, Any]) -> Policy:
    # The business metric is derived only where there are labels, so they come first.
    section = {**project.sections["release"]}
    section["labels"] = {**section["labels"], **labels}
    return replace(project, sections={**project.sections, "release": section}).policy()


def _labelled(policy: Policy, labels: dict[str, Any]) -> Policy:
    changed: Labels = replace(policy.labels, **labels)
    return replace(policy, labels=changed)


def _read_policy(path: Path) -> Policy:
    from phasegate.release.policy import Policy

    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read ({error})", where=str(path), expected="JSON") from None
    return Policy.from_json(value, str(path))


def _candidate(name: str, policy: Policy) -> Candidate:
    from phasegate.release.backtest.study import Candidate

    return Candidate(name, policy)


def _distinct(paths: list[Path]) -> list[str]:
    """A name for each file: its own, or the path where two have the same."""
    stems = [path.stem for path in paths]
    names = [
        stem if stems.count(stem) == 1 else str(path)
        for stem, path in zip(stems, paths, strict=True)
    ]
    if len(set(names)) < len(names):
        raise BadInput("a policy is named twice", where=names[0], fix="leave one out")
    return names


def _name_of(reference: str) -> str:
    from phasegate.models import Model

    if Path(reference).is_dir():
        return Model.load(reference).name
    return reference.partition("@")[0].rpartition("/")[0] or reference.partition("@")[0]


def _cadence(text: str):
    from phasegate.project.durations import parse_duration

    found = parse_duration(text)
    if not found:
        raise BadInput("looks take place at one time", where="--every", expected="such as 1d or 6h")
    return found


def _time(text: str, option: str) -> datetime | None:
    from phasegate.clock import time_of

    return time_of(text, option) if text else None
