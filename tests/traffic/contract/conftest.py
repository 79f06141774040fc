"""The targets that the contract is checked on.

One more target is one more fixture that makes a `Stand`, in a module of its own, and its name in
`STANDS`; nothing in the tests depends on which one they are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.traffic.contract.crashing import Place, open_envoy, open_gateway
from tests.traffic.contract.stand import Stand
from tests.traffic.kserve.conftest import Place as GatewayPlace
from tests.traffic.kserve.conftest import place
from tests.traffic.kserve.overlay import MODEL, NAMESPACE
from tests.traffic.serverless.stand import make_world, serverless_stand
from tests.traffic.upstream import Upstream

__all__ = ["make_world", "place", "serverless_stand"]

STANDS = ["envoy", "gateway", "serverless"]


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest) -> Stand:
    """Each target in turn."""
    return request.getfixturevalue(f"{request.param}_stand")


@pytest.fixture
def envoy_stand(champion: Upstream, challenger: Upstream, tmp_path: Path) -> Iterator[Stand]:
    """A real Envoy before two servers."""
    plan, folder = TrafficPlan(champion.backend, challenger.backend), tmp_path / "proxy"
    with ExitStack() as stack:
        process = stack.enter_context(EnvoyProcess(folder, plan))

        @contextmanager
        def away() -> Iterator[None]:
            process.stop()
            yield
            stack.enter_context(EnvoyProcess(folder, None))

        named = Backend("named", "model.example.org:80", champion.backend.model)
        yield Stand(
            target=lambda: EnvoyTarget(folder),
            plan=plan,
            finest=1,
            refused=(replace(plan, challenger=named, weight=500), "Envoy looks no names up"),
            away=away,
            place=Place(open_envoy, {"folder": str(folder)}),
        )


@pytest.fixture
def gateway_stand(place: GatewayPlace) -> Stand:
    """An HTTPRoute and two InferenceServices on the fake API, with their controllers at work."""
    plan = place.both()
    place.target().apply(plan)
    elsewhere = replace(
        plan.challenger, address="card-fraud-b-predictor.other.svc.cluster.local:80"
    )
    where = {"kubeconfig": str(place.kubeconfig), "namespace": NAMESPACE, "name": MODEL}
    return Stand(
        target=place.target,
        plan=plan,
        finest=1,
        refused=(replace(plan, challenger=elsewhere, weight=500), "no Service in namespace models"),
        away=place.api.down,
        place=Place(open_gateway, where),
    )
