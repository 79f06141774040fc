"""Results that are taken from an earlier run."""

from __future__ import annotations

import re

from phasegate.linting.node import Node
from phasegate.pipeline_lint.edits import Edit, Insert, Replace
from phasegate.pipeline_lint.effects import effect_of
from phasegate.pipeline_lint.pipeline import Pipeline, Problem, Task
from phasegate.pipeline_lint.rules.flow import is_exit_task
from phasegate.pipeline_lint.rules.registry import WARNING, Problems, rule

_MOVING = re.compile(
    r"(?:^|[/_.:@-])(?:current|daily|head|latest|main|master|newest|nightly|today|yesterday)"
    r"(?:$|[/_.:-])",
    re.IGNORECASE,
)


@rule(
    "PGP501",
    "cached-effect",
    WARNING,
    why="With the same inputs, KFP takes the result of the last run: nothing is deployed, nobody "
    "is told, and the run is green.",
    fix="Call set_caching_options(False) on the task.",
)
def cached_effect(pipeline: Pipeline) -> Problems:
    """A task that changes the world is cached."""
    for task, executor in pipeline.steps:
        cached = _cached(task)
        effect = effect_of(task, executor) if cached is not None else None
        if cached is not None and effect and not is_exit_task(pipeline, task):
            yield Problem(
                cached, str(task), f"it is cached, and {effect}", edit=_not_cached(cached)
            )


@rule(
    "PGP502",
    "cached-exit-task",
    WARNING,
    why="An exit task with the same inputs as in an earlier run is skipped: nothing is cleaned up.",
    fix="Call set_caching_options(False) on the exit task.",
)
def cached_exit_task(pipeline: Pipeline) -> Problems:
    """An exit task is cached."""
    for task, _ in pipeline.steps:
        cached = _cached(task)
        if cached is not None and is_exit_task(pipeline, task):
            yield Problem(cached, str(task), "the exit task is cached", edit=_not_cached(cached))


def _cached(task: Task) -> Node | None:
    node = task.node.at("cachingOptions", "enableCache")
    return node if node is not None and node.value is True else None


def _not_cached(node: Node) -> Edit:
    return Replace(node.line, r"(?<=enableCache: )true\b", "false")


@rule(
    "PGP503",
    "stale-import",
    WARNING,
    why="With reimport false, KFP takes the artifact that it once made of this address, and its "
    "lineage says that nothing has changed, whatever is there now.",
    fix="Set reimport=True, or import an address that names a version.",
)
def stale_import(pipeline: Pipeline) -> Problems:
    """An address whose content changes is not imported anew."""
    for executor in pipeline.executors.values():
        importer = executor.node.at("importer")
        uri = importer.at("artifactUri", "constant") if importer is not None else None
        if importer is None or uri is None or not isinstance(uri.value, str):
            continue
        again = importer.at("reimport")
        if _MOVING.search(uri.value) and (again is None or again.value is False):
            yield Problem(
                uri, str(executor), f"{uri.value} moves, and is not imported anew",
                edit=_reimported(importer),
            )  # fmt: skip


def _reimported(importer: Node) -> Edit | None:
    again, schema = importer.at("reimport"), importer.at("typeSchema")
    if again is not None:
        return Replace(again.line, r"(?<=reimport: )false\b", "true")
    return schema and Insert(schema.line, "typeSchema:", ("reimport: true",))
