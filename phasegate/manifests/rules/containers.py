"""Images, resources and probes of containers."""

from __future__ import annotations

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.pods import Pod, pods
from phasegate.manifests.rules.registry import WARNING, Problems, rule
from phasegate.manifests.services import SERVER

_FLOATING = frozenset({"latest", "main", "master", "edge", "nightly", "dev", "stable"})
_RESOURCES = ("cpu", "memory")


@rule(
    "PGM601",
    "floating-image",
    WARNING,
    why="The tag moves: pods of one Deployment run different code, and nobody can say which.",
    fix="Pin the image by digest (@sha256:...), or at least by a version that is pushed once.",
)
def floating_image(stream: Stream) -> Problems:
    """An image has no tag, or one that moves, such as latest."""
    for pod in pods(stream):
        images = [container.node.at("image") for container in pod.containers()]
        if pod.partial:
            images += [pod.node.at(key, "image") for key in ("model", "art")]
        for image in images:
            if image is not None and isinstance(image.value, str) and is_floating(image.value):
                yield Problem(pod.object, image, f"image {image.value} is not pinned")


def is_floating(image: str) -> bool:
    """Whether an image's name can mean another image tomorrow.

    >>> is_floating("registry:5000/core"), is_floating("core:1.2"), is_floating("a@sha256:00")
    (True, False, False)
    """
    if "@sha256:" in image or "{{" in image or "$(" in image:
        return False
    _, colon, tag = image.rpartition("/")[2].partition(":")
    return not colon or tag.lower() in _FLOATING


@rule(
    "PGM602",
    "no-resource-requests",
    WARNING,
    why="The scheduler takes the pod to need nothing: it lands on a full node, is the first to be "
    "evicted, and no autoscaler can compute a utilization.",
    fix="Set resources.requests for cpu and memory, from a measurement.",
)
def no_resource_requests(stream: Stream) -> Problems:
    """A container requests no cpu or no memory."""
    for pod in pods(stream):
        for container in pod.containers(initial=False):
            if pod.partial and container.name == SERVER:
                continue  # laid over the runtime's container
            missing = [
                key
                for key in _RESOURCES
                if container.node.at("resources", "requests", key) is None
                and container.node.at("resources", "limits", key) is None
            ]
            if missing:
                node = container.node.at("resources") or _name(container.node)
                yield Problem(
                    pod.object,
                    node,
                    f"container {container.name} requests no {' and no '.join(missing)}",
                )


@rule(
    "PGM603",
    "no-readiness-probe",
    WARNING,
    why="Requests are sent to a server that has not loaded its model yet: an open port (KServe's "
    "own default) is not a model.",
    fix="Probe the address that says that the model is loaded, such as /v2/health/ready.",
)
def no_readiness_probe(stream: Stream) -> Problems:
    """A container that serves requests has no readiness probe."""
    for pod in pods(stream):
        container = _server(pod)
        if container is not None and container.at("readinessProbe") is None:
            name = container.text("name") or ""
            yield Problem(pod.object, _name(container), f"container {name} has no readinessProbe")


def _server(pod: Pod) -> Node | None:
    if not pod.served or pod.partial:
        return None
    containers = [container.node for container in pod.containers(initial=False)]
    named = [node for node in containers if node.text("name") == SERVER]
    with_ports = [node for node in containers if node.at("ports") is not None]
    return next(iter(named or with_ports or containers), None)


def _name(container: Node) -> Node:
    return container.at("name") or container
