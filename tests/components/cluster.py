"""A cluster for components: what they are told, what they left, and who answers there.

What KServe would start in a pod runs here as a process: who connects to a slot's Service or pod
is connected to the server of the model that the slot has.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from phasegate.clock import microseconds
from phasegate.contracts import Artifact
from phasegate.digests import canonical_json
from phasegate.models import Model
from phasegate.prediction_log.record import Prediction
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from phasegate.registry.models import RegisteredVersion
from phasegate.release.entry import Entry
from phasegate.release.policy import Gate, Minimum, Phase, Policy
from phasegate.release.store import open_releases
from phasegate.serving.client import ModelClient
from phasegate.serving.process import ModelServerProcess
from phasegate.traffic.headers import ROLE
from phasegate.traffic.kserve.keeping import rules_in
from phasegate.traffic.kserve.shares import shares_of
from phasegate.traffic.kserve.slots import digest_of
from phasegate.traffic.plan import WHOLE
from tests.conftest import ComponentRun
from tests.kubernetes.controllers import Controllers
from tests.kubernetes.fake import FakeApi
from tests.prediction_log.examples import SOURCE
from tests.traffic.kserve.overlay import MODEL, NAMESPACE

HOUR = timedelta(hours=1)
START = datetime.fromisoformat("2025-03-01T06:00:00+00:00")
SAMPLE = {
    "amount": [0.5, None, -1.25],
    "mean_7d": [60.0, 12.5, 90.0],
    "category": ["food", "travel", None],
}
Run = Callable[..., ComponentRun]


@dataclass(frozen=True)
class Served:
    """A model with its files and the server that a pod would run.

    Attributes:
        model: the model.
        folder: of ``model/`` and ``profile/``.
        process: the server.
    """

    model: Model
    folder: Path
    process: ModelServerProcess

    @property
    def port(self) -> int:
        """Of the server, on loopback."""
        return int(urlsplit(self.process.address).port or 0)


@dataclass
class Cluster:
    """Where components act.

    Attributes:
        api: of the cluster.
        controllers: KServe, a gateway and pods.
        folder: of stores.
        served: champion and challenger.
        versions: the same, as registered.
        run: runs a component's `main`.
    """

    api: FakeApi
    controllers: Controllers
    folder: Path
    served: tuple[Served, Served]
    versions: tuple[RegisteredVersion, RegisteredVersion]
    run: Run
    clock: Callable[[datetime], None]

    @property
    def common(self) -> dict[str, str]:
        """Parameters that components share."""
        return {
            "name": MODEL,
            "store": str(self.folder / "store"),
            "target": f"kserve-gateway:{NAMESPACE}/{MODEL}",
            "flags": str(self.folder / "flags.json"),
        }

    def deploy(self, hours: float = 0, inputs: Mapping[str, Artifact] | None = None, **more: Any):
        """Run `deploy_shadow`."""
        from components.deploy_shadow.__main__ import main

        self.clock(START + hours * HOUR)
        return self.run(
            main, inputs=inputs or {},
            parameters=self.common | {
                "models": "gs://models/fraud", "policy": canonical_json(policy().to_json()).decode()
            } | more,
            outputs=("verdict",), results=("slot", "release", "outcome"),
        )  # fmt: skip

    def pace(self, main: Callable[[], None], hours: float, verdict: Artifact, **more: Any):
        """Run `shift_traffic` or `promote`."""
        self.clock(START + hours * HOUR)
        return self.run(
            main, inputs={"verdict": verdict},
            parameters=self.common | {"log": str(self.folder / "log")} | more,
            outputs=("judged", "metrics"), results=("outcome",),
        )  # fmt: skip

    def entries(self) -> list[Entry]:
        """The audit log."""
        return open_releases(self.common["store"]).entries(MODEL)

    def shares(self) -> dict[str, int]:
        """Basis points of requests without a cohort, by the model that answers them."""
        route = self.api.object("HTTPRoute", NAMESPACE, MODEL)
        assert route is not None
        found = shares_of(rules_in(route), MODEL).drawn
        return {self.digest(service)[:12]: share for service, share in found.items() if share}

    def digest(self, service: str) -> str:
        """Of the model behind a Service."""
        slot = service.removesuffix("-predictor")
        return digest_of(self.api.object("InferenceService", NAMESPACE, slot))

    def ask(self, requests: int = 200) -> None:
        """Send requests as the gateway does: each model is told the role that it answers in."""
        row = dict.fromkeys(SAMPLE)
        for role, served in zip(("champion", "challenger"), self.served, strict=True):
            with ModelClient(served.process.address, MODEL, headers={ROLE: role}) as client:
                for _ in range(requests):
                    client.predict_v1([row])

    def log(self, kind: str, since: float, requests: int = 400) -> None:
        """Write the prediction log of an hour: ``pairs``, or ``cohorts`` of as many entities."""
        roles = ("champion", "shadow") if kind == "pairs" else ("champion", "challenger")
        for role, served in zip(roles, self.served, strict=True):
            source = replace(SOURCE, model=MODEL, model_digest=served.model.digest)
            own = [
                _answered(f"{since}-{n}" if kind == "pairs" else f"{since}-{role}-{n}", role, n,
                          START + since * HOUR + n * HOUR / requests)
                for n in range(requests)
            ]  # fmt: skip
            for name, part in partitions(table(own, source), source, f"{since:064.0f}"):
                file = self.folder / "log" / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(parquet_bytes(part))


def _answered(request: str, role: str, number: int, at: datetime) -> Prediction:
    return Prediction(
        request, microseconds(at), f"{role}-{number}" if role != "shadow" else f"champion-{number}",
        role, 900, None, struct.pack("<2d", number, 0.5), [["food"]], struct.pack("<d", 0.25),
        b"\x00",
    )  # fmt: skip


def policy() -> Policy:
    """A shadow of an hour, half of the traffic for an hour, then all of it for an hour."""
    minimum, patience = Minimum(HOUR, 100, 50), timedelta(days=2)
    return Policy(
        (
            Phase("shadow", 0, WHOLE, minimum, patience, gates=(Gate("disagreement", 0.2),)),
            Phase("half", 5_000, 0, minimum, patience, gates=(Gate("errors", 0.2, on="cohorts"),)),
            Phase("bake", WHOLE, 0, minimum, patience, gates=(Gate("errors", 0.2, on="cohorts"),)),
        )
    )


def network(cluster: Cluster, addresses: Mapping[str, str]) -> Callable[..., socket.socket]:
    """Connects to what is behind a cluster's names and pods' addresses, as its network would."""
    real = socket.create_connection
    slots = {address: slot for slot, address in addresses.items()}
    ports = {one.model.digest: one.port for one in cluster.served}

    def connect(address: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
        host, _ = address
        service = host.split(".")[0] if host.endswith(".svc.cluster.local") else ""
        if slot := slots.get(host) or service.removesuffix("-predictor"):
            port = ports.get(cluster.digest(f"{slot}-predictor"))
            if port is None:
                raise ConnectionRefusedError(111, f"no pod of {slot} is ready")
            address = ("127.0.0.1", port)
        return real(address, *arguments, **options)

    return connect
