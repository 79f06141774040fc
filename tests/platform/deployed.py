"""Modules ``deployers`` and ``serving`` in a root, and what the second root has beside them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.platform.terraform import ROOT, Object

PLAN = "phasegate-gh-plan@fraud-dev-1234.iam.gserviceaccount.com"
SUBMIT = "phasegate-gh-submit@fraud-dev-1234.iam.gserviceaccount.com"
DRY_RUNS = "phasegate-github-plan-dry-runs-only"
MODULES = ("serving", "deployers")

DEPLOYED = """
terraform {
  required_providers {
    helm          = { source = "hashicorp/helm", version = "= 3.1.2" }
    kubernetes    = { source = "hashicorp/kubernetes", version = "= 3.2.1" }
    kustomization = { source = "kbst/kustomization", version = "= 0.9.8" }
  }
}

variable "kubeconfig" { type = string }
variable "settings" { type = any }

provider "helm" {
  helm_driver = "configmap"
  kubernetes  = { config_path = var.kubeconfig }
}
provider "kubernetes" { config_path = var.kubeconfig }
provider "kustomization" { kubeconfig_path = var.kubeconfig }

locals {
  parts      = ["pipelines", "certificates", "releases"]
  namespaces = { for one in local.parts : one => "${var.settings.namespace}-${one}" }
  made       = { for part, one in kubernetes_namespace_v1.this : part => one.metadata[0].name }
}

resource "kubernetes_namespace_v1" "this" {
  for_each = local.namespaces
  metadata { name = each.value }
}

module "serving" {
  source               = "../modules/serving"
  namespace            = var.settings.namespace
  model                = var.settings.model
  hostname             = var.settings.hostname
  size                 = var.settings.size
  store                = var.settings.store
  log                  = var.settings.log
  images               = var.settings.images
  service_accounts     = var.settings.service_accounts
  gateway              = var.settings.gateway
  registry             = var.settings.registry
  managed_prometheus   = var.settings.managed_prometheus
  monitoring_namespace = "gmp"
}

module "deployers" {
  source                 = "../modules/deployers"
  plan_account           = "PLAN"
  submit_account         = "SUBMIT"
  pipelines_namespace    = local.made.pipelines
  overlay_namespaces     = [module.serving.namespace, local.made.pipelines]
  certificate_namespaces = [local.made.certificates]
  release_namespaces     = [local.made.releases]
}

# The second root's own kinds of this provider.
resource "kubernetes_config_map_v1" "this" {
  metadata {
    name      = "phasegate"
    namespace = local.made.pipelines
  }
  data = { hostname = var.settings.hostname }
}

resource "kubernetes_pod_disruption_budget_v1" "this" {
  metadata {
    name      = "mlflow"
    namespace = local.made.certificates
  }
  spec {
    max_unavailable = "1"
    selector { match_labels = { app = "mlflow" } }
  }
}

resource "kubernetes_network_policy_v1" "this" {
  metadata {
    name      = "deny"
    namespace = local.made.certificates
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {}
  }
}

resource "helm_release" "this" {
  name      = "chart"
  namespace = local.made.releases
  chart     = "${path.module}/chart"
  values    = [yamlencode({ hostname = var.settings.hostname })]
}
""".replace("PLAN", PLAN, 1).replace("SUBMIT", SUBMIT, 1)

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
    "templates/settings.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
        "data: {hostname: {{ .Values.hostname }}}\n"
    ),
}

_PLURALS = {"Gateway": "gateways", "Rules": "rules"}
_SPECS: Object = {
    "Gateway": {
        "gatewayClassName": "envoy",
        "listeners": [{"name": "one", "port": 80, "protocol": "HTTP"}],
    },
    "GatewayClass": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
}
_WRITTEN = re.compile(
    r'apiVersion\s*=\s*"(?P<version>[^"]+)"\s+kind\s*=\s*"(?P<kind>[^"]+)"\s+'
    r"metadata\s*=\s*{(?P<metadata>[^\n]*)"
)


def kubeconfig_of(user: str, administrator: Path, folder: Path) -> Path:
    """A kubeconfig of a user, as whom the administrator asks.

    Args:
        user: its name.
        administrator: a kubeconfig.
        folder: to write it into.
    """
    value = yaml.safe_load(administrator.read_text(encoding="utf-8"))
    for one in value["users"]:
        one["user"]["as"] = user
    path = folder / f"{user}.kubeconfig"
    path.write_text(json.dumps(value), encoding="utf-8")
    path.chmod(0o600)
    return path


def plural(value: Object) -> str:
    """The resource of an object's kind."""
    kind = value["kind"]
    usual = re.sub("s$", "se", re.sub("y$", "ie", kind.lower())) + "s"
    return _PLURALS.get(kind, usual)


def collection(value: Object) -> str:
    """Path that an object is created at."""
    version, metadata = value["apiVersion"], value["metadata"]
    place = f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"/{'apis' if '/' in version else 'api'}/{version}/{place}{plural(value)}"


def definition(value: Object) -> Object:
    """A definition of an object's kind, under its own plural, that takes any object of it."""
    from tests.cluster.overlay import open_crd

    found = open_crd(value)
    group = found["spec"]["group"]
    found["spec"]["names"]["plural"] = plural(value)
    found["metadata"]["name"] = f"{plural(value)}.{group}"
    return found


def written() -> Iterator[Object]:
    """One object of each kind that is written in the second root's HCL itself."""
    modules = ROOT / "infra/terraform/modules"
    folders = [modules / "addons", modules / "tracking", ROOT / "infra/terraform/platform"]
    for file in sorted(one for folder in folders for one in folder.glob("*.tf")):
        for found in _WRITTEN.finditer(file.read_text(encoding="utf-8")):
            named = {"namespace": "any"} if "namespace" in found["metadata"] else {}
            metadata = {"name": "tried", **named}
            kind = found["kind"]
            value = {"apiVersion": found["version"], "kind": kind, "metadata": metadata}
            yield {**value, "spec": _SPECS.get(kind, {})}


def kubeflow_pipelines(source: Path) -> list[Object]:
    """What module ``pipelines`` applies of Kubeflow Pipelines' repository.

    Args:
        source: a checkout.
    """
    folders = ("env/platform-agnostic", "base/pipeline/cluster-scoped")
    argo = "third-party/argo/installs/namespace/cluster-scoped"
    found = []
    for folder in (*folders, argo):
        command = ["kubectl", "kustomize", str(source / "manifests/kustomize" / folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found += [one for one in yaml.safe_load_all(done.stdout) if one]
    return found
