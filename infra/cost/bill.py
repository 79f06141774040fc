"""Lines of the bill, multiplied out for four months: dev and prod, idle and busy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from infra.cost import pods
from infra.cost.pods import Requests

MONTHS = ("dev, idle", "dev, busy", "prod, idle", "prod, busy")
Four = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Term:
    """A price, and what it is multiplied by.

    Attributes:
        price: its key.
        usd: of one unit.
        times: amounts for the four months, by what they count.
    """

    price: str
    usd: float
    times: Mapping[str, Four]

    def cost(self, month: int) -> float:
        """Of one of the four months."""
        return self.usd * prod(four[month] for four in self.times.values())


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bill.

    Attributes:
        part: service that it belongs to.
        name: what is paid for.
        knob: what changes it.
        terms: whose sum it is.
    """

    part: str
    name: str
    knob: str
    terms: tuple[Term, ...]

    def cost(self, month: int) -> float:
        """Of one of the four months."""
        return sum(term.cost(month) for term in self.terms)


def lines(data: Mapping[str, Any]) -> list[Line]:
    """The lines of cost.yaml.

    Raises:
        KeyError: a price, an assumption or a group of pods is named that is not there.
    """
    return [_line(data, one) for one in data["lines"]]


def _line(data: Mapping[str, Any], line: Mapping[str, Any]) -> Line:
    if "pods" in line:
        terms = _pods(data, line["pods"], line["count"])
    elif "runs" in line:
        terms = _runs(data, line["runs"], line["count"])
    else:
        terms = [
            _term(data, one["price"], {key: _four(data, v) for key, v in one["times"].items()})
            for one in line["terms"]
        ]
    return Line(line["part"], line["name"], line["knob"], tuple(terms))


def _pods(data: Mapping[str, Any], group: str, count: Any) -> Iterable[Term]:
    each = _each(data, group)
    common = {"pods" if len(data["platform"].get(group, ())) < 2 else "sets": _four(data, count)}
    hours = {"hours": _four(data, "hours")}
    units = {"cpu": "vCPU", "memory": "GiB", "ephemeral": "GiB of disk"}
    for price, unit in units.items():
        amounts = _as_four(getattr(one, price) for one in each)
        yield _term(data, price, common | {unit: amounts} | hours)


def _each(data: Mapping[str, Any], group: str) -> list[Requests]:
    """Of one pod, or of one set of pods, in each of the four months."""
    if group == "slots":
        return [pods.slot(size) for size in pods.SIZES for _ in range(2)]
    if group == "guard":
        return [pods.guard()] * 4
    asked = data["platform"][group]
    one = pods.together(
        Requests(pods.cores(pod["cpu"]), pods.gibibytes(pod["memory"])) for pod in asked
    )
    return [one] * 4


def _runs(data: Mapping[str, Any], pipeline: str, count: Any) -> Iterable[Term]:
    run = data["runs"][pipeline]
    asked = pods.steps(pipeline, run["steps"])
    common = {"runs": _four(data, count), "hours each": _four(data, run["minutes"] / 60)}
    yield _term(data, "cpu", common | {"vCPU": _four(data, asked.cpu)})
    yield _term(data, "memory", common | {"GiB": _four(data, asked.memory)})


def _term(data: Mapping[str, Any], price: str, times: Mapping[str, Four]) -> Term:
    return Term(price, float(data["prices"][price]["usd"]), times)


def _four(data: Mapping[str, Any], value: Any) -> Four:
    """Amounts for the four months: given, the same for all, or named."""
    if value == "hours":
        value = data["hours"]
    elif value == "conditions":
        value = pods.conditions()
    elif isinstance(value, str):
        value = data["assumed"][value]
    return _as_four(value) if isinstance(value, list) else (float(value),) * 4


def _as_four(values: Iterable[Any]) -> Four:
    first, second, third, fourth = (float(one) for one in values)
    return first, second, third, fourth
