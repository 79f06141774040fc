"""What a person answers monitoring."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.console import out
from phasegate.cli.monitor_commands import StoreOption, journal_of, monitor
from phasegate.cli.pipeline_commands import WORKSPACE, WorkspaceOption
from phasegate.cli.release_options import NowOption, event_time
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from phasegate.monitoring.retraining.decision import Change
    from phasegate.monitoring.retraining.journal import Journal


@monitor.command()
def answer(
    entry: Annotated[int, typer.Argument(help="Number of the question; `show` lists them.")],
    action: Annotated[str, typer.Argument(help="NOTHING, RETRAIN or ROLL_BACK.")],
    reason: Annotated[str, typer.Option(help="Why, for the journal.")],
    change: Annotated[
        str,
        typer.Option(
            help="What ROLL_BACK takes back: a number of `phasegate change list`, or the name of a "
            "release. \\[the newest change before the question]"
        ),
    ] = "",
    name: Annotated[str, typer.Option(help="Model; needed where there are several.")] = "",
    store: StoreOption = "",
    now: NowOption = "",
    workspace: WorkspaceOption = WORKSPACE,
) -> int:
    """Say what a person wants done about a question that monitoring asked.

    The next `phasegate monitor run` does it, once, also where monitoring does nothing by itself:
    RETRAIN trains whatever the cool-down says, ROLL_BACK takes a change back, NOTHING lets the
    question be. The journal keeps who wanted what, and what came of it.
    """
    from phasegate.monitoring.retraining.decision import Action
    from phasegate.monitoring.retraining.journal import open_journal
    from phasegate.monitoring.retraining.recording import answer_person

    known = [str(one) for one in Action if one is not Action.ASK]
    if action not in known:
        raise BadInput(f"'{action}' is no answer", expected=f"one of {', '.join(known)}")
    address, model = journal_of(name, store, workspace)
    journal = open_journal(address, model)
    wanted = _change(journal, address, entry, change) if action == Action.ROLL_BACK else None
    if change and wanted is None:
        raise BadInput(f"{action} takes nothing back", where="--change", fix="leave it out")
    answer_person(
        journal, entry, event_time(now), getpass.getuser(), Action(action), reason, wanted
    )
    about = f" of '{wanted.what}'" if wanted else ""
    out.print(f"question {entry} of {model}: {action}{about}", markup=False)
    out.print("the next `phasegate monitor run` does it", markup=False)
    return ExitCode.PASSED


def _change(journal: Journal, store: str, number: int, named: str) -> Change:
    """The change that is to be taken back.

    Raises:
        BadInput: there is none, or none of that name; or nobody asked.
    """
    from phasegate.monitoring.retraining.answers import candidates
    from phasegate.monitoring.retraining.changes import journal_changes, release_changes
    from phasegate.monitoring.retraining.entry import EventKind
    from phasegate.monitoring.retraining.lookup import entry_of
    from phasegate.release.store import open_releases

    entries = journal.entries()
    asked = entry_of(journal, entries, number, EventKind.PERSON_ASKED)
    announced = [e.sequence for e in entries if e.event.kind is EventKind.CHANGE_ANNOUNCED]
    released = release_changes(open_releases(store).entries(journal.model))
    own = dict(zip(map(str, announced), journal_changes(entries), strict=True))
    by_name = {**own, **{one.release: one for one in released}}
    if named and named not in by_name:
        raise BadInput(f"there is no change '{named}'", where="--change",
                       expected=", ".join(by_name) or None,
                       fix=f"see phasegate change list --model {journal.model}")  # fmt: skip
    found = by_name[named] if named else next(candidates([*by_name.values()], asked), None)
    if found is None or found.undone:
        what = f"'{found.what}' was taken back already" if found else "no change is known"
        raise BadInput(what, where=f"question {number}", expected="a change to be taken back",
                       fix="phasegate change announce")  # fmt: skip
    return found
