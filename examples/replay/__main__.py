"""`make run`: six simulated months through the real parts, with Phasegate and without."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from examples.replay import view
from examples.replay.first import PROJECT
from examples.replay.replaying import NOTES, replay
from examples.replay.story import Story
from phasegate.cli.console import print_error
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import environment
from phasegate.server_process import ServerFailure

WORKSPACE = Path(".phasegate/replay")


def main() -> int:
    """Replay, and say whether the story held."""
    options, began = _options(), time.monotonic()
    story = Story() if options.weeks is None else Story().shorter(options.weeks)
    try:
        for name in ("core", "tfdv", "drift"):
            environment(name).require_current()
        told = replay(options.workspace.resolve(), story, PROJECT)
    except BadInput as error:
        print_error(error)
        return ExitCode.BAD_INPUT
    except ServerFailure as error:
        print_error(error)
        return ExitCode.INTERNAL
    except KeyboardInterrupt:
        return 130
    view.print_summary(told.summary, told.page, told.audit, time.monotonic() - began, NOTES)
    return ExitCode.BLOCKED if told.summary.flaws else ExitCode.PASSED


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
