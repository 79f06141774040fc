"""HTTPRoutes of one's own in front of InferenceServices."""

from __future__ import annotations

from phasegate.manifests.objects import GATEWAY, Problem, Stream
from phasegate.manifests.routes import Backend, RouteRule, route_rules
from phasegate.manifests.rules.registry import ERROR, INFO, WARNING, Problems, rule
from phasegate.manifests.services import service_for

_ROUTED_MODES = ("Standard", None)  # Knative's own routes have other names


@rule(
    "PGM401",
    "backend-not-here",
    ERROR,
    why="A gateway answers 500 for a Service that does not exist, and drops copies silently.",
    fix="Correct the name: KServe calls the Service of a predictor NAME-predictor.",
)
def backend_not_here(stream: Stream) -> Problems:
    """A route or mirror names a Service that nothing in the same input makes."""
    if not stream.of_kind("InferenceService") and not stream.of_kind("Service", ""):
        return
    for one in route_rules(stream):
        for backend, verb in targets(one):
            if backend.name and not _exists(stream, one, backend):
                yield Problem(
                    one.route,
                    backend.node.at("name") or backend.node,
                    f"requests are {verb} {backend.name}, which is not here",
                )


def targets(one: RouteRule) -> list[tuple[Backend, str]]:
    """Where requests and copies go, each with the verb for it."""
    return [(backend, "sent to") for backend in one.backends()] + [
        (target, "copied to") for _, target in one.mirrors()
    ]


def _exists(stream: Stream, one: RouteRule, backend: Backend) -> bool:
    if backend.namespace and backend.namespace != one.route.namespace:
        return True  # of another team, perhaps
    return (
        service_for(stream, one.route, backend.name) is not None
        or stream.find(one.route, "Service", backend.name, "") is not None
        or stream.find(one.route, "Service", backend.name, "serving.knative.dev") is not None
    )


@rule(
    "PGM402",
    "mirror-to-itself",
    ERROR,
    why="The service gets every request twice, and shadow and champion are the same model.",
    fix="Copy to the other slot.",
)
def mirror_to_itself(stream: Stream) -> Problems:
    """A rule copies requests to the service that answers them."""
    for one in route_rules(stream):
        answering = {
            (backend.name, backend.namespace)
            for backend in one.backends()
            if backend.name and backend.weight > 0
        }
        for _, target in one.mirrors():
            if (target.name, target.namespace) in answering and len(answering) == 1:
                yield Problem(
                    one.route,
                    target.node.at("name") or target.node,
                    f"{target.name} answers these requests, and gets their copies as well",
                )


@rule(
    "PGM403",
    "mirror-share",
    ERROR,
    why="The API server refuses the route, or nothing is copied.",
    fix="Set percent to 0-100, or fraction with numerator <= denominator; not both.",
)
def mirror_share(stream: Stream) -> Problems:
    """A mirror's percent or fraction is out of bounds."""
    for one in route_rules(stream):
        for mirror, _ in one.mirrors():
            node = mirror.at("requestMirror") or mirror
            percent = node.integer("percent")
            over, under = (
                node.integer("fraction", "numerator"),
                node.integer("fraction", "denominator"),
            )
            if percent is not None and node.at("fraction") is not None:
                yield Problem(one.route, node, "a mirror has both percent and fraction")
            elif percent is not None and not 0 <= percent <= 100:
                yield Problem(one.route, node.at("percent") or node, f"percent is {percent}")
            elif over is not None and (over < 0 or over > (100 if under is None else under)):
                yield Problem(
                    one.route,
                    node.at("fraction") or node,
                    f"the fraction is {over}/{100 if under is None else under}",
                )


@rule(
    "PGM404",
    "no-weight",
    ERROR,
    why="Where all weights are 0, or there is no backend, every request is answered with 500.",
    fix="Give one backend a positive weight.",
)
def no_weight(stream: Stream) -> Problems:
    """The weights of a rule sum to zero, or it has no backend at all."""
    for one in route_rules(stream):
        backends = one.backends()
        kinds = {filter_.text("type") for filter_ in one.node.items("filters")}
        if "RequestRedirect" in kinds or "ExtensionRef" in kinds:
            continue
        if not backends:
            yield Problem(one.route, one.node, "a rule has no backendRefs")
        elif sum(backend.weight for backend in backends) == 0:
            yield Problem(one.route, backends[0].node, "all weights of a rule are 0")


@rule(
    "PGM405",
    "weights-that-are-not-percent",
    WARNING,
    why="Weights are proportions: 90 and 5 give the second one 5.3 %, not 5 %, and a reader, or a "
    "tool that shows percentages, is misled.",
    fix="Let the weights of a rule sum to 100.",
)
def weights_that_are_not_percent(stream: Stream) -> Problems:
    """The weights of a rule that splits requests look like per cent, and do not sum to 100."""
    for one in route_rules(stream):
        backends = one.backends()
        total = sum(backend.weight for backend in backends)
        stated = [backend for backend in backends if backend.node.at("weight") is not None]
        per_cent = [b for b in stated if b.weight >= 10] and total not in (0, 1, 1000, 10000)
        if len(stated) > 1 and per_cent and total != 100:
            yield Problem(
                one.route,
                stated[0].node.at("weight") or stated[0].node,
                f"the weights of a rule sum to {total}",
            )


@rule(
    "PGM406",
    "route-of-the-same-name",
    ERROR,
    why="KServe writes an HTTPRoute of that name itself: each takes back what the other wrote, "
    "and weights and mirrors are wiped at KServe's next look.",
    fix="Label the InferenceService networking.kserve.io/visibility: cluster-local, or rename it.",
)
def route_of_the_same_name(stream: Stream) -> Problems:
    """An HTTPRoute has the name of one that KServe makes for an InferenceService."""
    for route in stream.of_kind("HTTPRoute", GATEWAY):
        service = service_for(stream, route, route.name)
        if service is not None and service.mode in _ROUTED_MODES and not service.is_local:
            yield Problem(route, route.name_node, f"KServe makes an HTTPRoute {route.name} as well")


@rule(
    "PGM407",
    "second-way-in",
    WARNING,
    why="KServe publishes a route of its own to the same predictor: requests by it see no "
    "weights, no mirror and no kill switch.",
    fix="Label the InferenceService networking.kserve.io/visibility: cluster-local.",
)
def second_way_in(stream: Stream) -> Problems:
    """A route of one's own leads to an InferenceService that is not cluster-local."""
    warned: set[int] = set()
    for one in route_rules(stream):
        for backend, _ in targets(one):
            service = service_for(stream, one.route, backend.name) if backend.name else None
            if service is None or service.is_local or service.mode not in _ROUTED_MODES:
                continue
            if id(service.object) not in warned and one.route.name not in service.service_names():
                warned.add(id(service.object))
                yield Problem(
                    service.object,
                    service.object.name_node,
                    f"{one.route} leads to it, and KServe's own route does as well",
                )


@rule(
    "PGM408",
    "split-that-is-not-sticky",
    INFO,
    why="Each request is drawn anew: one entity meets both versions, which blurs the comparison "
    "and unsettles whoever sees two answers.",
    fix="Add a rule that matches a header computed from the entity, such as x-phasegate-cohort.",
)
def split_that_is_not_sticky(stream: Stream) -> Problems:
    """A route splits by weight, and no rule of it matches a header."""
    for route in {id(one.route): one.route for one in route_rules(stream)}.values():
        rules = [RouteRule(route, node) for node in route.node.items("spec", "rules")]
        if any(
            True
            for one in rules
            for match in one.node.items("matches")
            for _ in match.items("headers")
        ):
            continue
        for one in rules:
            weighted = [backend for backend in one.backends() if backend.weight > 0]
            if len(weighted) > 1:
                yield Problem(route, weighted[0].node, "requests are drawn by weight, one by one")
                break
