"""What terraform would apply is what kubectl would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.platform.terraform import ACCOUNT, DIGEST, Object, Terraform

# The same by hand, as kserve_manifests/README.md says: a copy of settings/, and what GKE needs.
_BY_HAND = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [overlay]
patches:
- target: {{kind: ServiceAccount, name: phasegate-predictor}}
  patch: |-
    - op: add
      path: /metadata/annotations
      value: {{iam.gke.io/gcp-service-account: {predictor}}}
- target: {{kind: ServiceAccount, name: phasegate-guard}}
  patch: |-
    - op: add
      path: /metadata/annotations
      value: {{iam.gke.io/gcp-service-account: {guard}}}
- target: {{kind: NetworkPolicy, name: phasegate-requests}}
  patch: |-
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {{name: phasegate-requests}}
    spec:
      ingress:
      - from:
        - namespaceSelector:
            matchLabels: {{kubernetes.io/metadata.name: envoy-gateway-system}}
        ports: [{{protocol: TCP, port: 8080}}]
- target: {{kind: NetworkPolicy, name: phasegate-dns}}
  patch: |-
    - {{op: add, path: /spec/egress/0/to/2, value: {{ipBlock: {{cidr: 169.254.169.254/32}}}}}}
- target: {{kind: NetworkPolicy, name: phasegate-guard}}
  patch: |-
    - op: add
      path: /spec/egress/1
      value:
        to: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: mlflow}}}}}}]
        ports: [{{protocol: TCP, port: 5000}}]
- target: {{kind: Deployment}}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: phasegate-guard}}
    spec:
      template:
        spec:
          containers:
          - name: guard
            env:
            - {{name: MLFLOW_TRACKING_SERVER_CERT_PATH, value: /etc/phasegate/registry/ca.crt}}
            volumeMounts:
            - {{name: registry, mountPath: /etc/phasegate/registry, readOnly: true}}
          volumes:
          - name: registry
            secret:
              secretName: mlflow-client
              defaultMode: 288
              items: [{{key: ca.crt, path: ca.crt}}]
"""


@pytest.mark.parametrize("size", ["dev", "prod"])
@pytest.mark.parametrize("managed", [True, False])
def test_a_plan_shows_what_kubectl_makes_of_the_overlay(
    tmp_path: Path, size: str, managed: bool
) -> None:
    terraform = Terraform(tmp_path, None, "phasegate-test-abc123")
    terraform.settings |= {"size": size, "managed_prometheus": managed}
    planned = _by_name(terraform.plan())
    rendered = _by_name(_kubectl(terraform, size, managed))
    assert planned.keys() == rendered.keys()
    for name, one in planned.items():
        assert _sorted(one) == _sorted(rendered[name]), name


def test_the_lint_of_manifests_passes_it(tmp_path: Path) -> None:
    path = tmp_path / "planned.yaml"
    planned = Terraform(tmp_path, None, "phasegate-test-abc123").plan()
    path.write_text(yaml.safe_dump_all(planned), encoding="utf-8")
    command = [sys.executable, "-m", "phasegate.cli", "manifests", "lint", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _kubectl(terraform: Terraform, size: str, managed: bool) -> list[Object]:
    place = terraform.copy / "kserve_manifests"
    said = terraform.settings
    settings = yaml.safe_load((place / "settings/settings.yaml").read_text(encoding="utf-8"))
    settings["data"] |= {
        "model": said["model"],
        "store": said["store"],
        "log": said["log"],
        "registry": said["registry"]["url"],
        "gateway": "in",
        "gateway-namespace": "gw",
        "hostname": said["hostname"],
        "monitoring-namespace": "gmp",
    }
    _write(place / "settings/settings.yaml", settings)
    choice = yaml.safe_load((place / "settings/kustomization.yaml").read_text(encoding="utf-8"))
    choice["namespace"] = said["namespace"]
    choice["images"] = [
        {"name": f"phasegate/{one}", "newName": f"registry.example.org/{one}", "digest": DIGEST}
        for one in ("core", "drift")
    ]
    _write(place / "settings/kustomization.yaml", choice)
    components = ["settings", f"sizes/{size}", "naming"]
    components += ["optional/managed_prometheus/gateway"] if managed else []
    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../../modes/gateway"],
        "components": [f"../../{one}" for one in components],
    }
    (place / "mine/overlay").mkdir(parents=True)
    _write(place / "mine/overlay/kustomization.yaml", overlay)
    text = _BY_HAND.format(predictor=ACCOUNT.format("predictor"), guard=ACCOUNT.format("guard"))
    (place / "mine/kustomization.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["kubectl", "kustomize", str(place / "mine")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(value)), encoding="utf-8")


def _by_name(objects: list[Object]) -> dict[tuple[str, str, str], Object]:
    found = {
        (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one
        for one in objects
    }
    assert len(found) == len(objects)
    return found


def _sorted(value: Any) -> Any:
    """Lists whose order means nothing (variables, mounts, volumes) in one order."""
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items()}
    if isinstance(value, list):
        items = [_sorted(one) for one in value]
        named = all(isinstance(one, dict) and "name" in one for one in items)
        return sorted(items, key=lambda one: str(one["name"])) if named else items
    return value
