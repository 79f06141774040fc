"""Modules in a root of their own, with the real providers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DIGEST = "sha256:" + "0123456789abcdef" * 4
ACCOUNT = "phasegate-{}@fraud-dev-1234.iam.gserviceaccount.com"

Object = dict[str, Any]

_ROOT = """
terraform {
  required_providers {
    kustomization = {
      source  = "kbst/kustomization"
      version = "= 0.9.8"
    }
  }
}

variable "kubeconfig" { type = string }
variable "settings" { type = any }

provider "kustomization" {
  kubeconfig_path = var.kubeconfig
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

output "manifests" {
  value = module.serving.manifests
}
"""

_NOWHERE = """
apiVersion: v1
kind: Config
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: none, user: {}}]
"""


class Terraform:
    """Terraform in a copy of what the modules read.

    Args:
        folder: for the copy, the state and the settings.
        kubeconfig: of the cluster; None for none, which is enough for a first plan.
        namespace: of the model.
        root: text of the root; module ``serving`` alone by default.
        modules: that the root calls.
        files: of the root beside, by their names.

    Attributes:
        kubeconfig: who asks the cluster.
        settings: the root's variable.
    """

    def __init__(
        self,
        folder: Path,
        kubeconfig: Path | None,
        namespace: str,
        *,
        root: str = _ROOT,
        modules: Sequence[str] = ("serving",),
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.copy = folder / "project"
        self._root = self.copy / "infra/terraform/root"
        shutil.copytree(ROOT / "kserve_manifests", self.copy / "kserve_manifests")
        for name in modules:
            module = f"infra/terraform/modules/{name}"
            shutil.copytree(ROOT / module, self.copy / module)
        for name, text in {"main.tf": root, **(files or {})}.items():
            (self._root / name).parent.mkdir(parents=True, exist_ok=True)
            (self._root / name).write_text(text, encoding="utf-8")
        if kubeconfig is None:
            kubeconfig = folder / "nowhere"
            kubeconfig.write_text(_NOWHERE, encoding="utf-8")
        self.kubeconfig = kubeconfig
        self.settings: Object = {
            "namespace": namespace,
            "model": f"model-{namespace[-6:]}",
            "hostname": f"{namespace}.example.com",
            "size": "dev",
            "store": "gs://fraud-dev-1234-artifacts/phasegate",
            "log": "gs://fraud-dev-1234-log/phasegate",
            "managed_prometheus": True,
            "images": {one: f"registry.example.org/{one}@{DIGEST}" for one in ("core", "drift")},
            "service_accounts": {
                f"{namespace}/phasegate-{one}": ACCOUNT.format(one)
                for one in ("predictor", "guard")
            },
            "gateway": {"namespace": "gw", "name": "in", "proxies_run_in": "envoy-gateway-system"},
            "registry": {
                "url": "https://mlflow.mlflow.svc",
                "namespace": "mlflow",
                "port": 5000,
                "secret": "mlflow-client",
                "key": "ca.crt",
            },
        }
        done = self._run("init", "-input=false", "-backend=false")
        if done.returncode:
            pytest.skip("terraform finds no providers: no registry, and no TF_CLI_CONFIG_FILE")

    def plan(self) -> list[Object]:
        """Objects that a plan shows, as they would be applied."""
        self._ok("plan", "-out=plan")
        plan = json.loads(self._ok("show", "-json", "plan"))
        return [
            json.loads(one["values"]["manifest"])
            for module in plan["planned_values"]["root_module"]["child_modules"]
            for one in module["resources"]
            if one["type"] == "kustomization_resource"
        ]

    def changes(self) -> dict[str, list[str]]:
        """What a plan would do to which objects, by their addresses."""
        self._ok("plan", "-out=plan")
        plan = json.loads(self._ok("show", "-json", "plan"))
        return {
            one["address"]: one["change"]["actions"]
            for one in plan["resource_changes"]
            if one["mode"] == "managed" and one["change"]["actions"] != ["no-op"]
        }

    def digest(self) -> str:
        """What a plan would change, as the workflows compare it."""
        self._ok("plan", "-out=plan")
        shown = self._ok("show", "-json", "plan")
        script = ROOT / ".github/actions/plan/digest.py"
        command = [sys.executable, str(script)]
        done = subprocess.run(command, input=shown, capture_output=True, text=True, check=True)
        return done.stdout

    def apply(self) -> str:
        """``terraform apply``; what it prints."""
        return self._ok("apply", "-auto-approve")

    def try_apply(self) -> subprocess.CompletedProcess[str]:
        """``terraform apply`` by somebody who may not."""
        return self._run("apply", "-auto-approve")

    def destroy(self) -> subprocess.CompletedProcess[str]:
        """``terraform destroy``."""
        return self._run("destroy", "-auto-approve")

    def _ok(self, *arguments: str) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if shutil.which("terraform") is None:
            pytest.skip("no terraform")
        name, *options = arguments
        settings = self._root / "settings.auto.tfvars.json"
        values = {"kubeconfig": str(self.kubeconfig), "settings": self.settings}
        settings.write_text(json.dumps(values), encoding="utf-8")
        return subprocess.run(
            ["terraform", f"-chdir={self._root}", name, "-no-color", *options],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        )
