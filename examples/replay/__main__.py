"""`make run`: six simulated months through the real parts, with Phasegate and without."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from examples.production.production import Production
from examples.replay import view
from examples.replay.first import PROJECT, train_first, write_project
from examples.replay.operations import Operations
from examples.replay.page import six_months_page, write_page
from examples.replay.platform import DataPlatform
from examples.replay.story import Story
from examples.replay.summary import Summary, summarize
from examples.replay.twin import Twin
from examples.replay.warehouse import Warehouse
from phasegate.cli.console import print_error
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import environment
from phasegate.local.run import Workspace, tracking_variables
from phasegate.local.serving.models import fetch_models
from phasegate.local.serving.settings import ServingSettings
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.project.load import Project, load_project
from phasegate.release.store import default_uri
from phasegate.release.store.auditing import audited
from phasegate.server_process import ServerFailure

WORKSPACE = Path(".phasegate/replay")
_KEPT = ("data",)
NOTES = (
    "Without: the first model's bytes, asked the same requests in the same order, bug included. "
    "It was even spared most of the bug, which Phasegate took back.",
    "Precision is that of whole weeks, on all labels, also those that nobody had by then.",
)


def main() -> int:
    """Replay, and say whether the story held."""
    options = _options()
    try:
        for name in ("core", "tfdv", "drift"):
            environment(name).require_current()
        return _run(options.workspace.resolve(), _story(options))
    except BadInput as error:
        print_error(error)
        return ExitCode.BAD_INPUT
    except ServerFailure as error:
        print_error(error)
        return ExitCode.INTERNAL
    except KeyboardInterrupt:
        return 130


def _run(workspace: Path, story: Story) -> int:
    began = time.monotonic()
    _clear(workspace)
    warehouse = Warehouse(workspace / "data", story)
    view.say(f"simulating {story.simulated} weeks to learn from and {story.weeks} to live through")
    warehouse.prepare(load_project(PROJECT))
    warehouse.reset()
    path = write_project(warehouse, workspace)
    project, place = load_project(path), Workspace(workspace)
    with tracking_variables(place) as variables:
        os.environ.update(variables)
        view.print_title("the first model, through the training pipeline")
        train_first(path, workspace, variables, story.live_from)
        with _replay(project, place, variables, warehouse) as operations:
            summary, audit = _live(operations, project, place, story)
    content = six_months_page(
        operations.history, summary, project.sections["evaluation"]["value"],
        project.monitoring().performance.floor, audit, NOTES,
    )  # fmt: skip
    page = write_page(workspace / "six-months.html", content)
    view.print_summary(summary, page, audit, time.monotonic() - began, NOTES)
    return ExitCode.BLOCKED if summary.flaws else ExitCode.PASSED


@contextmanager
def _replay(
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
            project, place, variables, warehouse, production, platform, twin, journal, view.say
        )
        stack.callback(operations.close)
        yield operations


def _live(
    operations: Operations, project: Project, place: Workspace, story: Story
) -> tuple[Summary, str]:
    floor = project.monitoring().performance.floor
    teller = view.Teller(operations, floor)
    for since, until in story.moments():
        operations.live(since, until)
        teller.tell()
    operations.settle()
    teller.tell()
    history = operations.history
    flaws, audit = _audit(project, place)
    drift = [change.at for change in story.simulation.changes]
    drift_at = datetime.combine(min(drift), datetime.min.time(), UTC) if drift else None
    worth = project.sections["evaluation"]["value"]
    return summarize(history, worth, floor, drift_at=drift_at, audit_flaws=flaws), audit


def _audit(project: Project, place: Workspace) -> tuple[tuple[str, ...], str]:
    """What is wrong with audit log and journal, and what to say of them."""
    store = default_uri(place.folder)
    journal = open_journal(store, project.name).verified()
    from phasegate.release.store import open_releases

    releases = open_releases(store)
    flaws = [f"journal: {flaw.what}" for flaw in journal.flaws]
    entries = 0
    if releases.head(project.name) is not None:
        chain = audited(releases, project.name)
        flaws += [f"audit log: {flaw.what}" for flaw in chain.flaws]
        entries = chain.entries
    sound = "NOT INTACT" if flaws else "intact"
    return tuple(flaws), (
        f"audit log of releases ({entries} entries) and monitoring journal "
        f"({journal.entries} entries): {sound}"
    )


def _clear(workspace: Path) -> None:
    """A replay begins at the beginning: what an earlier one has left is removed, but for data."""
    workspace.mkdir(parents=True, exist_ok=True)
    for path in workspace.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _story(options: argparse.Namespace) -> Story:
    return Story() if options.weeks is None else Story().shorter(options.weeks, Story().bug_at)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="replay", description=__doc__)
    parser.add_argument("--weeks", type=int, help="fewer than six months")
    parser.add_argument(
        "--workspace", type=Path, default=WORKSPACE,
        help="folder of everything; what an earlier replay left there is removed",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
