"""The InferenceService on its cluster: read with its revisions, changed by compare-and-set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Cluster, Manifest
from phasegate.kubernetes.kinds import INFERENCE_SERVICE, KNATIVE_REVISION
from phasegate.traffic.kserve.serverless.standing import (
    KILLING,
    Standing,
    revision_names,
    standing_of,
)

ATTEMPTS = 20  # where others change it at the same time


class Service:
    """An InferenceService in Knative mode.

    Args:
        cluster: where it is.
        namespace: its namespace.
        name: its name.

    Attributes:
        where: for messages.
    """

    def __init__(self, cluster: Cluster, namespace: str, name: str) -> None:
        self._cluster, self._namespace, self._name = cluster, namespace, name
        self.where = f"InferenceService {namespace}/{name}"

    def read(self) -> Manifest:
        """Its manifest.

        Raises:
            BadInput: it is not there, or may not be read.
            Unavailable: no answer.
        """
        found = self._cluster.get(INFERENCE_SERVICE, self._namespace, self._name)
        if found is None:
            raise BadInput("it is not there", where=self.where, fix="apply the serverless overlay")
        return found

    def standing(self, service: Mapping[str, Any]) -> Standing:
        """What a manifest says, with the revisions that it names; see `standing_of`."""
        names = revision_names(service)
        get = self._cluster.get
        return standing_of(service, [get(KNATIVE_REVISION, self._namespace, one) for one in names])

    def patch(self, service: Manifest, patch: Mapping[str, Any]) -> None:
        """Change it, if it still is as it was read.

        Raises:
            Stale: it is not.
            BadInput: the cluster refuses.
            Unavailable: no answer.
        """
        about = {**patch.get("metadata", {})}
        about["resourceVersion"] = service["metadata"]["resourceVersion"]
        whole = {**patch, "metadata": about}
        self._cluster.merge(INFERENCE_SERVICE, self._namespace, self._name, whole)

    def set_percent(self, service: Manifest, percent: int | None) -> None:
        """Set ``canaryTrafficPercent``, or remove it; see `patch`."""
        self.patch(service, {"spec": {"predictor": {"canaryTrafficPercent": percent}}})

    def fence(self) -> None:
        """Make changes fail that were decided on what was read before; none of its fields moves.

        A patch that changes nothing leaves an object's version as it is. A field's new owner
        does change it, and the revisions' template does not.

        Raises:
            Stale: others change it just now.
            BadInput: the cluster refuses.
            Unavailable: no answer.
        """
        service = self.read()
        version = service["metadata"]["resourceVersion"]
        percent = service["spec"]["predictor"].get("canaryTrafficPercent")
        if percent is None:  # the newest model has everything, and none beside it can get a share
            return
        wanted = {
            "metadata": {
                "namespace": self._namespace,
                "name": self._name,
                "resourceVersion": version,
            },
            "spec": {"predictor": {"canaryTrafficPercent": percent}},
        }
        self._cluster.apply(INFERENCE_SERVICE, wanted, force=True, manager=f"{KILLING}{version}")

    def await_(
        self, condition: Callable[[Manifest | None], bool], seconds: float, what: str
    ) -> None:
        """Wait until it is as wanted; see `Cluster.await_`."""
        self._cluster.await_(
            INFERENCE_SERVICE, self._namespace, self._name, condition, seconds, what
        )

    def contended(self) -> Unavailable:
        """The error for one that others change all the time."""
        return Unavailable("others change traffic all the time", where=self.where)
