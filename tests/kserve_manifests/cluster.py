"""A cluster with a mode's objects on the fake API, and the targets that drive it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from phasegate.kubernetes.cluster import Cluster, connect
from phasegate.traffic.kserve.gateway import KServeGatewayTarget
from phasegate.traffic.kserve.serverless import KServeServerlessTarget
from phasegate.traffic.kserve.slots import Deployment
from tests.kserve_manifests.sources import of_mode
from tests.kubernetes.controllers import Controllers
from tests.kubernetes.fake import FakeApi

NAMESPACE, NAME = "phasegate", "model"
KINDS = ("ConfigMap", "HTTPRoute", "InferenceService")
GUARD, PIPELINE = "phasegate-guard", "phasegate-pipeline"


def model(number: int) -> Deployment:
    digest = f"{number:02x}" * 32
    return Deployment(NAME, f"{NAME}/{number}", digest, f"gs://bucket/models/{digest}")


def target_of(mode: str, cluster: Cluster, ready_seconds: float = 60.0) -> Any:
    made = KServeGatewayTarget if mode == "gateway" else KServeServerlessTarget
    return made(cluster, NAMESPACE, NAME, probe=lambda _: None, ready_seconds=ready_seconds)


@contextmanager
def cluster_of(
    mode: str, folder: Path
) -> Iterator[tuple[FakeApi, Controllers, Callable[..., Any]]]:
    """A cluster with a mode's objects; makes the target that a user drives."""
    with FakeApi.start() as api:
        api.namespace(NAMESPACE)
        for one in of_mode(mode):
            if one["kind"] in KINDS:
                one["metadata"]["namespace"] = NAMESPACE
                api.put(one)

        def target(user: str, ready_seconds: float = 60.0) -> Any:
            kubeconfig = api.kubeconfig(folder / user, user=user)
            return target_of(mode, connect(kubeconfig, retry_seconds=10.0), ready_seconds)

        with api.reconcile(NAMESPACE) as controllers:
            yield api, controllers, target
