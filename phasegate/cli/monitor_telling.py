"""Commands of what people tell monitoring: announce, undo, answer."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from phasegate.cli.console import out
from phasegate.cli.monitor_commands import StoreOption, journal_of, monitor
from phasegate.cli.pipeline_commands import WORKSPACE, WorkspaceOption
from phasegate.cli.release_options import NowOption, event_time
from phasegate.errors import BadInput, ExitCode


@monitor.command()
def announce(
    what: Annotated[str, typer.Argument(help="What was changed, such as 'feature pipeline v14'.")],
    kind: Annotated[str, typer.Option(help="pipeline or schema; releases are known.")] = "pipeline",
    at: Annotated[str, typer.Option(help="Event time of the change, ISO 8601. \\[now]")] = "",
    name: Annotated[str, typer.Option(help="Model; needed where there are several.")] = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Say that something was changed under a model: a sudden drop near it is blamed on it."""
    from phasegate.monitoring.retraining.decision import Change, ChangeKind
    from phasegate.monitoring.retraining.journal import open_journal
    from phasegate.monitoring.retraining.recording import announce_change

    if kind not in (ChangeKind.PIPELINE, ChangeKind.SCHEMA):
        raise BadInput(f"'{kind}' is none", where="--kind", expected="pipeline or schema")
    moment = event_time(now)
    when = event_time(at) if at else moment
    if when > moment:
        raise BadInput(f"{at} has not come yet", where="--at", expected=f"at most {moment}")
    address, model = journal_of(name, store, workspace, or_project=True)
    change = Change(ChangeKind(kind), when, what, getpass.getuser())
    entry = announce_change(open_journal(address, model), change, moment)
    out.print(f"entry {entry.sequence} of {model}: {what} at {when.isoformat()}", markup=False)
    out.print(f"taken back: phasegate monitor undo {entry.sequence} --name {model}", markup=False)
    return ExitCode.PASSED


@monitor.command()
def undo(
    entry: Annotated[int, typer.Argument(help="Number of the announcement.")],
    at: Annotated[str, typer.Option(help="Event time from which it has no effect. \\[now]")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the journal.")] = "taken back",
    name: Annotated[str, typer.Option(help="Model; needed where there are several.")] = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Say that an announced change was taken back; a rollback that was asked for is done then."""
    from phasegate.monitoring.retraining.journal import open_journal
    from phasegate.monitoring.retraining.recording import (
        open_rollbacks,
        rollback_done,
        undo_change,
    )

    moment = event_time(now)
    address, model = journal_of(name, store, workspace)
    journal, actor = open_journal(address, model), getpass.getuser()
    since = event_time(at) if at else moment
    undone = undo_change(journal, entry, moment, actor, reason, since)
    announced = journal.entries()[undone.event.refers - 1].event.change
    for asked in open_rollbacks(journal.entries()):
        if asked.event.change == announced:
            rollback_done(journal, asked.sequence, moment, actor, reason)
    out.print(f"entry {entry} of {model} is undone since {since.isoformat()}", markup=False)
    return ExitCode.PASSED


@monitor.command()
def answer(
    entry: Annotated[int, typer.Argument(help="Number of the question; `show` lists them.")],
    action: Annotated[str, typer.Argument(help="NOTHING, RETRAIN or ROLL_BACK.")],
    reason: Annotated[str, typer.Option(help="Why, for the journal.")],
    name: Annotated[str, typer.Option(help="Model; needed where there are several.")] = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Say what a person wants done about a question that monitoring asked; the journal keeps it."""
    from phasegate.monitoring.retraining.decision import Action
    from phasegate.monitoring.retraining.journal import open_journal
    from phasegate.monitoring.retraining.recording import answer_person

    known = [str(one) for one in Action if one is not Action.ASK]
    if action not in known:
        raise BadInput(f"'{action}' is no answer", expected=f"one of {', '.join(known)}")
    address, model = journal_of(name, store, workspace)
    journal = open_journal(address, model)
    answer_person(journal, entry, event_time(now), getpass.getuser(), Action(action), reason)
    out.print(f"question {entry} of {model}: {action}", markup=False)
    return ExitCode.PASSED
