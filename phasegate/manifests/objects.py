"""Kubernetes objects of one lint, with their lines, and what they say of each other."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from phasegate.linting.node import Node

View = TypeVar("View")

KSERVE = "serving.kserve.io"
GATEWAY = "gateway.networking.k8s.io"


@dataclass(frozen=True)
class KubernetesObject:
    """One object.

    Attributes:
        file: it was read from.
        node: all of it.
        api_version: such as ``serving.kserve.io/v1beta1``.
        kind: such as ``InferenceService``.
        name: empty where it has none.
        namespace: empty where it is left to who applies it.
    """

    file: str
    node: Node = field(repr=False)
    api_version: str
    kind: str
    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def name_node(self) -> Node:
        """Where the object says its name, or where it begins."""
        return self.node.at("metadata", "name") or self.node

    @functools.cached_property
    def labels(self) -> dict[str, str]:
        """Labels of the object itself."""
        return texts(self.node.at("metadata", "labels"))

    @functools.cached_property
    def annotations(self) -> dict[str, str]:
        """Annotations of the object itself."""
        return texts(self.node.at("metadata", "annotations"))

    def annotation_node(self, key: str) -> Node:
        """Where an annotation is, or where the object says its name."""
        return self.node.at("metadata", "annotations", key) or self.name_node

    def same_namespace(self, other: KubernetesObject) -> bool:
        """Whether both may be in one namespace: one that is not said may be any."""
        return not self.namespace or not other.namespace or self.namespace == other.namespace

    @functools.cached_property
    def last_line(self) -> int:
        """The last line that a field of it begins on."""
        return _last_line(self.node)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found.

    Attributes:
        object: it is in.
        node: the field.
        what: what is wrong.
        fix: what to do, where that is more than the rule's own text.
    """

    object: KubernetesObject
    node: Node
    what: str
    fix: str = ""


class Stream:
    """All objects of one lint: rules may ask what else is applied with an object."""

    def __init__(self, objects: Iterable[KubernetesObject]) -> None:
        self.objects = list(objects)
        self._by_kind: dict[tuple[str, str], list[KubernetesObject]] = {}
        self._views: dict[Callable[[Stream], Any], Any] = {}
        for one in self.objects:
            self._by_kind.setdefault((one.group, one.kind), []).append(one)

    def view(self, build: Callable[[Stream], View]) -> View:
        """What a function makes of the objects, made once."""
        if build not in self._views:
            self._views[build] = build(self)
        return self._views[build]

    def of_kind(self, kind: str, group: str = KSERVE) -> list[KubernetesObject]:
        """Objects of a kind, of any version of its group."""
        return self._by_kind.get((group, kind), [])

    def find(
        self, near: KubernetesObject, kind: str, name: str, group: str = KSERVE
    ) -> KubernetesObject | None:
        """The object of a kind and name that `near` would see in its namespace."""
        for one in self.view(_by_name).get((group, kind, name), ()):
            if one.same_namespace(near):
                return one
        return None


def _by_name(stream: Stream) -> dict[tuple[str, str, str], list[KubernetesObject]]:
    found: dict[tuple[str, str, str], list[KubernetesObject]] = {}
    for one in stream.objects:
        found.setdefault((one.group, one.kind, one.name), []).append(one)
    return found


def texts(node: Node | None) -> dict[str, str]:
    """A mapping's strings."""
    if node is None:
        return {}
    return {key: child.value for key, child in node.entries() if isinstance(child.value, str)}


def selected(selector: Node | None, labels: dict[str, str]) -> bool:
    """Whether a label selector takes something with these labels."""
    if selector is None:
        return False
    wanted = selector.at("matchLabels")
    if any(labels.get(key) != child.value for key, child in (wanted or Node({}, 0)).entries()):
        return False
    return all(_expression(one, labels) for one in selector.items("matchExpressions"))


def _expression(node: Node, labels: dict[str, str]) -> bool:
    value = labels.get(node.text("key") or "")
    values = [item.value for item in node.items("values")]
    match node.text("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False


def _last_line(node: Node) -> int:
    last, waiting = node.line, [node]
    while waiting:
        one = waiting.pop()
        last = max(last, one.line)
        children: Iterator[Node] | list[Node] = iter(())
        if isinstance(one.value, dict):
            children = iter(one.value.values())
        elif isinstance(one.value, list):
            children = one.value
        waiting.extend(children)
    return last
