"""Commands on the audit log of releases and the monitoring journal: verify, log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import out, print_json
from phasegate.cli.pipeline_commands import WORKSPACE, JsonOption, WorkspaceOption
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from phasegate.monitoring.retraining.entry import Entry as JournalEntry
    from phasegate.monitoring.retraining.journal import Journal
    from phasegate.release.audit import Chain
    from phasegate.release.entry import Entry
    from phasegate.release.store import Releases

audit = typer.Typer(
    help="Read and check the audit log of releases: who changed what, when, and why.",
    no_args_is_help=True,
)
app.add_typer(audit, name="audit")

_SHOWN = 20  # flaws of a model; more are counted

ModelArgument = Annotated[
    str, typer.Argument(metavar="[NAME]", help="Model; all that have releases by default.")
]
StoreOption = Annotated[
    str, typer.Option(help="Store of releases: a folder or gs:// address. [workspace/store]")
]


@audit.command("verify")
def verify_command(
    name: ModelArgument = "",
    store: StoreOption = "",
    anchor: Annotated[
        str, typer.Option(help="Hash of an entry, noted elsewhere, that the log must still have.")
    ] = "",
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> int:
    """Find any edit, deletion or reorder in the audit log, and anything that cannot have happened.

    Exit code 0: intact; 1: something is wrong. Who can write the store can write a whole log anew;
    note the newest hash elsewhere, and pass it with --anchor to find that too.
    """
    releases, models, journals = _open(store, workspace, name)
    if anchor and len({*models, *journals}) > 1:
        raise BadInput("a hash is of one model's log", where="--anchor", fix="name the model")
    chains = _chains(releases, models, journals, anchor)
    if as_json:
        print_json({model: _as_json(chain) for model, chain in chains.items()})
    else:
        for model, chain in chains.items():
            _print_chain(model, chain)
    is_intact = all(chain.is_intact for chain in chains.values())
    return ExitCode.PASSED if is_intact else ExitCode.BLOCKED


@audit.command()
def log(
    name: ModelArgument = "",
    store: StoreOption = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead, as JSON lines.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    as_json: Annotated[bool, typer.Option("--json", help="Print entries as JSON lines.")] = False,
) -> int:
    """Show who changed what, when, and why; or export every entry with its record and decision."""
    from phasegate.digests import canonical_json

    releases, models, journals = _open(store, workspace, name)
    entries = [entry for model in models for entry in releases.entries(model)]
    noted = [entry for journal in journals.values() for entry in journal.entries()]
    if not entries and not noted:
        raise BadInput(f"no audit log of {name} is kept here", where=releases.uri)
    lines = [canonical_json(entry.to_json()).decode() for entry in (*entries, *noted)]
    if output is not None:
        try:
            with open(output, "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise BadInput(f"it cannot be written ({error.strerror})", where=str(output)) from None
        out.print(f"wrote {len(lines):,} entries to {output}", markup=False)
    elif as_json:
        for line in lines:
            out.out(line, highlight=False)
    else:
        if entries:
            _print_entries(entries)
        _print_journal(noted)
    return ExitCode.PASSED


def _open(store: str, workspace: Path, name: str) -> tuple[Releases, list[str], dict[str, Journal]]:
    """Releases, models that have some, and monitoring journals by model."""
    from phasegate.monitoring.retraining.journal import models_with_journals, open_journal
    from phasegate.release.store import default_uri, open_releases

    uri = store or default_uri(workspace.resolve())
    releases, watched = open_releases(uri), models_with_journals(uri)
    found = [model for model in watched if name in ("", model)]
    models = [model for model in releases.models() if name in ("", model)]
    if name and not found and not models:
        models = [name]  # whoever reads it says that there is nothing
    if not models and not found:
        raise BadInput(
            "no releases are kept here", where=releases.uri, fix="--store says where they are"
        )
    return releases, models, {model: open_journal(uri, model) for model in found}


def _chains(
    releases: Releases, models: list[str], journals: dict[str, Journal], anchor: str
) -> dict[str, Chain]:
    """Every log, by its model, and every monitoring journal; the anchor may be of either."""
    from phasegate.release.store.auditing import audited

    found: dict[str, Chain] = {}
    noted = ""  # the anchor, once it was found
    for model, journal in journals.items():
        chain = journal.verified(anchor)
        if anchor and model in models and len(chain.flaws) > len(journal.verified().flaws):
            chain = journal.verified()
        else:
            noted = anchor
        found[f"{model} monitoring"] = chain
    releases_chains = {model: audited(releases, model, "" if noted else anchor) for model in models}
    return {**releases_chains, **found}


def _as_json(chain: Chain) -> dict[str, object]:
    return {
        "intact": chain.is_intact,
        "entries": chain.entries,
        "head": chain.head,
        "flaws": [{"entry": flaw.sequence, "what": flaw.what} for flaw in chain.flaws],
    }


def _print_chain(model: str, chain: Chain) -> None:
    from rich.markup import escape

    verdict = "[bold green]intact[/]" if chain.is_intact else "[bold red]not intact[/]"
    out.print(f"[bold]{escape(model)}[/] {verdict}, {chain.entries:,} entries")
    for flaw in chain.flaws[:_SHOWN]:
        place = f"entry {flaw.sequence}" if flaw.sequence else "the log"
        out.print(f"  [red]•[/] {place}: {escape(flaw.what)}")
    if len(chain.flaws) > _SHOWN:
        out.print(f"  and {len(chain.flaws) - _SHOWN:,} more; --json lists them all")
    if chain.is_intact:
        out.print(f"  head {chain.head}", markup=False)


def _print_entries(entries: list[Entry]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "when", "who", "what", "phase", "why"):
        table.add_column(heading, justify="left" if heading else "right")
    release = ""
    for entry in entries:
        record = entry.record
        if record.release != release:
            release = record.release
            table.add_row("", "", "", "", "", f"[bold]{escape(release)}[/]")
        table.add_row(
            str(entry.sequence),
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            escape(entry.actor),
            escape(entry.action),
            escape(record.current.name),
            escape(entry.reason),
        )
    out.print(table)


def _print_journal(entries: list[JournalEntry]) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not entries:
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "when", "who", "what", "why"):
        table.add_column(heading, justify="left" if heading else "right")
    model = ""
    for entry in entries:
        event = entry.event
        if entry.model != model:
            model = entry.model
            table.add_row("", "", "", "", f"[bold]monitoring of {escape(model)}[/]")
        said = f"{event.decision.action}: " if event.decision else ""
        table.add_row(
            str(entry.sequence),
            f"{event.at:%Y-%m-%d %H:%M:%S}",
            escape(event.actor),
            str(event.kind),
            escape(said + event.reason),
        )
    out.print(table)
