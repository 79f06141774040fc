"""Entrypoint of `release_step`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from components.release_step.world import world_of
from phasegate.clock import now
from phasegate.contracts import execution
from phasegate.errors import Unavailable
from phasegate.release.drivers.judgement import action_of, judgement_of, metrics_of
from phasegate.release.drivers.step import step as take_step


def main() -> None:
    """Take one step of a release and say what it came to.

    What was decided and is not followed yet fails the step: the retry, or the next run, goes on.
    """
    with execution("release_step") as step, tempfile.TemporaryDirectory() as scratch:
        look = take_step(world_of(step, Path(scratch)), now())
        judgement = judgement_of(look, "release_step")
        print(f"{action_of(look)}: {judgement.checks[0].reason}", flush=True)
        if look.problems:
            raise Unavailable(
                "; ".join(look.problems), where=f"release_step: {step.parameter('name')}"
            )
        step.write_verdict("verdict", judgement)
        step.metrics("metrics", metrics_of(look))
        step.result("action", action_of(look))


if __name__ == "__main__":
    main()
