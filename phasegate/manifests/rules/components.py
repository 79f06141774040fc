"""What a component of an InferenceService has to consist of."""

from __future__ import annotations

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import ERROR, Problems, rule
from phasegate.manifests.services import FRAMEWORKS, SERVER, inference_services

_BLOCKED = frozenset({"PYTHONPATH"})


@rule(
    "PGM204",
    "one-predictor",
    ERROR,
    why="KServe's webhook refuses none as well as two.",
    fix="Set exactly one of model, a framework such as sklearn, or a container kserve-container.",
)
def one_predictor(stream: Stream) -> Problems:
    """A predictor has no model server, or more than one."""
    for service in inference_services(stream):
        predictors = [one for one in service.components if one.role == "predictor"]
        for component in [*predictors, *(canary for _, canary in service.canaries)]:
            found = component.implementations()
            if not found:
                yield Problem(service.object, component.node, f"{component.path} serves nothing")
            elif len(found) > 1:
                yield Problem(
                    service.object, found[1], f"{component.path} has {len(found)} model servers"
                )


@rule(
    "PGM205",
    "one-transformer",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Give it containers, or for an explainer art; one of them.",
)
def one_transformer(stream: Stream) -> Problems:
    """A transformer or explainer has nothing to run, or more than one thing."""
    for service in inference_services(stream):
        for component in service.components:
            if component.role == "predictor":
                continue
            found = [
                node
                for key in ("art", "model")
                if (node := component.node.at(key)) is not None and node.value is not None
            ]
            count = len(found) + bool(component.containers())
            if count != 1:
                what = "nothing to run" if not count else "more than one thing to run"
                yield Problem(service.object, component.node, f"{component.path} has {what}")


@rule(
    "PGM214",
    "named-model-server",
    ERROR,
    why="KServe's webhook refuses a name there: the container is always kserve-container.",
    fix="Remove name.",
)
def named_model_server(stream: Stream) -> Problems:
    """A model or framework has a field name."""
    for service in inference_services(stream):
        for key in ("model", *FRAMEWORKS):  # of a canary's it is not checked, and may be required
            name = service.predictor.node.at(key, "name")
            if name is not None and name.value not in (None, ""):
                yield Problem(service.object, name, f"spec.predictor.{key}.name is {name.value}")


@rule(
    "PGM215",
    "blocked-variable",
    ERROR,
    why="It lets a manifest run code of its own in the model server; the webhook refuses it.",
    fix="Build the path into the image.",
)
def blocked_variable(stream: Stream) -> Problems:
    """A container sets an environment variable that KServe blocks, such as PYTHONPATH."""
    for service in inference_services(stream):
        holders: list[Node] = []
        for component in [*service.components, *(one for _, one in service.canaries)]:
            holders += [
                node for key in ("model", *FRAMEWORKS, "art") if (node := component.node.at(key))
            ]
            for at in ((), ("workerSpec",)):
                for key in ("containers", "initContainers"):
                    holders += component.node.items(*at, key)
        for holder in holders:
            for variable in holder.items("env"):
                if variable.text("name") in _BLOCKED:
                    yield Problem(
                        service.object, variable, f"variable {variable.text('name')} is set"
                    )


@rule(
    "PGM220",
    "custom-protocol",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Set PROTOCOL to v1 or v2.",
)
def custom_protocol(stream: Stream) -> Problems:
    """The first container of a custom predictor sets PROTOCOL to something that is not v1 or v2."""
    for service in inference_services(stream):
        containers = service.predictor.containers()
        if not containers or service.predictor.model() is not None:
            continue
        for variable in containers[0].items("env"):
            value = variable.at("value")
            if variable.text("name") == "PROTOCOL" and (
                value is None or value.value not in ("v1", "v2")
            ):
                shown = value.value if value is not None else ""
                yield Problem(service.object, value or variable, f"PROTOCOL is {shown!r}")


@rule(
    "PGM225",
    "unserved-container",
    ERROR,
    why="The webhook renames a single container only: with two of them none is the server, and "
    "KServe fails to build the pod.",
    fix=f"Name the one that serves {SERVER}.",
)
def unserved_container(stream: Stream) -> Problems:
    """A custom predictor has several containers, none of them called kserve-container."""
    for service in inference_services(stream):
        component = service.predictor
        containers = component.containers()
        names = [one.text("name") for one in containers]
        if component.model() is None and len(containers) > 1 and SERVER not in names:
            yield Problem(
                service.object,
                containers[0],
                f"of {len(containers)} containers none is called {SERVER}",
            )
