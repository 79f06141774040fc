"""Who asks for the champion's place, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass

from examples.release_demo.training import Recipe
from phasegate.release.record import Status

CHAMPION = Recipe("champion", "honest", {}, "what serves today")

_LARGER = {"rounds": 300, "parameters": {"max_depth": 6, "learning_rate": 0.1}}


@dataclass(frozen=True)
class Scenario:
    """A challenger on its way.

    Attributes:
        name: of the scenario.
        recipe: of its model.
        story: what is the matter with it, which nobody in the story knows.
        ends: how its release must end.
        within: phase by which it must have ended.
        crashes: whether its server is killed whenever it has answered some users.
    """

    name: str
    recipe: Recipe
    story: str
    ends: Status
    within: str
    crashes: bool = False


SCENARIOS = (
    Scenario(
        "backfilled",
        Recipe("backfilled", "backfilled", _LARGER, "a column knew the answer"),
        "its training table was exported after the disputes had come in: one column knew the "
        "answer, which nobody knows while a card is used",
        Status.ROLLED_BACK,
        "shadow",
    ),
    Scenario(
        "lost-labels",
        Recipe("lost-labels", "lost-labels", _LARGER, "online frauds had no label"),
        "the labels of online payments were lost in the export: it has never seen a fraud there, "
        "and nor have the rows that it was evaluated on",
        Status.ROLLED_BACK,
        "shadow",
    ),
    Scenario(
        "crashing",
        Recipe(
            "crashing",
            "honest",
            {"rounds": 300, "parameters": {"max_depth": 5, "learning_rate": 0.1}},
            "as good as any, while its server runs",
        ),
        "a good model, whose server dies (kill -9) whenever it has answered thirty users",
        Status.ROLLED_BACK,
        "canary",
        crashes=True,
    ),
    Scenario(
        "good",
        Recipe("good", "honest", _LARGER, "deeper trees"),
        "deeper trees on the same data",
        Status.PROMOTED,
        "bake",
    ),
)
