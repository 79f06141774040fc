"""On GKE the managed Prometheus scrapes the same pods, and Cloud Monitoring has the same rules."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from phasegate import metric_names as names
from phasegate.local.environments import ROOT
from tests.kserve_manifests.pods import pods
from tests.kserve_manifests.sources import (
    FOLDER,
    MODES,
    Object,
    documents,
    of_kind,
    of_mode,
    only,
    patched,
    rendered,
)
from tests.kserve_manifests.test_selectors import PREDICTOR, selects

COMPONENT = FOLDER / "optional" / "managed_prometheus"
MODULE = ROOT / "infra" / "terraform" / "modules" / "monitoring"
RULES = [
    rule
    for group in documents(FOLDER / "observability" / "alerts.yaml")[0]["groups"]
    for rule in group["rules"]
]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def from_files(mode: str) -> list[Object]:
    """The mode's objects, with the component's patches carried out on them."""
    objects = [one for one in of_mode(mode) if one["kind"] != "PrometheusRule"]
    monitor, policy = (
        only(objects, "PodMonitor"),
        only(objects, "NetworkPolicy", "phasegate-metrics"),
    )
    patched(monitor, documents(COMPONENT / "gateway" / "pod_monitoring.yaml")[0])
    patched(policy, documents(COMPONENT / "gateway" / "collectors.yaml")[0])
    if mode == "serverless":
        patched(monitor, documents(COMPONENT / "serverless" / "pod_monitoring.yaml")[0])
    return objects


def overlay(folder: Path, mode: str, *, on_top: bool) -> list[Object]:
    """As rendered, with the component on top of an overlay or before the naming."""
    manifests = os.path.relpath(FOLDER, folder)
    ours = f"{manifests}/optional/managed_prometheus/{mode}"
    kustomization = (
        {"resources": [f"{manifests}/overlays/{mode}/prod"], "components": [ours]}
        if on_top
        else {
            "resources": [f"{manifests}/modes/{mode}"],
            "components": [
                f"{manifests}/settings", ours, f"{manifests}/sizes/prod", f"{manifests}/naming",
            ],
        }
    )  # fmt: skip
    about = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(about | kustomization))
    return rendered(folder)


def test_collectors_scrape_predictor_and_sidecar(mode: str) -> None:
    _scraped(from_files(mode))


@pytest.mark.parametrize("on_top", [True, False])
def test_it_goes_on_top_of_an_overlay_and_into_one(tmp_path: Path, mode: str, on_top: bool) -> None:
    objects = overlay(tmp_path, mode, on_top=on_top)
    _scraped(objects)
    found = only(objects, "PodMonitoring")["metadata"]
    assert found["namespace"] == "phasegate"
    assert found["labels"]["phasegate.dev/model"] == "card-fraud"


def _scraped(objects: list[Object]) -> None:
    groups = {one["apiVersion"].split("/")[0] for one in objects}
    assert "monitoring.coreos.com" not in groups, "GKE has no such kinds"
    (monitoring,) = of_kind(objects, "PodMonitoring")
    spec = monitoring["spec"]
    policy = only(objects, "NetworkPolicy", "phasegate-metrics")["spec"]
    incoming = policy["ingress"][0]
    allowed = {port["port"] for port in incoming["ports"]}
    for pod in pods(objects):
        if not pod.owner.startswith(PREDICTOR):
            continue
        assert selects(spec["selector"], pod)
        assert selects(policy["podSelector"], pod)
        ports = {
            port.get("name"): port["containerPort"]
            for one in pod.spec["containers"]
            for port in one.get("ports", ())
        }
        # Knative names the port of its own accord.
        ports.setdefault("user-port", 8080)
        asked = {ports.get(one["port"], one["port"]) for one in spec["endpoints"]}
        sidecar = next(
            int(one.partition("=")[2])
            for one in pod.container("sidecar")["args"]
            if one.startswith("--http-port=")
        )
        assert asked == {8080, sidecar}
        assert asked <= allowed
    namespaces = {
        one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for one in incoming["from"]
    }
    assert namespaces >= {"gke-gmp-system", "gmp-system"}
    for label in spec["targetLabels"]["fromPod"]:
        assert re.fullmatch("[a-z_]+", label["to"]), "or Prometheus refuses it"


def test_policies_know_the_scraped_job_by_its_name() -> None:
    text = (MODULE / "rules.tf").read_text()
    (job,) = re.findall(r'absent\(up\{job=\\"([^"\\]+)\\"', text)
    assert job == only(from_files("gateway"), "PodMonitoring")["metadata"]["name"]


def test_policies_are_made_from_the_rules_of_prometheus() -> None:
    (path,) = re.findall(r'\$\{path\.module\}/([^"]+\.yaml)', (MODULE / "rules.tf").read_text())
    assert (MODULE / path).resolve() == FOLDER / "observability" / "alerts.yaml"


def test_each_rule_can_become_a_policy() -> None:
    known = {metric.series for metric in names.ALL}
    for rule in RULES:
        asked = set(re.findall(r"phasegate_\w+", rule["expr"]))
        assert asked
        assert asked <= known, f"{rule['alert']} asks for metrics that nobody exports"
        assert re.fullmatch(r"\d+[smhd]", rule["for"])
        assert rule["labels"].keys() == {"severity"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        text = rule["annotations"]["summary"]
        left = re.sub(r"\{\{ *\$labels\.[a-z_]+ *\}\}", "", text)
        assert "{{" not in left, f"{rule['alert']}: Cloud Monitoring has no such template"
        assert "{{" not in rule["annotations"]["description"]


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    text = (MODULE / "RUNBOOK.md").read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    titles = [one.partition("\n")[0] for one in sections]
    assert len(titles) == len(set(titles))
    more = {"PhasegateNotScraped", "PhasegateRunFailed"}
    assert set(titles) == {rule["alert"] for rule in RULES} | more
    assert all(len(one.encode()) < 8000 for one in sections), "a notification holds 10,240 bytes"
