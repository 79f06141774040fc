"""Commands on changes under a model: announce, undone, list."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from phasegate.cli.app import app
from phasegate.cli.console import out, print_json
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.cli.release_options import NowOption, event_time
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from phasegate.monitoring.retraining.journal import Journal

change = typer.Typer(
    help="Say what is changed under a model, so that monitoring knows what to take back.",
    no_args_is_help=True,
)
app.add_typer(change, name="change")

ModelOption = Annotated[str, typer.Option(help="Model that the change is under.")]
StoreOption = Annotated[
    str,
    typer.Option(help="Store of the monitoring journal: a folder or gs://. \\[workspace/store]"),
]
AtOption = Annotated[str, typer.Option("--at", help="Event time of the change, ISO 8601. \\[now]")]


@change.command()
def announce(
    model: ModelOption,
    kind: Annotated[Literal["pipeline", "schema"], typer.Option(help="What is changed.")],
    what: Annotated[str, typer.Option(help='Such as "feature pipeline v14".')],
    at: AtOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Announce a change of the data pipeline or of the schema; releases announce themselves.

    What goes wrong soon after is blamed on it. The same change announced again is the same.
    """
    from phasegate.monitoring.retraining.decision import Change, ChangeKind
    from phasegate.monitoring.retraining.recording import announce_change

    if not what.strip():
        raise BadInput("it says nothing", where="--what", expected="what is changed, in words")
    moment = event_time(now)
    made = event_time(at, "--at") if at else moment
    entry = announce_change(
        _journal(store, workspace, model),
        Change(ChangeKind(kind), made, what.strip(), getpass.getuser()),
        moment,
    )
    if as_json:
        print_json(entry.to_json())
    else:
        out.print(f"change {entry.sequence}: {what} at {made:%Y-%m-%d %H:%M} UTC", markup=False)
    return ExitCode.PASSED


@change.command()
def undone(
    number: Annotated[int, typer.Argument(metavar="CHANGE", help="Number, from change list.")],
    model: ModelOption,
    reason: Annotated[str, typer.Option(help="Why, for the journal; at least 10 characters.")],
    at: AtOption = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Say that a change was taken back; what it did until then is no evidence any more.

    A rollback of it that monitoring asked for is done then.
    """
    from phasegate.monitoring.retraining.recording import (
        open_rollbacks,
        rollback_done,
        undo_change,
    )
    from phasegate.release.reasons import checked_reason

    moment, actor = event_time(now), getpass.getuser()
    undone = event_time(at, "--at") if at else moment
    journal = _journal(store, workspace, model)
    checked_reason(reason, "taking a change back")
    entry = undo_change(journal, number, moment, actor, reason, undone)
    entries = journal.entries()
    announced = entries[entry.event.refers - 1].event.change
    for asked in open_rollbacks(entries):
        if asked.event.change == announced:
            rollback_done(journal, asked.sequence, moment, actor, reason)
    if as_json:
        print_json(entry.to_json())
    else:
        out.print(f"change {number} is taken back: entry {entry.sequence}", markup=False)
    return ExitCode.PASSED


@change.command("list")
def list_command(
    model: ModelOption,
    store: StoreOption = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """List changes under a model, releases among them, in order of time."""
    from rich.markup import escape
    from rich.table import Table

    from phasegate.monitoring.retraining.changes import journal_changes, release_changes
    from phasegate.monitoring.retraining.entry import EventKind
    from phasegate.release.store import default_uri, open_releases
    from phasegate.values import to_json

    entries = _journal(store, workspace, model).entries()
    announced = [e.sequence for e in entries if e.event.kind is EventKind.CHANGE_ANNOUNCED]
    releases = open_releases(store or default_uri(workspace.resolve())).entries(model)
    changes = [
        *zip(map(str, announced), journal_changes(entries), strict=True),
        *(("", one) for one in release_changes(releases)),
    ]
    changes.sort(key=lambda pair: pair[1].at)
    if as_json:
        print_json([{"change": number, **to_json(one)} for number, one in changes])
        return ExitCode.PASSED
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("change", "when, UTC", "kind", "what", "who", "taken back"):
        table.add_column(heading)
    for number, one in changes:
        back = f"{one.undone_at:%Y-%m-%d %H:%M}" if one.undone_at else "yes" if one.undone else ""
        when = f"{one.at:%Y-%m-%d %H:%M}"
        table.add_row(number, when, str(one.kind), escape(one.what), escape(one.actor), back)
    out.print(table if changes else f"nothing was changed under {escape(model)}")
    return ExitCode.PASSED


def _journal(store: str, workspace: Path, model: str) -> Journal:
    from phasegate.monitoring.retraining.journal import open_journal
    from phasegate.release.store import default_uri

    return open_journal(store or default_uri(workspace.resolve()), model)
