"""KServe's payload logger: its settings, and what it does not see."""

from __future__ import annotations

from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.routes import route_rules
from phasegate.manifests.rules.registry import ERROR, WARNING, Problems, rule
from phasegate.manifests.services import inference_services, service_for

_MODES = ("all", "request", "response")
_STORAGE = ("path", "parameters", "key")


@rule(
    "PGM208",
    "logger",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Set mode to all, request or response; and of storage path, parameters and key together.",
)
def logger(stream: Stream) -> Problems:
    """A logger has no valid mode, or an incomplete storage."""
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            node = component.node.at("logger")
            if node is None or not isinstance(node.value, dict):
                continue
            if node.text("mode") not in _MODES:
                shown = node.at("mode")
                what = "has no mode" if shown is None else f"has mode {shown.value}"
                yield Problem(service.object, shown or node, f"the logger {what}")
            storage = node.at("storage")
            missing = [key for key in _STORAGE if storage is not None and storage.at(key) is None]
            if storage is not None and missing:
                yield Problem(
                    service.object, storage, f"the logger's storage has no {', '.join(missing)}"
                )


@rule(
    "PGM226",
    "batcher",
    ERROR,
    why="The batcher would wait for ever, or never.",
    fix="Use positive numbers.",
)
def batcher(stream: Stream) -> Problems:
    """A batcher has a size, latency or timeout that is not positive."""
    for service in inference_services(stream):
        for component in service.components:
            for key in ("maxBatchSize", "maxLatency", "timeout"):
                value = component.node.integer("batcher", key)
                if value is not None and value < 1:
                    yield Problem(
                        service.object,
                        component.node.at("batcher", key) or component.node,
                        f"{key} of the batcher is {value}",
                    )


@rule(
    "PGM304",
    "unlogged-canary",
    WARNING,
    why="The payload logger does not see the requests of a canary: the very version that has to be "
    "judged leaves no log.",
    fix="Use two InferenceServices behind a route of your own, or a server that logs by itself.",
)
def unlogged_canary(stream: Stream) -> Problems:
    """A logger stands beside spec.canary, whose requests it does not log."""
    for service in inference_services(stream):
        nodes = [service.predictor.node, *(canary.node for _, canary in service.canaries)]
        loggers = [node for one in nodes if (node := one.at("logger")) is not None]
        if service.canaries and loggers:
            yield Problem(service.object, loggers[0], "the logger does not see canary requests")


@rule(
    "PGM305",
    "unmatched-logs",
    WARNING,
    why="The logger takes its event id from the header Ce-Id, and a random one without it "
    "(X-Request-Id is ignored): the logs of champion and challenger cannot be joined.",
    fix="Let the gateway set ce-id from the request id, or have every client send it, and suppress "
    "this with that reason.",
)
def unmatched_logs(stream: Stream) -> Problems:
    """A route splits or copies requests to services with a payload logger, and sets no ce-id."""
    for one in route_rules(stream):
        backends = [*one.backends(), *(target for _, target in one.mirrors())]
        if len(backends) < 2 or "ce-id" in one.set_headers():
            continue
        for backend in backends:
            service = service_for(stream, one.route, backend.name) if backend.name else None
            if service is not None and service.predictor.node.at("logger") is not None:
                yield Problem(
                    one.route,
                    backend.node,
                    f"{service.name} logs payloads, and the route sets no ce-id",
                )
                break
