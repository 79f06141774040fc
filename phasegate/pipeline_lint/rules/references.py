"""What tasks, components and executors name has to be there."""

from __future__ import annotations

from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.pipeline_lint.pipeline import KINDS, Component, Pipeline, Problem, Task
from phasegate.pipeline_lint.rules.registry import ERROR, Problems, rule

# For parameters and artifacts: where a task names an output, and an input of its graph.
_OUTPUT = {
    "parameters": ("taskOutputParameter", "outputParameterKey"),
    "artifacts": ("taskOutputArtifact", "outputArtifactKey"),
}
# Values that constants or settings of the task's pod refer to; no component declares them.
_CHANNEL = "pipelinechannel--"
_INPUT = {"parameters": "componentInputParameter", "artifacts": "componentInputArtifact"}


@rule(
    "PGP201",
    "unknown-component",
    ERROR,
    why="KFP cannot run what is not there; the run fails when it comes to the task.",
    fix="Name a component of this file.",
)
def unknown_component(pipeline: Pipeline) -> Problems:
    """A task runs a component that is not in the file."""
    for task in pipeline.tasks:
        node = task.node.at("componentRef", "name")
        if node is not None and isinstance(node.value, str) and task.component is None:
            yield Problem(node, str(task), f"there is no component {node.value}")


@rule(
    "PGP202",
    "unknown-executor",
    ERROR,
    why="KFP has nothing to run for the component.",
    fix="Name an executor of deploymentSpec, or give the component a graph.",
)
def unknown_executor(pipeline: Pipeline) -> Problems:
    """A component names an executor that is not in the file."""
    for component in (pipeline.root, *pipeline.components.values()):
        node = component.node.at("executorLabel")
        if (
            node is not None
            and isinstance(node.value, str)
            and node.value not in pipeline.executors
        ):
            yield Problem(node, str(component), f"there is no executor {node.value}")


@rule(
    "PGP203",
    "unknown-task",
    ERROR,
    why="The run fails, or waits for a task that never comes.",
    fix="Name a task of the same graph.",
)
def unknown_task(pipeline: Pipeline) -> Problems:
    """A task or an output names a task that is not in its graph."""
    for graph in pipeline.graphs:
        there = pipeline.tasks_of(graph)
        for subject, node in _named_tasks(pipeline, graph):
            if isinstance(node.value, str) and node.value not in there:
                yield Problem(node, subject, f"there is no task {node.value} in {graph}")


def _named_tasks(pipeline: Pipeline, graph: Component) -> Iterator[tuple[str, Node]]:
    for task in pipeline.tasks_of(graph).values():
        for node in (*task.producers, *task.awaited()):
            yield str(task), node
    for _, _, _, selector in selectors(graph):
        node = selector.at("producerSubtask")
        if node is not None:
            yield str(graph), node


def selectors(graph: Component) -> Iterator[tuple[str, str, Node, Node]]:
    """Outputs of a graph: kind, name, the output, and each selector of where it comes from."""
    for name, output in graph.node.entries("dag", "outputs", "artifacts"):
        for selector in output.items("artifactSelectors"):
            yield "artifacts", name, output, selector
    for name, output in graph.node.entries("dag", "outputs", "parameters"):
        single = output.at("valueFromParameter")
        if single is not None:
            yield "parameters", name, output, single
        for selector in output.items("valueFromOneof", "parameterSelectors"):
            yield "parameters", name, output, selector


@rule(
    "PGP204",
    "unknown-output",
    ERROR,
    why="The value is never there: the task that needs it fails.",
    fix="Name an output that the producer's component declares.",
)
def unknown_output(pipeline: Pipeline) -> Problems:
    """A task or an output takes from a task what its component does not put out."""
    for task in pipeline.tasks:
        for kind in KINDS:
            way, key = _OUTPUT[kind]
            for _, source in task.sources(kind):
                reference = source.at(way)
                if reference is not None:
                    producer = reference.text("producerTask")
                    yield from _absent(pipeline, task.parent, str(task), kind, producer,
                                       reference.at(key))  # fmt: skip
    for graph in pipeline.graphs:
        for kind, _, _, selector in selectors(graph):
            key = _OUTPUT[kind][1]
            producer = selector.text("producerSubtask")
            yield from _absent(pipeline, graph, str(graph), kind, producer, selector.at(key))


def _absent(
    pipeline: Pipeline,
    graph: Component,
    subject: str,
    kind: str,
    producer: str | None,
    key: Node | None,
) -> Problems:
    task = pipeline.tasks_of(graph).get(producer or "")
    if task is None or task.component is None or key is None or not isinstance(key.value, str):
        return
    if key.value not in task.component.outputs(kind):
        yield Problem(key, subject, f"{task} puts out no {kind.removesuffix('s')} {key.value}")


@rule(
    "PGP205",
    "unknown-input",
    ERROR,
    why="KFP finds no value, or passes one that nobody reads.",
    fix="Name an input that the component declares.",
)
def unknown_input(pipeline: Pipeline) -> Problems:
    """A task passes or takes an input that the component does not declare."""
    for task in pipeline.tasks:
        for kind in KINDS:
            what = kind.removesuffix("s")
            declared = task.component.inputs(kind) if task.component is not None else None
            given = task.parent.inputs(kind)
            for name, source in task.sources(kind):
                known = declared is None or name in declared or _is_channel(name, source)
                if not known:
                    yield Problem(source, str(task), f"{task.component} takes no {what} {name}")
                taken = source.at(_INPUT[kind])
                wanted = taken.value if taken is not None else None
                if (
                    taken is not None
                    and isinstance(wanted, str)
                    and wanted not in _items(task, kind)
                    and wanted not in given
                ):
                    yield Problem(taken, str(task), f"{task.parent} takes no {what} {wanted}")


def _is_channel(name: str, source: Node) -> bool:
    """Whether the SDK passes it for settings of the task's pod, such as a limit of memory."""
    return name.startswith(_CHANNEL) or _CHANNEL in (source.text("runtimeValue", "constant") or "")


def _items(task: Task, kind: str) -> set[str]:
    """Inputs that an iterator of the task itself makes."""
    iterator = "parameterIterator" if kind == "parameters" else "artifactIterator"
    item = task.node.text(iterator, "itemInput")
    return {item} if item else set()


@rule(
    "PGP206",
    "missing-input",
    ERROR,
    why="The task fails when it begins: KFP finds no value for it.",
    fix="Pass the input, give it a default, or declare it isOptional.",
)
def missing_input(pipeline: Pipeline) -> Problems:
    """A task does not pass an input that its component needs."""
    for task in pipeline.tasks:
        if task.component is None:
            continue
        for kind in KINDS:
            passed = {name for name, _ in task.sources(kind)} | _items(task, kind)
            for name, node in task.component.inputs(kind).items():
                optional = node.at("isOptional")
                if name in passed or (optional is not None and optional.value is True):
                    continue
                if node.at("defaultValue") is None and node.text("parameterType") not in (
                    "TASK_FINAL_STATUS",
                    "TASK_CONFIG",
                ):
                    yield Problem(
                        task.node, str(task), f"{kind.removesuffix('s')} {name} is not passed"
                    )


@rule(
    "PGP207",
    "output-without-producer",
    ERROR,
    why="The output stays empty, and the task that takes it fails.",
    fix="Say under dag.outputs which task it comes from, or remove the output.",
)
def output_without_producer(pipeline: Pipeline) -> Problems:
    """A graph declares an output that none of its tasks produces."""
    for graph in pipeline.graphs:
        produced = {(kind, name) for kind, name, _, _ in selectors(graph)}
        for kind in KINDS:
            for name, node in graph.outputs(kind).items():
                if (kind, name) not in produced:
                    yield Problem(
                        node, str(graph), f"nothing produces {kind.removesuffix('s')} {name}"
                    )
