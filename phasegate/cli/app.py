"""The command line: each command is a few lines around a function that also works without it."""

from __future__ import annotations

import sys
import traceback

import typer

from phasegate import __version__
from phasegate.cli.console import err, out, print_error
from phasegate.errors import BadInput, ExitCode

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


def main() -> int:
    """Run the command; returns its exit code."""
    from phasegate.cli import data_commands, pipeline_commands  # noqa: F401  (they register)

    try:
        return app(standalone_mode=False) or ExitCode.PASSED
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        print_error(error)
        err.print("phasegate --help lists the commands, phasegate COMMAND --help their options")
        return ExitCode.BAD_INPUT
    except BadInput as error:
        print_error(error)
        return ExitCode.BAD_INPUT
    except KeyboardInterrupt:
        err.print("[yellow]interrupted[/]: nothing half-written was left; run it again to resume")
        return 130
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        print_error(error)
        return ExitCode.INTERNAL
