"""Branches, loops, retries and exit tasks."""

from __future__ import annotations

import json

from phasegate.pipeline_lint.edits import Edit, Insert, Replace
from phasegate.pipeline_lint.effects import effect_of
from phasegate.pipeline_lint.pipeline import Pipeline, Problem, Task
from phasegate.pipeline_lint.rules.registry import WARNING, Problems, rule

_MANY = 20
# What the SDK writes for set_retry(2, backoff_duration="10s", backoff_factor=2).
_RETRY = (
    "retryPolicy:",
    "  backoffDuration: 10s",
    "  backoffFactor: 2.0",
    "  backoffMaxDuration: 3600s",
    "  maxRetryCount: 2",
)


@rule(
    "PGP406",
    "oneof-artifacts",
    WARNING,
    why="kfp.local raises on OneOf of artifacts: the "
    "pipeline cannot be tried before it is on the cluster.",
    fix="Use the artifact inside of each branch, or let the branches put out parameters.",
)
def oneof_artifacts(pipeline: Pipeline) -> Problems:
    """A graph puts out an artifact of whichever branch ran."""
    for graph in pipeline.graphs:
        for name, output in graph.node.entries("dag", "outputs", "artifacts"):
            if sum(1 for _ in output.items("artifactSelectors")) > 1:
                yield Problem(output, str(graph), f"{name} is one of several artifacts")


@rule(
    "PGP407",
    "exit-task-without-status",
    WARNING,
    why="It cannot tell success from failure; kfp.local even takes it for a task of the body, and "
    "does not run it after a failure.",
    fix="Give its component a parameter of type dsl.PipelineTaskFinalStatus.",
)
def exit_task_without_status(pipeline: Pipeline) -> Problems:
    """An exit task does not take the final status of what it follows."""
    for task in pipeline.tasks:
        if is_exit_task(pipeline, task) and not any(
            source.at("taskFinalStatus") is not None for _, source in task.sources("parameters")
        ):
            yield Problem(task.node, str(task), "the exit task does not take the final status")


def is_exit_task(pipeline: Pipeline, task: Task) -> bool:
    """Whether a task runs after an exit handler, however that ended."""
    if task.node.text("triggerPolicy", "strategy") != "ALL_UPSTREAM_TASKS_COMPLETED":
        return False
    beside = pipeline.tasks_of(task.parent)
    names = [str(node.value) for node in task.awaited()]
    guarded = [beside[name].node.text("componentRef", "name") for name in names if name in beside]
    return any((name or "").startswith("comp-exit-handler-") for name in guarded)


@rule(
    "PGP408",
    "unlimited-loop",
    WARNING,
    why="As many pods begin at once as there are items: a long list fills the cluster and its "
    "API server.",
    fix="Set parallelism= of dsl.ParallelFor.",
)
def unlimited_loop(pipeline: Pipeline) -> Problems:
    """A loop over a list of any length has no limit of parallelism."""
    for task in pipeline.tasks:
        parameters = task.node.at("parameterIterator")
        iterator = parameters if parameters is not None else task.node.at("artifactIterator")
        if iterator is None or task.node.integer("iteratorPolicy", "parallelismLimit"):
            continue
        raw = iterator.text("items", "raw")
        if raw is None or _length(raw) > _MANY:
            how = "any number of" if raw is None else f"{_length(raw)}"
            yield Problem(iterator, str(task), f"the loop begins {how} items at once")


def _length(raw: str) -> int:
    try:
        items = json.loads(raw)
    except (ValueError, RecursionError):
        return 0
    return len(items) if isinstance(items, list) else 0


@rule(
    "PGP409",
    "no-retry",
    WARNING,
    why="A node that is drained or a registry that hiccups fails the whole run, though the next "
    "attempt would pass.",
    fix="Call set_retry on the task; make the component safe to run twice.",
)
def no_retry(pipeline: Pipeline) -> Problems:
    """A task that runs a container is not tried again."""
    for task, executor in pipeline.steps:
        count = task.node.at("retryPolicy", "maxRetryCount")
        if count is None or count.value == 0:
            safe = effect_of(task, executor) is None
            yield Problem(
                count or task.node, str(task), "it is not tried again",
                edit=_retried(task) if safe else None,
            )  # fmt: skip


def _retried(task: Task) -> Edit | None:
    count = task.node.at("retryPolicy", "maxRetryCount")
    if count is not None:
        return Replace(count.line, r"(?<=maxRetryCount: )0\b", "2")
    title, reference = task.node.at("taskInfo"), task.node.at("componentRef")
    if task.node.at("retryPolicy") is not None or reference is None:
        return None
    if title is not None:  # where the SDK puts it, in order of the keys
        return Insert(title.line, "taskInfo:", _RETRY)
    return Insert(reference.line, "componentRef:", _RETRY)
