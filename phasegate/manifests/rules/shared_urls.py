"""Several InferenceServices behind one URL."""

from __future__ import annotations

import re

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.routes import route_rules
from phasegate.manifests.rules.registry import ERROR, Problems, rule
from phasegate.manifests.rules.routes import targets
from phasegate.manifests.rules.runtimes import INSTALLED, find_runtime
from phasegate.manifests.services import InferenceService, service_for

_OPTIONS = ("--model_name", "--model-name", "--name")
_VARIABLES = ("PHASEGATE_MODEL_NAME",)


@rule(
    "PGM308",
    "one-url-two-names",
    ERROR,
    why="A model server answers under its InferenceService's name: at one URL, one of the two "
    "answers 404.",
    fix="Give both the same --model_name in their args.",
)
def one_url_two_names(stream: Stream) -> Problems:
    """A rule leads to two InferenceServices that do not share an explicit model name."""
    seen: set[frozenset[int]] = set()
    for one in route_rules(stream):
        if any(filter_.at("urlRewrite") is not None for filter_ in one.filters()):
            continue
        found: dict[int, InferenceService] = {}
        for backend, _ in targets(one):
            service = service_for(stream, one.route, backend.name) if backend.name else None
            if service is not None:
                found.setdefault(id(service.object), service)
        pair = frozenset(found)
        if len(found) < 2 or pair in seen:
            continue
        seen.add(pair)
        names = [(model_name(stream, service), service) for service in found.values()]
        if len({name for name, _ in names if name is not None}) > 1:
            yield from (
                Problem(
                    service.object,
                    service.object.name_node,
                    f"{one.route} leads to {len(found)} InferenceServices, and this one "
                    f"answers as {name}",
                )
                for name, service in names
                if name is not None
            )


def model_name(stream: Stream, service: InferenceService) -> str | None:
    """The name that a server answers under: the InferenceService's, if it is told no other.

    None where nobody can tell: of an image, or a runtime, that is not here.
    """
    model = service.predictor.model()
    sources: list[Node] = [model[1]] if model is not None else []
    sources += service.predictor.containers()
    chosen = model[1].text("runtime") if model is not None else None
    runtime = find_runtime(stream, service.object, chosen) if chosen else None
    if runtime is not None:
        sources += runtime.node.items("spec", "containers")
    for source in sources:
        words = [item.value for key in ("command", "args") for item in source.items(key)]
        for position, word in enumerate(words):
            option, equals, value = str(word).partition("=")
            if option in _OPTIONS:
                following = str(words[position + 1]) if position + 1 < len(words) else ""
                said = value if equals else following
                return service.name if "{{.Name}}" in said.replace(" ", "") else said
        for variable in source.items("env"):
            if variable.text("name") in _VARIABLES:
                return variable.text("value") or _by_label(variable, service)
    known = model is not None and (not chosen or runtime is not None or chosen in INSTALLED)
    return service.name if known else None


def _by_label(variable: Node, service: InferenceService) -> str | None:
    """What the downward API gives: KServe copies an InferenceService's labels to its pods."""
    path = variable.text("valueFrom", "fieldRef", "fieldPath") or ""
    match = re.fullmatch(r"metadata\.labels\['([^']+)'\]", path)
    return service.object.labels.get(match[1]) if match else None
