"""InferenceGraphs and TrainedModels."""

from __future__ import annotations

import re

from phasegate.linting.node import Node
from phasegate.manifests.objects import KubernetesObject, Problem, Stream
from phasegate.manifests.rules.registry import ERROR, Problems, rule

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")
_TARGETS = ("nodeName", "serviceName", "serviceUrl")
_TRAINED_SCHEMES = ("gs://", "s3://", "http://", "https://")
_TRAINED_NAME = re.compile(r"[a-zA-Z0-9_-]+\Z")


@rule(
    "PGM223",
    "inference-graph",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="A node root; for each step one of nodeName, serviceName, serviceUrl and its own name; "
    "weights of a Splitter that sum to 100.",
)
def inference_graph(stream: Stream) -> Problems:
    """An InferenceGraph breaks one of KServe's rules."""
    for one in stream.of_kind("InferenceGraph"):
        if one.name and not _NAME.match(one.name):
            yield Problem(one, one.name_node, f"{one.name!r} does not match {_NAME.pattern[:-2]}")
        nodes = dict(one.node.entries("spec", "nodes"))
        if "root" not in nodes:
            yield Problem(
                one, one.node.at("spec", "nodes") or one.node, "the graph has no node root"
            )
        for name, node in nodes.items():
            yield from _node(one, name, node, nodes)


def _node(one: KubernetesObject, name: str, node: Node, nodes: dict[str, Node]) -> Problems:
    names: set[str] = set()
    weights: list[int] = []
    for step in node.items("steps"):
        targets = [key for key in _TARGETS if step.text(key)]
        if len(targets) != 1:
            what = "names no target" if not targets else f"names {' and '.join(targets)}"
            yield Problem(one, step, f"a step of node {name} {what}")
        following = step.text("nodeName")
        if following and following not in nodes:
            yield Problem(one, step.at("nodeName") or step, f"there is no node {following}")
        own = step.text("name")
        if own and own in names:
            yield Problem(
                one, step.at("name") or step, f"two steps of node {name} are called {own}"
            )
        names.add(own or "")
        weight = step.integer("weight")
        if node.text("routerType") == "Splitter":
            if weight is None:
                yield Problem(one, step, f"a step of splitter {name} has no weight")
            weights.append(weight or 0)
    if weights and sum(weights) != 100:
        yield Problem(one, node, f"the weights of splitter {name} sum to {sum(weights)}")


@rule(
    "PGM224",
    "trained-model",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Letters, digits, hyphens and underscores in the name; storageUri of gs, s3 or https.",
)
def trained_model(stream: Stream) -> Problems:
    """A TrainedModel has a wrong name, or a storageUri that its agent cannot load."""
    for one in stream.of_kind("TrainedModel"):
        if one.name and not _TRAINED_NAME.match(one.name):
            yield Problem(one, one.name_node, f"{one.name!r} is no name of a TrainedModel")
        uri = one.node.at("spec", "model", "storageUri")
        if (
            uri is not None
            and isinstance(uri.value, str)
            and not uri.value.startswith(_TRAINED_SCHEMES)
        ):
            yield Problem(one, uri, f"storageUri is {uri.value}")
