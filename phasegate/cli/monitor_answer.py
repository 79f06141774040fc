"""What a person answers monitoring."""

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
