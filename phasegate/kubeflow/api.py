"""`Kubeflow`: pipelines, versions, experiments, runs and recurring runs of a backend."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from phasegate.errors import BadInput
from phasegate.kubeflow.answers import Exists, Missing, Unclear
from phasegate.kubeflow.connection import Connection
from phasegate.kubeflow.credentials import find_credentials
from phasegate.kubeflow.pipelines import Pipelines, Versions
from phasegate.kubeflow.recurring import RecurringRuns
from phasegate.kubeflow.runs import Experiments, Runs

ENDPOINTS = ("KFP_ENDPOINT", "KF_PIPELINES_ENDPOINT")
NAMESPACE = "KFP_NAMESPACE"
UI_ENDPOINT = "KF_PIPELINES_UI_ENDPOINT"
IN_CLUSTER = "http://ml-pipeline.kubeflow.svc.cluster.local:8888"
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def connect(endpoint: str = "", *, namespace: str = "", retry_seconds: float = 30.0) -> Kubeflow:
    """The backend at an address; else at that of ``KFP_ENDPOINT``; else the one of this cluster.

    Args:
        endpoint: such as ``http://localhost:8888`` or ``https://kubeflow.example.com/pipeline``.
        namespace: whose experiments and runs, where the backend serves several users.
        retry_seconds: for how long a call that finds no answer is repeated.

    Raises:
        BadInput: no address, or one that is none.
    """
    found = endpoint or next((os.environ[one] for one in ENDPOINTS if os.environ.get(one)), "")
    if not found and "KUBERNETES_SERVICE_HOST" in os.environ:
        found = IN_CLUSTER
    if not found:
        raise BadInput(
            "no Kubeflow Pipelines backend is named",
            fix=f"set {ENDPOINTS[0]} or --endpoint to its address, such as http://localhost:8888",
        )
    address = found if "://" in found else f"https://{found}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise BadInput(f"'{_without_secrets(address)}' is no http address", where="--endpoint")
    if parts.username or parts.password:
        raise BadInput(
            "the address holds a password",
            where="--endpoint",
            fix="leave it out; credentials come from files",
        )
    connection = Connection(address.rstrip("/"), find_credentials(), retry_seconds)
    return Kubeflow(connection, namespace or os.environ.get(NAMESPACE, ""))


class Kubeflow:
    """A backend's objects.

    Args:
        connection: to it.
        namespace: whose objects; empty where the backend serves one user.
    """

    def __init__(self, connection: Connection, namespace: str = "") -> None:
        self._connection, self._named = connection, namespace

    @property
    def endpoint(self) -> str:
        """Address of the backend."""
        return self._connection.endpoint

    @property
    def means(self) -> str:
        """How requests show who asks, in words."""
        return self._connection.credentials.means

    @cached_property
    def namespace(self) -> str:
        """Whose objects; empty where the backend serves one user.

        Raises:
            BadInput: it serves several, and none is named.
            Unavailable: no answer.
        """
        if self._named:
            return self._named
        service = self._connection.service("HealthzServiceApi")
        about = self._connection.call(service.healthz_service_get_healthz, where="healthz")
        if not about.get("multi_user"):
            return ""
        if _POD_NAMESPACE.is_file():
            return _POD_NAMESPACE.read_text(encoding="utf-8").strip()
        raise BadInput(
            "the backend serves several users, and no namespace is named",
            where=self.endpoint,
            fix=f"set {NAMESPACE} or --namespace to your profile's",
        )

    @cached_property
    def pipelines(self) -> Pipelines:
        """Pipelines."""
        return Pipelines(self._connection, lambda: self.namespace)

    @cached_property
    def versions(self) -> Versions:
        """Versions of pipelines."""
        return Versions(self._connection)

    @cached_property
    def experiments(self) -> Experiments:
        """Experiments."""
        return Experiments(self._connection, lambda: self.namespace)

    @cached_property
    def runs(self) -> Runs:
        """Runs."""
        return Runs(self._connection, lambda: self.namespace)

    @cached_property
    def recurring(self) -> RecurringRuns:
        """Recurring runs."""
        return RecurringRuns(self._connection, lambda: self.namespace)

    def run_link(self, run_id: str) -> str:
        """Address of a run's page, at ``KF_PIPELINES_UI_ENDPOINT`` where people meet another."""
        front = os.environ.get(UI_ENDPOINT, "") or self.endpoint
        if "://" not in front:
            front = f"http://{front}"
        return f"{front.rstrip('/')}/#/runs/details/{run_id}"


def _without_secrets(address: str) -> str:
    return address.rpartition("@")[2].partition("?")[0]


__all__ = ["Exists", "Kubeflow", "Missing", "Unclear", "connect"]
