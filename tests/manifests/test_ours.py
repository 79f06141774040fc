"""Our own overlays are clean, also with the rules that the traffic target writes into the route."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from phasegate.linting.finding import Finding
from phasegate.linting.reading import read
from phasegate.manifests.lint import report
from phasegate.traffic.kserve.route import rules_of
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.kserve_manifests.sources import FOLDER, OVERLAYS, rendered

Object = dict[str, Any]

CHAMPION = Backend("a" * 12, "card-fraud-a-predictor.phasegate:80", "card-fraud")
CHALLENGER = Backend("b" * 12, "card-fraud-b-predictor.phasegate:80", "card-fraud")
ALONE = TrafficPlan(CHAMPION)
SPLIT = TrafficPlan(CHAMPION, CHALLENGER, weight=1234, mirror=2500)
PLANS = {
    "champion alone": ALONE,
    "shadow": TrafficPlan(CHAMPION, CHALLENGER, mirror=10_000),
    "split": SPLIT,
    "all to the challenger": TrafficPlan(CHAMPION, CHALLENGER, weight=10_000),
    "killed": SPLIT.kill(),
}


def found(objects: list[Object]) -> list[Finding]:
    text = "\n---\n".join(json.dumps(one) for one in objects)
    return report([(read("overlay", text.encode()), True)]).findings


def with_rules(objects: list[Object], plan: TrafficPlan) -> list[Object]:
    objects = copy.deepcopy(objects)
    for one in objects:
        if one["kind"] == "HTTPRoute":
            one["spec"]["rules"] = rules_of(plan, lambda backend: backend.host.split(".")[0])
    return objects


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_is_found_in_our_overlays(overlay: str) -> None:
    assert found(rendered(FOLDER / "overlays" / overlay)) == []


@pytest.mark.parametrize("plan", PLANS)
def test_nothing_is_found_in_a_route_that_carries_out_a_plan(plan: str) -> None:
    objects = rendered(FOLDER / "overlays" / "gateway" / "prod")

    assert found(with_rules(objects, PLANS[plan])) == []


def of_kind(objects: list[Object], kind: str) -> Object:
    return next(one for one in objects if one["kind"] == kind)


def _visible(objects: list[Object]) -> None:
    del of_kind(objects, "InferenceService")["metadata"]["labels"][
        "networking.kserve.io/visibility"
    ]


def _split_by_knative(objects: list[Object]) -> None:
    of_kind(objects, "InferenceService")["spec"]["predictor"]["canaryTrafficPercent"] = 10


def _cold(objects: list[Object]) -> None:
    of_kind(objects, "InferenceService")["spec"]["predictor"]["minReplicas"] = 0


def _named_after_the_slot(objects: list[Object]) -> None:
    container = of_kind(objects, "ServingRuntime")["spec"]["containers"][0]
    container["args"].append("--name={{.Name}}")


def _sidecar_first(objects: list[Object]) -> None:
    of_kind(objects, "ServingRuntime")["spec"]["containers"].reverse()


def _logged(objects: list[Object]) -> None:
    of_kind(objects, "InferenceService")["spec"]["predictor"]["logger"] = {"mode": "all"}


def _copied_to_nobody(objects: list[Object]) -> None:
    for rule in of_kind(objects, "HTTPRoute")["spec"]["rules"]:
        for one in rule.get("filters", ()):
            one["requestMirror"]["backendRef"]["name"] = "card-fraud-shadow"


def _unbound(objects: list[Object]) -> None:
    objects[:] = [one for one in objects if one["kind"] != "RoleBinding"]


def _never_evicted(objects: list[Object]) -> None:
    budget = of_kind(objects, "PodDisruptionBudget")["spec"]
    budget.clear()
    labels = {"serving.kserve.io/inferenceservice": "card-fraud-a"}
    budget |= {"minAvailable": 2, "selector": {"matchLabels": labels}}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_visible, "PGM407"),
        (_split_by_knative, "PGM302"),
        (_cold, "PGM307"),
        (_named_after_the_slot, "PGM308"),
        (_sidecar_first, "PGM609"),
        (_logged, "PGM305"),
        (_copied_to_nobody, "PGM401"),
        (_unbound, "PGM607"),
        (_never_evicted, "PGM701"),
    ],
)
def test_a_fault_in_our_overlay_is_found(spoil: Callable[[list[Object]], None], code: str) -> None:
    objects = with_rules(rendered(FOLDER / "overlays" / "gateway" / "prod"), SPLIT)

    spoil(objects)

    assert code in {finding.code for finding in found(objects)}
