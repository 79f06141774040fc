"""A gateway target on the fake Kubernetes API, with KServe and a gateway at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from phasegate.kubernetes.cluster import Cluster, connect
from phasegate.traffic.kserve.gateway import KServeGatewayTarget
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.kubernetes.controllers import Controllers
from tests.kubernetes.fake import FakeApi
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, manifests, model

PATIENCE = {"ready_seconds": 5.0, "probe_seconds": 0.2, "route_seconds": 5.0,
            "refusal_seconds": 0.2}  # fmt: skip


class Place:
    """A cluster with two idle slots and a route, and how tests act on it."""

    def __init__(self, api: FakeApi, controllers: Controllers, kubeconfig: Path) -> None:
        self.api, self.controllers, self.kubeconfig = api, controllers, kubeconfig
        self.probed: list[str] = []
        self.pages: dict[str, dict[str, str]] = {}

    @property
    def cluster(self) -> Cluster:
        """A new client that soon gives up."""
        return connect(self.kubeconfig, retry_seconds=2.0)

    def target(self, **options: Any) -> KServeGatewayTarget:
        """A new target, whose probes are answered."""
        usual = {"probe": lambda backend: self.probed.append(backend.name),
                 "counts": lambda service: self.pages.get(service, {})}  # fmt: skip
        return KServeGatewayTarget(self.cluster, NAMESPACE, MODEL, **(PATIENCE | usual | options))

    def both(self) -> TrafficPlan:
        """The plan of two models that are deployed; the first is the champion, with all traffic."""
        target = self.target()
        champion = target.deploy(model(1))
        target.apply(TrafficPlan(champion))
        return TrafficPlan(champion, target.deploy(model(2)))

    def route(self) -> dict[str, Any]:
        """The route as it is."""
        found = self.api.object("HTTPRoute", NAMESPACE, MODEL)
        assert found is not None
        return found

    def slot(self, letter: str) -> dict[str, Any]:
        """A slot as it is."""
        found = self.api.object("InferenceService", NAMESPACE, f"{MODEL}-{letter}")
        assert found is not None
        return found

    def writes(self, kind: str) -> int:
        """How often we have written objects of a kind, by its plural."""
        return sum(
            call.verb in ("patch", "update", "create")
            and call.resource.plural == kind
            and call.manager == "phasegate"
            for call in self.api.calls
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        api = stack.enter_context(FakeApi.start())
        api.namespace(NAMESPACE)
        for manifest in manifests():
            api.put(manifest)
        controllers = stack.enter_context(api.reconcile(NAMESPACE))
        yield Place(api, controllers, api.kubeconfig(tmp_path / "kubeconfig"))


@pytest.fixture
def plan(place: Place) -> TrafficPlan:
    """Both models deployed, the first with all traffic."""
    return place.both()


def named(backend: Backend | None) -> str:
    """A backend's name, or nothing."""
    return backend.name if backend else ""
