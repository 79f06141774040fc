"""The command line: each command is a few lines around a function that also works without it."""

from __future__ import annotations

import typer

from phasegate import __version__
from phasegate.cli.console import out

app = typer.Typer(
    name="phasegate",
    help="Take a tabular model from data to monitored production, with a gate at every stage.",
    epilog="Exit codes: 0 passed, 1 blocked by a gate, 2 bad input, 3 internal error.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"phasegate {__version__}")
        raise typer.Exit


@app.callback()
def phasegate(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options that stand before the command."""
