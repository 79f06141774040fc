"""Run the command, and turn whatever ends it into an exit code."""

from __future__ import annotations

import errno
import sys
import traceback

import typer

from phasegate.cli import (  # noqa: F401  (they register)
    audit_commands,
    backtest_commands,
    change_commands,
    data_commands,
    drift_commands,
    guard_command,
    image_commands,
    lint_commands,
    manifest_commands,
    monitor_answer,
    monitor_commands,
    pipeline_commands,
    release_commands,
    release_reading,
    schedule_commands,
    serving_commands,
    submit_commands,
    traffic_commands,
)
from phasegate.cli.app import app
from phasegate.cli.console import err, print_error
from phasegate.errors import BadInput, ExitCode
from phasegate.server_process import ServerFailure


def main() -> int:
    """Run the command; returns its exit code."""
    try:
        return app(standalone_mode=False) or ExitCode.PASSED
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        if str(error):  # none where a group was called without a command, and its help is printed
            print_error(error)
        err.print("phasegate --help lists the commands, phasegate COMMAND --help their options")
        return ExitCode.BAD_INPUT
    except (BadInput, ServerFailure) as error:
        print_error(error)
        return ExitCode.BAD_INPUT
    except KeyboardInterrupt:
        err.print("[yellow]interrupted[/]: nothing half-written was left; run it again to resume")
        return 130
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            print_error(BadInput("no space is left", where=str(error.filename or "the workspace")))
            return ExitCode.BAD_INPUT
        traceback.print_exc(file=sys.stderr)
        print_error(error)
        return ExitCode.INTERNAL


if __name__ == "__main__":
    sys.exit(main())
