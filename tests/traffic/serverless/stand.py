"""The serverless target for the contract: a champion with all traffic, a challenger with none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from phasegate.traffic.plan import TrafficPlan
from phasegate.traffic.target import TrafficTarget
from tests.traffic.contract.crashing import Place
from tests.traffic.contract.stand import Stand
from tests.traffic.serverless.conftest import NAME, NAMESPACE, A, B, World, make_world, model

__all__ = ["make_world", "serverless_stand"]


@pytest.fixture
def serverless_stand(make_world: Callable[..., World]) -> Stand:
    """An InferenceService in Knative mode on the fake API, with its controllers at work."""
    world = make_world()
    champion = world.serve(A)
    plan = TrafficPlan(champion, world.target().deploy(model(B, 2)))
    world.target().apply(plan)

    @contextmanager
    def away() -> Iterator[None]:
        with world.api.down():
            yield
        world.controllers.settle()

    older = replace(champion, name="0123456789ab")
    return Stand(
        target=lambda: world.target(counts=lambda _: {}),
        plan=plan,
        finest=100,
        refused=(replace(plan, challenger=older, weight=500), "KServe shares with no other"),
        away=away,
        place=Place(
            open_serverless,
            {"kubeconfig": str(world.kubeconfig), "namespace": NAMESPACE, "name": NAME},
        ),
        # KServe gives a share to the newest model only: the old champion has to be deployed again.
        swaps=False,
    )


def open_serverless(kubeconfig: str, namespace: str, name: str) -> TrafficTarget:
    """The target of an InferenceService on a cluster, whose models need no probe."""
    from phasegate.kubernetes.cluster import connect
    from phasegate.traffic.kserve.serverless import KServeServerlessTarget

    return KServeServerlessTarget(
        connect(kubeconfig), namespace, name, counts=lambda _: {}, probe=lambda _: None
    )
