"""The world of a release that a step's parameters name."""

from __future__ import annotations

from pathlib import Path

from phasegate.contracts import Execution
from phasegate.release.drivers.addressed import addressed_world
from phasegate.release.drivers.world import World
from phasegate.release.policy import Policy


def world_of(step: Execution, scratch: Path) -> World:
    """The world that a step's parameters name.

    Args:
        scratch: folder for files that are fetched from a bucket.

    Raises:
        BadInput: naming the parameter that is wrong.
        Unavailable: registry or proxy are not there.
    """
    return addressed_world(
        step.parameter("name"),
        store=step.parameter("store"),
        log=step.parameter("log"),
        target=step.parameter("target"),
        flags=step.parameter("flags"),
        slots=step.parameter("slots", ""),
        scratch=scratch,
        actor="pipeline",
        where="release_step",
        policy=Policy.from_json(step.json("policy"), "release_step: policy"),
    )
