"""A compiled pipeline with its lines: components, tasks and executors, and how they refer."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from phasegate.linting.node import Node
from phasegate.pipeline_lint.edits import Edit

EMPTY = Node({}, 0)
KINDS = ("parameters", "artifacts")
_WAYS = {
    "parameters": ("taskOutputParameter", "taskFinalStatus"),
    "artifacts": ("taskOutputArtifact",),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found.

    Attributes:
        node: the field.
        subject: what it is in, such as ``task train``.
        what: what is wrong.
        fix: what to do, where that is more than the rule's own text.
        edit: of the file, which mends it without changing anything else.
    """

    node: Node
    subject: str
    what: str
    fix: str = ""
    edit: Edit | None = None


@dataclass(frozen=True)
class Component:
    """A component: a graph of tasks, or what runs in an executor.

    Attributes:
        name: of the component; ``root`` is the pipeline itself.
        node: its specification.
    """

    name: str
    node: Node

    def __str__(self) -> str:
        return "pipeline" if self.name == "root" else f"component {self.name}"

    @property
    def dag(self) -> Node | None:
        """The graph, where it is one."""
        return self.node.at("dag")

    def inputs(self, kind: str) -> dict[str, Node]:
        """Inputs that are declared; kind is ``parameters`` or ``artifacts``."""
        return self._declared["inputDefinitions", kind]

    def outputs(self, kind: str) -> dict[str, Node]:
        """Outputs that are declared."""
        return self._declared["outputDefinitions", kind]

    @functools.cached_property
    def _declared(self) -> dict[tuple[str, str], dict[str, Node]]:
        return {
            (way, kind): dict(self.node.entries(way, kind))
            for way in ("inputDefinitions", "outputDefinitions")
            for kind in KINDS
        }

    def tasks(self) -> dict[str, Node]:
        """Tasks of the graph."""
        return dict(self.node.entries("dag", "tasks"))


@dataclass(frozen=True)
class Executor:
    """What runs a component.

    Attributes:
        label: that components name it by.
        node: its specification.
    """

    label: str
    node: Node

    def __str__(self) -> str:
        return f"executor {self.label}"

    @property
    def container(self) -> Node | None:
        """The container, where it is one."""
        return self.node.at("container")

    @functools.cached_property
    def words(self) -> list[Node]:
        """Command and arguments in order."""
        container = self.container or EMPTY
        return [*container.items("command"), *container.items("args")]


@dataclass(frozen=True)
class Task:
    """A task of a graph.

    Attributes:
        name: within its graph.
        node: its specification.
        parent: the component whose graph it is in.
        component: what it runs; None where that is not there.
    """

    name: str
    node: Node
    parent: Component
    component: Component | None

    def __str__(self) -> str:
        return f"task {self.name}"

    @property
    def title(self) -> str:
        """Its name as the UI shows it."""
        return self.node.text("taskInfo", "name") or self.name

    @property
    def condition(self) -> Node | None:
        """The condition that it runs on."""
        node = self.node.at("triggerPolicy", "condition")
        return node if node is not None and isinstance(node.value, str) and node.value else None

    def sources(self, kind: str) -> Iterator[tuple[str, Node]]:
        """Inputs that are passed, each with where it comes from."""
        return self.node.entries("inputs", kind)

    @functools.cached_property
    def producers(self) -> list[Node]:
        """Names of tasks that its inputs come from, each where it is said."""
        found = []
        for kind, ways in _WAYS.items():
            for _, source in self.sources(kind):
                for way in ways:
                    node = source.at(way, "producerTask")
                    if node is not None and isinstance(node.value, str):
                        found.append(node)
        return found

    def awaited(self) -> Iterator[Node]:
        """Names of tasks that it depends on, each where it is said."""
        for node in self.node.items("dependentTasks"):
            if isinstance(node.value, str):
                yield node


class Pipeline:
    """One compiled pipeline.

    Args:
        file: it was read from.
        node: the pipeline's specification.
        platforms: specifications of platforms that stand behind it in the file.
    """

    def __init__(self, file: str, node: Node, platforms: list[Node]) -> None:
        self.file, self.node, self.platforms = file, node, platforms
        root = node.at("root")
        self.root = Component("root", root if root is not None else Node({}, node.line))
        self.components = {
            name: Component(name, component) for name, component in node.entries("components")
        }
        self.executors = {
            label: Executor(label, executor)
            for label, executor in node.entries("deploymentSpec", "executors")
        }

    @functools.cached_property
    def graphs(self) -> list[Component]:
        """Components that are graphs, the pipeline itself first."""
        every = [self.root, *self.components.values()]
        return [component for component in every if component.dag is not None]

    @functools.cached_property
    def tasks(self) -> list[Task]:
        """All tasks of all graphs."""
        return [task for graph in self.graphs for task in self.tasks_of(graph).values()]

    def tasks_of(self, graph: Component) -> dict[str, Task]:
        """Tasks of one graph by name."""
        return self._tasks_by_graph.get(graph.name, {})

    @functools.cached_property
    def _tasks_by_graph(self) -> dict[str, dict[str, Task]]:
        return {
            graph.name: {
                name: Task(name, node, graph, self._component_of(node))
                for name, node in graph.tasks().items()
            }
            for graph in self.graphs
        }

    def _component_of(self, task: Node) -> Component | None:
        return self.components.get(task.text("componentRef", "name") or "")

    def executor_of(self, component: Component | None) -> Executor | None:
        """What runs a component, where it is no graph."""
        label = component.node.text("executorLabel") if component is not None else None
        return self.executors.get(label or "")

    @functools.cached_property
    def is_component(self) -> bool:
        """Whether it is one component, which KFP compiles to a pipeline of one task like it.

        What a task has, such as caching, retries and resources, whoever uses it decides.
        """
        if len(self.tasks) != 1 or self.tasks[0].name != self.node.text("pipelineInfo", "name"):
            return False
        (task,) = self.tasks
        passed = {
            (kind, name, source.text(f"componentInput{kind.capitalize().removesuffix('s')}"))
            for kind in KINDS
            for name, source in task.sources(kind)
        }
        alike = {(kind, name, name) for kind in KINDS for name in self.root.inputs(kind)}
        return task.title == task.name and passed == alike

    @functools.cached_property
    def steps(self) -> list[tuple[Task, Executor]]:
        """Tasks that run a container, each with it."""
        found = [(task, self.executor_of(task.component)) for task in self.tasks]
        return [
            (task, one)
            for task, one in found
            if one is not None and one.container is not None and _runs(one.container)
        ]

    @functools.cached_property
    def containers(self) -> list[tuple[Executor, Node]]:
        """Executors that are containers, each with its container."""
        every = [(one, one.container) for one in self.executors.values()]
        return [(one, node) for one, node in every if node is not None and _runs(node)]


def _runs(container: Node) -> bool:
    """Whether it is a container: KFP's driver itself does what these images stand for."""
    return not (container.text("image") or "").startswith("argostub/")
