"""The real API server of the cluster tier: whose, and what has to be there.

``make test-cluster`` sets PHASEGATE_TEST_CLUSTER. Then it is, in this order: that of
PHASEGATE_TEST_KUBECONFIG or KUBECONFIG; one that is started from KUBEBUILDER_ASSETS.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kubernetes.client import Client
from tests.kubernetes.fake.builtin_crds import ALL, read
from tests.kubernetes.paths import path_of

ASKED_FOR = bool(os.environ.get("PHASEGATE_TEST_CLUSTER"))
NOT_ASKED_FOR = "`make test-cluster` runs this against a real Kubernetes API"
NONE = (
    "no Kubernetes API: set KUBECONFIG, or KUBEBUILDER_ASSETS to a folder with etcd and "
    "kube-apiserver"
)


_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True, slots=True)
class RealApi:
    """A real API server.

    Attributes:
        kubeconfig: of an administrator.
        client: plain requests by the administrator.
        bare: whether it has neither nodes nor controllers, so that tests set statuses.
    """

    kubeconfig: Path
    client: Client
    bare: bool


class Shared:
    """One API server for all that use it in a test run, started once."""

    def __init__(self) -> None:
        self._stack, self._users = ExitStack(), 0
        self._found: RealApi | None = None

    @contextmanager
    def api(self, folder: Path) -> Iterator[RealApi | None]:
        """See `real_api`; it ends when the last user has left."""
        if not self._users:
            self._found = self._stack.enter_context(real_api(folder))
        self._users += 1
        try:
            yield self._found
        finally:
            self._users -= 1
            if not self._users:
                self._stack.close()


@contextmanager
def real_api(folder: Path) -> Iterator[RealApi | None]:
    """The API server of this run, with the CRDs installed where it is our own; None: there is none.

    Args:
        folder: for one that is started.
    """
    from tests.cluster.api_server import ApiServer, binaries

    named = os.environ.get("PHASEGATE_TEST_KUBECONFIG") or os.environ.get("KUBECONFIG")
    if named:
        client = Client.of(Path(named))
        yield RealApi(
            Path(named), client, bare=not client.ask("GET", "/api/v1/nodes").ok()["items"]
        )
        return
    assets = binaries()
    if assets is None:
        yield None
        return
    with ApiServer(folder, assets) as server:
        client = server.client
        install(client, crds())
        yield RealApi(server.kubeconfig, client, bare=True)


SHARED = Shared()


def crds() -> list[Mapping[str, Any]]:
    """The published CRDs of KSERVE_CRDS, and the fake's small ones for what is missing there."""
    folder = os.environ.get("KSERVE_CRDS")
    found = list(read([Path(folder)])) if folder else []
    names = {one["metadata"]["name"] for one in found}
    return found + [one for one in ALL if one["metadata"]["name"] not in names]


def install(client: Client, wanted: list[Mapping[str, Any]], seconds: float = 30) -> None:
    """Install CRDs and wait until their kinds are served."""
    for crd in wanted:
        value = json.loads(json.dumps(crd, default=str))
        value.pop("status", None)
        group = value["spec"]["group"]
        if group.endswith((".k8s.io", ".kubernetes.io")):  # the real API asks for it
            annotations = value["metadata"].setdefault("annotations", {})
            annotations.setdefault("api-approved.kubernetes.io", "unapproved, a test's copy")
        answer = client.ask("POST", path_of("CustomResourceDefinition"), value)
        assert answer.status in (201, 409), answer.text
    deadline = time.monotonic() + seconds
    for crd in wanted:
        name = crd["metadata"]["name"]
        while not _is_served(client, crd):
            assert time.monotonic() < deadline, f"{name} is not served"
            time.sleep(0.05)


def _is_served(client: Client, crd: Mapping[str, Any]) -> bool:
    """Whether a kind can be asked for, and whether kubectl can find it: that comes later."""
    spec = crd["spec"]
    group, plural = spec["group"], spec["names"]["plural"]
    version = next(one["name"] for one in spec["versions"] if one["served"])
    answer = client.ask("GET", f"/apis/{group}/{version}/{plural}", query={"limit": "1"})
    if answer.status != 200:
        return False
    listed = client.ask("GET", "/apis", accept=_AGGREGATED).ok()
    if listed["kind"] != "APIGroupDiscoveryList":  # an older API has no such list to lag behind
        return True
    return any(
        one["metadata"]["name"] == group and resource["resource"] == plural
        for one in listed["items"]
        for found in one["versions"]
        for resource in found.get("resources", ())
    )
