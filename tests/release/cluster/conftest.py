"""A release on a cluster: a Kubernetes API with KServe and a gateway at work, a real registry."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.registry import aliases
from phasegate.registry.models import CHALLENGER, CHAMPION, RegisteredVersion
from phasegate.release.drivers.world import World
from phasegate.release.evidence import Evidence, Proportion
from phasegate.release.gathering.evidence import traffic_of
from phasegate.release.kill_switch import kill_switch
from phasegate.release.record import ReleaseRecord
from phasegate.release.store import open_releases
from phasegate.traffic.kserve.gateway import KServeGatewayTarget
from phasegate.traffic.kserve.keeping import rules_in
from phasegate.traffic.kserve.shares import shares_of
from phasegate.traffic.kserve.slots import Deployment
from phasegate.traffic.plan import TrafficPlan
from tests.kubernetes.controllers import Controllers
from tests.kubernetes.fake import FakeApi
from tests.release import samples
from tests.release.drivers.conftest import enter
from tests.traffic.kserve.conftest import Place
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, manifests

_numbers = itertools.count()


@dataclass
class Site:
    """Where a release of a test happens.

    Attributes:
        place: cluster and controllers.
        folder: of the store and the file of flags.
        versions: champion and challenger as registered; both are deployed.
    """

    place: Place
    folder: Path
    versions: tuple[RegisteredVersion, RegisteredVersion]

    @property
    def api(self) -> FakeApi:
        """The cluster's API."""
        return self.place.api

    @property
    def controllers(self) -> Controllers:
        """KServe, a gateway and pods."""
        return self.place.controllers

    @property
    def store(self) -> str:
        """Of the releases."""
        return str(self.folder / "store")

    @property
    def flags(self) -> str:
        """File of the kill switch."""
        return str(self.folder / "flags.json")

    @property
    def target(self) -> KServeGatewayTarget:
        """A new target, whose probes are answered."""
        return self.place.target()

    @property
    def aliases(self) -> dict[str, int]:
        """Of the registered model."""
        return aliases.connect().aliases(MODEL)

    def world(self, actor: str = "test") -> World:
        """A new world; the log shows what a good challenger would leave, traffic is the route's."""
        target, switch = self.target, kill_switch(self.flags)

        def evidence(record: ReleaseRecord, now: datetime, *, read_log: bool) -> Evidence:
            found = samples.evidence(record, now, kill=switch.is_on(MODEL))
            try:
                many = Proportion(0, 20_000)
                seen = replace(
                    traffic_of(target.observe()),
                    champion_errors=many, challenger_errors=many, copies_lost=many,
                )  # fmt: skip
                found = replace(found, traffic=seen)
            except BadInput as error:
                found = replace(found, traffic=None, problems=(str(error),))
            if not read_log:
                found = replace(found, pairs=None, cohorts=None, log_read=False)
            return found

        return World(
            model=MODEL,
            releases=open_releases(self.store, retry_seconds=5),
            target=target,
            backend=lambda version: target.backend(version.slot),
            registry=aliases.connect(),
            evidence=evidence,
            kill_switch=switch,
            actor=actor,
            policy=samples.policy(),
        )

    def record(self) -> ReleaseRecord:
        """The newest one."""
        entry = open_releases(self.store).head(MODEL)
        assert entry is not None
        return entry.record

    def weights(self) -> dict[str, int]:
        """Where requests without a cohort go, in basis points by Service."""
        found = shares_of(rules_in(self.place.route()), MODEL).drawn
        return {service: share for service, share in found.items() if share}

    def by_hand(self, weight: int) -> None:
        """Somebody gives the challenger a share, in every rule that has two backends."""
        rules = self.place.route()["spec"]["rules"]
        for rule in rules:
            backends = rule["backendRefs"]
            if len(backends) == 2:
                backends[0]["weight"], backends[1]["weight"] = 10_000 - weight, weight
        self.api.edit("HTTPRoute", NAMESPACE, MODEL, {"spec": {"rules": rules}})


@pytest.fixture
def versions(mlflow: str) -> Iterator[tuple[RegisteredVersion, RegisteredVersion]]:
    """Two versions of the model that the overlay's route is of; other tests registered others."""
    del mlflow
    number = next(_numbers)
    pair = enter(MODEL, f"old {number}"), enter(MODEL, f"new {number}")
    registry = aliases.connect()
    for alias, version in zip((CHAMPION, CHALLENGER), pair, strict=True):
        registry.point(MODEL, alias, version.version)
    yield pair
    for alias in (CHAMPION, CHALLENGER):
        registry.remove(MODEL, alias)


@pytest.fixture
def site(tmp_path: Path, versions: tuple[RegisteredVersion, RegisteredVersion]) -> Iterator[Site]:
    """A champion with all traffic, and a challenger that is deployed beside it."""
    with ExitStack() as stack:
        api = stack.enter_context(FakeApi.start())
        api.namespace(NAMESPACE)
        for manifest in manifests():
            api.put(manifest)
        controllers = stack.enter_context(api.reconcile(NAMESPACE))
        place = Place(api, controllers, api.kubeconfig(tmp_path / "kubeconfig"))
        target = place.target()
        for version in versions:
            backend = target.deploy(deployment(version))
            if version is versions[0]:
                target.apply(TrafficPlan(champion=backend))
        yield Site(place, tmp_path, versions)


def deployment(version: RegisteredVersion) -> Deployment:
    """A registered version as it is deployed."""
    digest = version.model_digest
    return Deployment(MODEL, str(version), digest, f"gs://bucket/models/{digest}")


@pytest.fixture
def said() -> list[str]:
    """What a guard said."""
    return []
