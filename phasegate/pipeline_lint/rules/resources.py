"""Requests and limits of processors and memory."""

from __future__ import annotations

import re
from decimal import Decimal

from phasegate.linting.node import Node
from phasegate.pipeline_lint.pipeline import Pipeline, Problem
from phasegate.pipeline_lint.rules.containers import image_or
from phasegate.pipeline_lint.rules.registry import ERROR, WARNING, Problems, rule

_QUANTITY = re.compile(r"([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})([A-Za-z]*)")
_UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** n for n, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{f"{unit}i": Decimal(1024) ** n for n, unit in enumerate(("K", "M", "G", "T", "P", "E"), 1)},
}
_KINDS = ("Cpu", "Memory")
_GIGABYTE = Decimal(1000) ** 3


@rule(
    "PGP605",
    "no-resource-requests",
    WARNING,
    why="The scheduler takes the pod to need nothing: it lands on a full node, and is the first to "
    "be evicted.",
    fix="Call set_cpu_request and set_memory_request, from a measurement.",
)
def no_resource_requests(pipeline: Pipeline) -> Problems:
    """A container requests no cpu or no memory."""
    for executor, container in pipeline.containers:
        missing = [
            kind.lower()
            for kind in _KINDS
            if _said(container, kind, "Request") is None and _said(container, kind, "Limit") is None
        ]
        if missing:
            node = container.at("resources") or image_or(container)
            yield Problem(node, str(executor), f"it requests no {' and no '.join(missing)}")


@rule(
    "PGP606",
    "no-memory-limit",
    WARNING,
    why="A task that leaks takes the memory of all others on its node before it is stopped.",
    fix="Call set_memory_limit.",
)
def no_memory_limit(pipeline: Pipeline) -> Problems:
    """A container requests memory, and has no limit of it."""
    for executor, container in pipeline.containers:
        request = _said(container, "Memory", "Request")
        if request is not None and _said(container, "Memory", "Limit") is None:
            yield Problem(request, str(executor), "its memory has no limit")


@rule(
    "PGP607",
    "limit-below-request",
    ERROR,
    why="Kubernetes refuses the pod, after all the tasks before it have run.",
    fix="Set the limit to the request or more; G is 1000^3, Gi is 1024^3.",
)
def limit_below_request(pipeline: Pipeline) -> Problems:
    """A limit is below what is requested."""
    for executor, container in pipeline.containers:
        for kind in _KINDS:
            request, limit = _said(container, kind, "Request"), _said(container, kind, "Limit")
            if request is None or limit is None:
                continue
            asked, allowed = _amount(request, kind), _amount(limit, kind)
            if asked is not None and allowed is not None and allowed < asked:
                yield Problem(
                    limit,
                    str(executor),
                    f"the {kind.lower()} limit {limit.value} is below the request {request.value}",
                )


@rule(
    "PGP608",
    "bad-quantity",
    ERROR,
    why="Kubernetes refuses the pod, after all the tasks before it have run.",
    fix="Write a quantity such as 500m, 2 or 4Gi.",
)
def bad_quantity(pipeline: Pipeline) -> Problems:
    """A request or a limit is no quantity, or zero."""
    for executor, container in pipeline.containers:
        for kind in _KINDS:
            for bound in ("Request", "Limit"):
                node = container.at("resources", f"resource{kind}{bound}")
                if node is None or not isinstance(node.value, str) or "{{$" in node.value:
                    continue
                amount = _amount(node, kind)
                if amount is None or amount == 0 or (node.value.endswith("m") and kind == "Memory"):
                    what = f"{kind.lower()} {bound.lower()} is {node.value!r}"
                    yield Problem(node, str(executor), what)


def _said(container: Node, kind: str, bound: str) -> Node | None:
    """A bound in its new form, or in the old one, in cores and gigabytes."""
    new = container.at("resources", f"resource{kind}{bound}")
    return new if new is not None else container.at("resources", f"{kind.lower()}{bound}")


def _amount(node: Node, kind: str) -> Decimal | None:
    value = node.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        amount = Decimal(str(value))
        return amount * (_GIGABYTE if kind == "Memory" else 1) if amount.is_finite() else None
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in _UNITS:
        return None
    return Decimal(match[1]) * _UNITS[match[2]]
