"""A replay from its beginning to its page."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from examples.production.production import Production
from examples.replay import view
from examples.replay.first import train_first, write_project
from examples.replay.operations import Operations
from examples.replay.page import six_months_page, write_page
from examples.replay.platform import DataPlatform
from examples.replay.record import History
from examples.replay.story import Story
from examples.replay.summary import Summary, summarize
from examples.replay.twin import Twin
from examples.replay.warehouse import Warehouse
from phasegate.errors import BadInput
from phasegate.local.serving.models import fetch_models
from phasegate.local.serving.settings import ServingSettings
from phasegate.local.tracking_server import tracking_variables
from phasegate.local.workspace import Workspace
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.project.load import Project, load_project
from phasegate.release.store import default_uri, open_releases
from phasegate.release.store.auditing import audited

DATA, LOCK, PAGE = "data", "replay.lock", "six-months.html"
NOTES = (
    "Without: the first model's bytes, asked the same requests in the same order, bug included. "
    "It was even spared most of the bug, which Phasegate took back.",
    "A day's precision is that of the four weeks up to its end, on all labels, also those that "
    "nobody had by then, without decisions on broken features; a day with such decisions is below "
    "the floor if they are. Both worlds are told alike.",
)


@dataclass(frozen=True)
class Told:
    """What a replay has told.

    Attributes:
        history: what happened.
        summary: what it came to.
        audit: what the verification of audit log and journal came to.
        page: all of it to read.
    """

    history: History
    summary: Summary
    audit: str
    page: Path


def replay(workspace: Path, story: Story, project_file: Path) -> Told:
    """Live through a story, and tell it; what an earlier replay has left, but for data, is removed.

    Args:
        workspace: folder of everything.
        project_file: whose addresses of data are replaced by those of the workspace.

    Raises:
        BadInput: something was refused, or failed.
    """
    with _alone(workspace):
        return _replay(workspace, story, project_file)


def _replay(workspace: Path, story: Story, project_file: Path) -> Told:
    _clear(workspace)
    warehouse = Warehouse(workspace / DATA, story)
    view.say(f"simulating {story.simulated} weeks to learn from and {story.weeks} to live through")
    warehouse.prepare(load_project(project_file))
    warehouse.reset()
    path = write_project(project_file, warehouse, workspace)
    project, place = load_project(path), Workspace(workspace)
    # MLflow's client takes the address from the environment in more places than arguments.
    with tracking_variables(place) as variables, mock.patch.dict(os.environ, variables):
        view.print_title("the first model, through the training pipeline")
        train_first(path, workspace, variables, story.live_from)
        with _running(project, place, variables, warehouse) as operations:
            history = _live(operations, project, story)
    return _told(history, project, place, story)


@contextmanager
def _running(
    project: Project, place: Workspace, variables: Mapping[str, str], warehouse: Warehouse
) -> Iterator[Operations]:
    """Everything that runs, for the context's time."""
    story = warehouse.story
    (champion,) = fetch_models(
        [f"{project.name}@champion"], place, place.folder / "serving" / "models"
    )
    journal = open_journal(default_uri(place.folder), project.name)
    with ExitStack() as stack:
        production = stack.enter_context(
            Production(
                place.folder, champion, story.live_from, view.say, actor="release pipeline",
                policy=project.policy(), settings=ServingSettings.of(project.sections), brisk=True,
            )
        )  # fmt: skip
        platform = stack.enter_context(
            DataPlatform(journal, story.bug_at, lambda: production.now, view.say)
        )
        twin = stack.enter_context(Twin(champion, place.folder))
        operations = Operations(
            project, place, variables, warehouse, production, platform, twin, journal
        )
        stack.callback(operations.close)
        yield operations


def _live(operations: Operations, project: Project, story: Story) -> History:
    teller = view.Teller(operations, project.monitoring().performance.floor)
    for since, until in story.moments():
        operations.live(since, until)
        teller.tell()
    operations.settle()
    teller.tell()
    return operations.history


def _told(history: History, project: Project, place: Workspace, story: Story) -> Told:
    floor, worth = (
        project.monitoring().performance.floor,
        project.sections["evaluation"]["value"],
    )
    flaws, audit = _audit(project, place)
    changes = [change.at for change in story.simulation.changes]
    drift_at = datetime.combine(min(changes), datetime.min.time(), UTC) if changes else None
    summary = summarize(history, worth, floor, drift_at=drift_at, audit_flaws=flaws)
    content = six_months_page(history, summary, worth, floor, audit, NOTES)
    return Told(history, summary, audit, write_page(place.folder / PAGE, content))


def _audit(project: Project, place: Workspace) -> tuple[tuple[str, ...], str]:
    """What is wrong with audit log and journal, and what to say of them."""
    store = default_uri(place.folder)
    journal = open_journal(store, project.name).verified()
    flaws = [f"journal: {flaw.what}" for flaw in journal.flaws]
    releases, entries = open_releases(store), 0
    if releases.head(project.name) is not None:
        chain = audited(releases, project.name)
        flaws += [f"audit log: {flaw.what}" for flaw in chain.flaws]
        entries = chain.entries
    return tuple(flaws), (
        f"audit log of releases ({entries} entries) and monitoring journal "
        f"({journal.entries} entries): {'NOT INTACT' if flaws else 'intact'}"
    )


@contextmanager
def _alone(workspace: Path) -> Iterator[None]:
    """Keep other replays out of a workspace for the context's time."""
    workspace.mkdir(parents=True, exist_ok=True)
    with (workspace / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(
                "another replay is under way here", where=str(workspace),
                fix="wait for its end, or name another --workspace",
            ) from None  # fmt: skip
        yield


def _clear(workspace: Path) -> None:
    for path in workspace.iterdir():
        if path.name in (DATA, LOCK):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
