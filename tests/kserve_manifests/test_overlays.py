"""Overlays as kustomize renders them: each renders, and settings are the one place of names."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.kserve_manifests.sources import (
    FOLDER,
    MODES,
    OVERLAYS,
    canonical,
    of_kind,
    only,
    rendered,
)


@pytest.mark.parametrize("overlay", [*MODES, *OVERLAYS])
def test_an_overlay_renders_objects_with_names_of_their_own(overlay: str) -> None:
    objects = rendered(FOLDER / "overlays" / overlay)
    keys = Counter((one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in objects)
    assert set(keys.values()) == {1}
    namespaces = {one["metadata"].get("namespace") for one in objects}
    assert namespaces == {"phasegate", None}
    whole = {one["kind"] for one in objects if "namespace" not in one["metadata"]}
    assert whole == {"ClusterStorageContainer", "Namespace"}
    for one in objects:
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "phasegate"
        assert labels["phasegate.dev/model"] == "card-fraud"
    names = "card-fraud" if "serverless" in overlay else "card-fraud-a card-fraud-b"
    slots = of_kind(objects, "InferenceService")
    assert " ".join(sorted(one["metadata"]["name"] for one in slots)) == names


@pytest.mark.parametrize("mode", MODES)
def test_the_default_of_a_mode_is_the_size_of_production(mode: str) -> None:
    default = rendered(FOLDER / "overlays" / mode)
    assert default == rendered(FOLDER / "overlays" / mode / "prod")
    for service in of_kind(default, "InferenceService"):
        predictor = service["spec"]["predictor"]
        assert (predictor["minReplicas"], predictor["maxReplicas"]) == (2, 10)
    assert only(default, "ConfigMap", "phasegate")["data"]["replicas"] == "10"


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_of_the_settings_names_everything_anew(tmp_path: Path, mode: str) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(FOLDER / "settings", mine / "settings")
    settings = mine / "settings" / "settings.yaml"
    document = yaml.safe_load(settings.read_text())
    changed = {
        "model": "loans-eu",
        "store": "gs://other/place",
        "log": "gs://elsewhere/log",
        "gateway": "edge",
        "gateway-namespace": "edge-system",
        "hostname": "loans.example.org",
        "monitoring-namespace": "observing",
        "pipelines-namespace": "training",
        "registry": "https://mlflow.example.org",
    }
    assert changed.keys() == document["data"].keys() - {"replicas"}
    document["data"] |= changed
    settings.write_text(yaml.safe_dump(document))
    component = mine / "settings" / "kustomization.yaml"
    text = component.read_text().replace("namespace: phasegate", "namespace: loans")
    text = text.replace("newTag: 0.1.0", "newName: registry.example.org/phasegate/x\n  newTag: '9'")
    component.write_text(text)
    root = os.path.relpath(FOLDER, mine)
    (mine / "kustomization.yaml").write_text(
        yaml.safe_dump(
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": [f"{root}/modes/{mode}"],
                "components": ["settings", f"{root}/sizes/prod", f"{root}/naming"],
            }
        )
    )
    objects = rendered(mine)
    assert len(objects) == len(rendered(FOLDER / "overlays" / mode))
    for one in objects:
        text = canonical(one)
        if one["kind"] in ("PrometheusRule", "ConfigMap"):
            continue
        for old in ("card-fraud", "example-bucket", '"model-', '"phasegate.model"', "example.com"):
            assert old not in text, (one["kind"], old)
        assert one["metadata"].get("namespace", "loans") == "loans"
        assert one["metadata"]["labels"]["phasegate.dev/model"] == "loans-eu"
    assert only(objects, "Namespace")["metadata"]["name"] == "loans"
    for name, namespace in (("phasegate-guard", "loans"), ("phasegate-pipeline", "training")):
        (subject,) = only(objects, "RoleBinding", name)["subjects"]
        assert (subject["name"], subject["namespace"]) == (name, namespace)
    guard = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    runtime = only(objects, "ServingRuntime")["spec"]["containers"]
    images = [one["image"] for one in (guard, *runtime)]
    assert images == ["registry.example.org/phasegate/x:9"] * 3
    (storage,) = of_kind(objects, "ClusterStorageContainer")
    assert storage["metadata"]["name"] == "phasegate.loans-eu"
    assert storage["spec"]["supportedUriFormats"] == [{"prefix": "gs://other/place"}]
    for service in of_kind(objects, "InferenceService"):
        assert service["spec"]["predictor"]["storageContainerName"] == "phasegate.loans-eu"
    for route in of_kind(objects, "HTTPRoute"):
        assert route["metadata"]["name"] == "loans-eu"
        assert route["spec"] == {
            "parentRefs": [{"name": "edge", "namespace": "edge-system"}],
            "hostnames": ["loans.example.org"],
        }
    named = canonical(of_kind(objects, "NetworkPolicy"))
    assert '"edge-system"' in named
    assert '"observing"' in named
    assert '"training"' in named
    assert '"kubeflow"' not in named


def test_the_pipelines_account_is_in_the_namespace_that_its_role_is_bound_in() -> None:
    account = only(rendered(FOLDER / "optional" / "pipelines"), "ServiceAccount")
    settings = yaml.safe_load((FOLDER / "settings" / "settings.yaml").read_text())["data"]
    assert account["metadata"]["name"] == "phasegate-pipeline"
    assert account["metadata"]["namespace"] == settings["pipelines-namespace"]


def test_the_example_of_a_gateway_renders() -> None:
    gateway = only(rendered(FOLDER / "optional" / "gateway"), "Gateway")
    settings = yaml.safe_load((FOLDER / "settings" / "settings.yaml").read_text())["data"]
    about = gateway["metadata"]
    assert (about["name"], about["namespace"]) == (
        settings["gateway"], settings["gateway-namespace"],
    )  # fmt: skip
    (listener,) = gateway["spec"]["listeners"]
    assert settings["hostname"].endswith(listener["hostname"].removeprefix("*"))
