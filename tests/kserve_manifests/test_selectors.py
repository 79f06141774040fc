"""Who may talk to whom, what is scraped, and what is drained: selectors that find their pods."""

from __future__ import annotations

import json
from typing import Any

import yaml

from phasegate.monitoring.observability.alert_rules import alert_rules, prometheus_rule
from tests.kserve_manifests.pods import Pod, pods
from tests.kserve_manifests.sources import FOLDER, Object, canonical, of_kind, only

PREDICTOR, GUARD = "InferenceService/", "Deployment/phasegate-guard"


def selects(selector: dict[str, Any], pod: Pod) -> bool:
    assert selector.keys() <= {"matchLabels"}
    return selector.get("matchLabels", {}).items() <= pod.labels.items()


def policies(objects: list[Object], pod: Pod, way: str) -> list[Object]:
    return [
        one["spec"]
        for one in of_kind(objects, "NetworkPolicy")
        if selects(one["spec"]["podSelector"], pod) and way in one["spec"]["policyTypes"]
    ]


def ports(objects: list[Object], pod: Pod, way: str) -> set[int]:
    return {
        port["port"]
        for policy in policies(objects, pod, way)
        for rule in policy.get(way.lower(), ())
        for port in rule["ports"]
    }


def test_nothing_is_allowed_but_what_a_pod_needs(
    objects: list[Object], is_serverless: bool
) -> None:
    store, dns = {443, 80, 988}, {53}
    for pod in pods(objects):
        incoming, outgoing = ports(objects, pod, "Ingress"), ports(objects, pod, "Egress")
        assert policies(objects, pod, "Ingress"), "default deny"
        if pod.owner == GUARD:
            assert incoming == set()
            assert outgoing == store | dns | {6443, 8080} | ({8012} if is_serverless else set())
        else:
            knative = {8012, 8013, 8112, 9090, 9099}
            assert incoming == ({8080} | knative if is_serverless else {8080, 9090})
            assert outgoing == store | dns


def test_a_pod_of_nobody_gets_names_and_nothing_else(objects: list[Object]) -> None:
    stranger = Pod("stranger", {"app": "stranger"}, {}, 30)
    assert ports(objects, stranger, "Ingress") == set()
    assert ports(objects, stranger, "Egress") == {53}


def test_what_the_guard_asks_the_predictors_answer(objects: list[Object]) -> None:
    guard = next(one for one in pods(objects) if one.owner == GUARD)
    (policy,) = (
        one["spec"]
        for one in of_kind(objects, "NetworkPolicy")
        if one["metadata"]["name"] == "phasegate-metrics"
    )
    for pod in pods(objects):
        if pod.owner.startswith(PREDICTOR):
            assert selects(policy["podSelector"], pod)
    assert any(
        selects(peer["podSelector"], guard)
        for rule in policy["ingress"]
        for peer in rule["from"]
        if "podSelector" in peer
    )


def test_each_slot_is_drained_one_pod_at_a_time(objects: list[Object]) -> None:
    budgets = of_kind(objects, "PodDisruptionBudget")
    for pod in pods(objects):
        found = [one["spec"] for one in budgets if selects(one["spec"]["selector"], pod)]
        if pod.owner == GUARD:
            assert found == []  # one pod, which a budget would chain to its node
        else:
            (budget,) = found
            assert budget["maxUnavailable"] == 1
            assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"  # idle pods are not ready


def test_pods_of_a_slot_are_spread(objects: list[Object], is_serverless: bool) -> None:
    for pod in pods(objects):
        if pod.owner.startswith(PREDICTOR) and not is_serverless:
            spread = pod.spec["topologySpreadConstraints"]
            assert {one["topologyKey"] for one in spread} == {
                "kubernetes.io/hostname", "topology.kubernetes.io/zone",
            }  # fmt: skip
            assert all(selects(one["labelSelector"], pod) for one in spread)


def test_metrics_of_predictor_and_sidecar_are_scraped(
    objects: list[Object], is_serverless: bool
) -> None:
    monitor = only(objects, "PodMonitor")["spec"]
    for pod in pods(objects):
        if not pod.owner.startswith(PREDICTOR):
            continue
        assert selects(monitor["selector"], pod)
        named = {port["name"] for one in pod.spec["containers"] for port in one.get("ports", ())}
        asked = {one["port"] for one in monitor["podMetricsEndpoints"]}
        if is_serverless:
            assert asked == {"user-port"}  # Knative's own name of it
            (moved,) = (one for one in monitor["podMetricsEndpoints"] if "relabelings" in one)
            port = moved["relabelings"][0]["replacement"].removeprefix("$1:")
            assert f"--http-port={port}" in pod.container("sidecar")["args"]
        else:
            assert asked == named


def test_rules_and_dashboard_are_those_of_their_one_source(objects: list[Object]) -> None:
    rule = yaml.safe_load(prometheus_rule())
    assert rule["spec"] == yaml.safe_load(alert_rules())
    found = only(objects, "PrometheusRule")
    assert canonical(found["spec"]) == canonical(rule["spec"])
    (dashboard,) = (
        one
        for one in of_kind(objects, "ConfigMap")
        if one["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
    )
    file = FOLDER / "observability" / "dashboard.json"
    assert json.loads(dashboard["data"]["phasegate.json"]) == json.loads(file.read_text())
