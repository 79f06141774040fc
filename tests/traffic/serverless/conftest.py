"""A fake Kubernetes API with an InferenceService in Knative mode, as the overlay makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from phasegate.kubernetes.cluster import Cluster, connect
from phasegate.traffic.kserve.serverless import KServeServerlessTarget
from phasegate.traffic.kserve.slots import Deployment
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.kubernetes.controllers import Controllers
from tests.kubernetes.fake import FakeApi

NAMESPACE, NAME = "fraud", "card-fraud"
A, B, C = "a1" * 32, "b2" * 32, "c3" * 32


def inference_service(mode: str = "Knative", **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/part-of": "phasegate", "phasegate.dev/model": NAME},
            "annotations": {"serving.kserve.io/deploymentMode": mode, **annotations},
        },
        "spec": {
            "predictor": {
                "minReplicas": 1,
                "model": {"modelFormat": {"name": "phasegate"}, "runtime": "phasegate-predictor"},
            }
        },
    }


def model(digest: str, number: int = 1) -> Deployment:
    return Deployment(NAME, f"{NAME}/{number}", digest, f"gs://models/{digest}")


@dataclass
class World:
    """What a test drives.

    Attributes:
        api: the fake API.
        controllers: KServe's and Knative's, at work.
        cluster: a client.
        probed: slots that were asked something real.
        kubeconfig: of the fake API.
    """

    api: FakeApi
    controllers: Controllers
    cluster: Cluster
    kubeconfig: Path
    probed: list[Backend] = field(default_factory=list)

    def target(self, **options: Any) -> KServeServerlessTarget:
        settings = {"probe": self.probed.append, "ready_seconds": 20.0, "route_seconds": 20.0}
        return KServeServerlessTarget(self.cluster, NAMESPACE, NAME, **settings | options)

    def service(self) -> dict[str, Any]:
        found = self.api.object("InferenceService", NAMESPACE, NAME)
        assert found is not None
        return found

    def percent(self) -> int | None:
        return self.service()["spec"]["predictor"].get("canaryTrafficPercent")

    def revisions(self) -> list[str]:
        """Slots of all revisions, oldest first."""
        found = self.api.objects("Revision", NAMESPACE)
        notes = [one["metadata"]["annotations"] for one in found]
        return [one.get("phasegate.dev/model-digest", "")[:12] for one in notes]

    def routed(self) -> dict[str, int]:
        """Per cent that each slot is routed, as Knative says."""
        found = {
            one["metadata"]["name"]: one["metadata"]["annotations"]["phasegate.dev/model-digest"]
            for one in self.api.objects("Revision", NAMESPACE)
            if "phasegate.dev/model-digest" in one["metadata"]["annotations"]
        }
        shares: dict[str, int] = {}
        for one in self.service()["status"]["components"]["predictor"]["traffic"]:
            slot = found[one["revisionName"]][:12]
            shares[slot] = shares.get(slot, 0) + one["percent"]
        return {slot: share for slot, share in shares.items() if share}

    def serve(self, digest: str) -> Backend:
        """Deploy a champion and start traffic with it."""
        target = self.target()
        backend = target.deploy(model(digest))
        target.apply(TrafficPlan(backend))
        return backend

    def patches(self, resource: str) -> int:
        """How many PATCHes of ours the API has seen."""
        ours = [call for call in self.api.calls if call.manager == "phasegate"]
        return sum(call.verb == "patch" and resource in call.path for call in ours)


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    started: list[Any] = []

    def make(service: dict[str, Any] | None = None, **settings: Any) -> World:
        api = FakeApi.start()
        started.append(api)
        api.namespace(NAMESPACE)
        api.put(service or inference_service())
        controllers = api.reconcile(**settings)
        controllers.__enter__()
        started.append(controllers)
        kubeconfig = api.kubeconfig(tmp_path / "kubeconfig")
        return World(api, controllers, connect(kubeconfig, retry_seconds=2.0), kubeconfig)

    yield make
    for one in reversed(started):
        one.__exit__(None, None, None)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
