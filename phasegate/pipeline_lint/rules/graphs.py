"""The order of tasks, and what of a file is left over."""

from __future__ import annotations

from collections import Counter

from phasegate.linting.node import Node
from phasegate.pipeline_lint.edits import Edit, Insert
from phasegate.pipeline_lint.pipeline import Pipeline, Problem, Task
from phasegate.pipeline_lint.rules.registry import ERROR, INFO, WARNING, Problems, rule


@rule(
    "PGP208",
    "missing-dependency",
    WARNING,
    why="kfp.local orders tasks by dependentTasks alone, and so may begin the task before its "
    "input is there; backends of today add what is missing, older ones do not.",
    fix="Name the producer under dependentTasks.",
)
def missing_dependency(pipeline: Pipeline) -> Problems:
    """A task takes the output of another without depending on it."""
    for task in pipeline.tasks:
        awaited = {node.value for node in task.awaited()}
        seen = set()
        for node in task.producers:
            name = node.value
            there = isinstance(name, str) and name in pipeline.tasks_of(task.parent)
            if not there or name in awaited or name in seen:
                continue
            seen.add(name)
            yield Problem(
                node,
                str(task),
                f"it takes from {name}, and does not depend on it",
                edit=_await(task, str(name)),
            )


def _await(task: Task, name: str) -> Edit | None:
    awaited = task.node.at("dependentTasks")
    first = next(task.awaited(), None)
    if awaited is None:
        inputs = task.node.at("inputs")
        return inputs and Insert(inputs.line, "inputs:", ("dependentTasks:", f"- {name}"))
    return Insert(first.line, "- ", (f"- {name}",)) if first is not None else None


@rule(
    "PGP209",
    "cycle",
    ERROR,
    why="Each waits for the other, and none ever begins.",
    fix="Break the cycle: one of them has to go without the other's output.",
)
def cycle(pipeline: Pipeline) -> Problems:
    """Tasks of a graph wait for each other, or components contain each other."""
    for graph in pipeline.graphs:
        tasks = pipeline.tasks_of(graph)
        waits = {
            name: {
                str(node.value)
                for node in (*task.producers, *task.awaited())
                if node.value in tasks
            }
            for name, task in tasks.items()
        }
        circle = _in_cycles(waits)
        if circle:
            first = min(circle, key=lambda name: tasks[name].node.line)
            names = ", ".join(sorted(circle)[:5])
            yield Problem(tasks[first].node, str(tasks[first]), f"these wait in a circle: {names}")
    holds = {
        graph.name: {task.component.name for task in pipeline.tasks_of(graph).values()
                     if task.component is not None and task.component.dag is not None}
        for graph in pipeline.graphs
    }  # fmt: skip
    circle = _in_cycles(holds)
    if circle:
        first = min(circle, key=lambda name: pipeline.components[name].node.line)
        one = pipeline.components[first]
        yield Problem(one.node, str(one), "the component contains itself")


def _in_cycles(edges: dict[str, set[str]]) -> set[str]:
    """Names from which, and to which, a circle leads; empty where there is none."""
    left = {name: set(targets) for name, targets in edges.items()}
    for _ in range(2):  # once from the ends, once, with the arrows turned, from the beginnings
        waiting = Counter({name: len(targets) for name, targets in left.items()})
        turned: dict[str, set[str]] = {name: set() for name in left}
        for name, targets in left.items():
            for target in targets:
                turned[target].add(name)
        free = [name for name in left if not waiting[name]]
        gone = set(free)
        while free:
            for name in turned[free.pop()]:
                waiting[name] -= 1
                if not waiting[name] and name not in gone:
                    gone.add(name)
                    free.append(name)
        left = {name: turned[name] - gone for name in left if name not in gone}
    return set(left)


@rule(
    "PGP210",
    "unused-component",
    WARNING,
    why="Someone reads it as part of the pipeline, and it never runs.",
    fix="Remove it, or add the task that was to run it.",
)
def unused_component(pipeline: Pipeline) -> Problems:
    """No task runs a component."""
    used = {task.node.text("componentRef", "name") for task in pipeline.tasks}
    for name, component in pipeline.components.items():
        if name not in used:
            yield Problem(component.node, str(component), "no task runs it")


@rule(
    "PGP211",
    "unused-executor",
    INFO,
    why="It is dead weight, and its image is pinned and scanned for nothing.",
    fix="Remove it.",
)
def unused_executor(pipeline: Pipeline) -> Problems:
    """No component names an executor."""
    every = (pipeline.root, *pipeline.components.values())
    used = {component.node.text("executorLabel") for component in every}
    for label, executor in pipeline.executors.items():
        if label not in used:
            yield Problem(executor.node, str(executor), "no component names it")


@rule(
    "PGP212",
    "duplicate-display-name",
    WARNING,
    why="KFP's UI shows two boxes of one name, and nobody can say which of them failed.",
    fix="Give each its own name with set_display_name.",
)
def duplicate_display_name(pipeline: Pipeline) -> Problems:
    """Two tasks of one graph have the same display name."""
    for graph in pipeline.graphs:
        seen: dict[str, str] = {}
        for task in pipeline.tasks_of(graph).values():
            other = seen.setdefault(task.title, task.name)
            if other != task.name:
                node: Node = task.node.at("taskInfo", "name") or task.node
                yield Problem(node, str(task), f"task {other} is called {task.title!r} too")
