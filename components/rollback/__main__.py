"""Entrypoint of `rollback`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from phasegate.clock import now
from phasegate.contracts import execution
from phasegate.release.drivers.addressed import addressed_world
from phasegate.release.drivers.taking_back import take_back

NAME = "rollback"


def main() -> None:
    """Take a release back, and say who answers now."""
    with execution(NAME) as step, tempfile.TemporaryDirectory() as scratch:
        world = addressed_world(
            step.parameter("name"), store=step.parameter("store"), target=step.parameter("target"),
            flags=step.parameter("flags", ""), slots=step.parameter("slots", ""),
            scratch=Path(scratch), actor="pipeline", where=NAME,
        )  # fmt: skip
        release, reason = step.parameter("release", ""), step.parameter("reason")
        taken = take_back(world, release, reason, now())
        print(taken.said, flush=True)
        step.result("outcome", "DONE" if taken.is_done else "NOTHING")
        step.result("champion", taken.champion)


if __name__ == "__main__":
    main()
