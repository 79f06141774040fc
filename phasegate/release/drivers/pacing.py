"""A release at a pipeline's pace: the body that components `shift_traffic` and `promote` share."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from phasegate.clock import now
from phasegate.contracts import Execution, Outcome, Verdict
from phasegate.errors import BadInput
from phasegate.release.drivers.addressed import addressed_world
from phasegate.release.drivers.judgement import metrics_of
from phasegate.release.drivers.shifting import Goal, shift
from phasegate.release.policy import Policy

PAUSE_SECONDS = 60.0


def carry_on(
    step: Execution, goal_of: Callable[[Policy], Goal], pause_seconds: float = PAUSE_SECONDS
) -> None:
    """Bring a release to a goal, if its gates let it, and write what came of it.

    Args:
        step: with the parameters, the verdict and the outputs of `shift_traffic`.
        goal_of: the goal under the rules of the release.
        pause_seconds: between two looks.

    Raises:
        BadInput: a parameter is wrong, or there is no release.
        Unavailable: something did not answer, or does not follow yet.
    """
    verdict = step.read("verdict", Verdict).judgement()
    deadline = time.monotonic() + 60 * _minutes(step)
    with tempfile.TemporaryDirectory() as scratch:
        world = addressed_world(
            step.parameter("name"), store=step.parameter("store"), log=step.parameter("log"),
            target=step.parameter("target"), flags=step.parameter("flags"),
            slots=step.parameter("slots", ""), scratch=Path(scratch), actor="pipeline",
            where=step.component,
        )  # fmt: skip
        while True:
            done = shift(world, goal_of, verdict, now())
            check = done.judgement.checks[0]
            outcome = done.judgement.outcome
            print(f"{outcome}: {check.observed}: {check.reason}", flush=True)
            left = deadline - time.monotonic()
            if done.is_final or outcome is not Outcome.INCONCLUSIVE or left <= 0:
                break
            time.sleep(min(pause_seconds, left))
    step.write_verdict("judged", done.judgement)
    step.metrics("metrics", metrics_of(done.look))
    step.result("outcome", outcome)


def _minutes(step: Execution) -> float:
    value = step.parameter("wait_minutes", "0")
    try:
        minutes = float(value)
    except (TypeError, ValueError):
        minutes = -1.0
    if not 0 <= minutes <= 60 * 24 * 30:
        raise BadInput(
            f"'{value}' is no time", where=f"{step.component}: wait_minutes",
            expected="minutes, from 0 to a month of them",
        )  # fmt: skip
    return minutes
