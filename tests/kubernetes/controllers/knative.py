"""InferenceServices in Knative mode: revisions, and traffic between the last two of them."""

from __future__ import annotations

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.conditions import (
    Object,
    condition,
    fingerprint,
    is_true,
    kept,
    put,
    set_status,
)
from tests.kubernetes.controllers.knative_status import (
    knative_service,
    knative_status,
    rolled_out,
    service_status,
)
from tests.kubernetes.controllers.pods import Node
from tests.kubernetes.controllers.templates import pod_spec, runtime_of

_KIND = "Service.serving.knative.dev"
_TEMPLATE = "phasegate-tests/template"


class Knative:
    """What KServe's and Knative's controllers do.

    Args:
        client: of the API.
        node: that runs the pods.
    """

    def __init__(self, client: Client, node: Node) -> None:
        self._client, self._node = client, node

    def reconcile(self, service: Object) -> float:
        """Move it on; the seconds after which to look again, or 0."""
        namespace, owner = service["metadata"]["namespace"], service["metadata"]["name"]
        spec = pod_spec(service, runtime_of(service, self._client))
        wanted = put(self._client, knative_service(service, spec), "kserve")
        revisions = self._revisions(wanted)
        looked = [self._tend(one, owner) for one in revisions]
        revisions = self._read(wanted)
        status = knative_status(wanted, revisions)
        set_status(self._client, wanted, status)
        current = self._client.get("InferenceService", namespace, owner)
        if current is not None:
            new = service_status(current, status)
            set_status(self._client, current, new)
            if rolled_out(new) != rolled_out(current.get("status", {})):
                return 0.01  # the traffic is computed from what was rolled out before
        return min([seconds for seconds in looked if seconds], default=0.0)

    def remove(self, namespace: str, owner: str) -> None:
        """What the garbage collector does when an InferenceService is gone."""
        label = f"serving.kserve.io/inferenceservice={owner}"
        for kind in (_KIND, "Revision", "Pod"):
            for one in self._client.list(kind, namespace, label):
                body = {"gracePeriodSeconds": 0}
                self._client.delete(kind, namespace, one["metadata"]["name"], body)

    def _read(self, wanted: Object) -> list[Object]:
        metadata = wanted["metadata"]
        label = f"serving.knative.dev/service={metadata['name']}"
        found = self._client.list("Revision", metadata["namespace"], label)
        return sorted(found, key=lambda one: one["metadata"]["name"])

    def _revisions(self, wanted: Object) -> list[Object]:
        """The revisions, with a new one where the template has changed."""
        metadata, template = wanted["metadata"], wanted["spec"]["template"]
        found = self._read(wanted)
        current = fingerprint(template)
        if found and found[-1]["metadata"]["annotations"].get(_TEMPLATE) == current:
            return found
        name = metadata["name"]
        value = {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Revision",
            "metadata": {
                "name": f"{name}-{len(found) + 1:05d}",
                "namespace": metadata["namespace"],
                "labels": {
                    **template["metadata"].get("labels", {}),
                    "serving.knative.dev/service": name,
                    "serving.knative.dev/configuration": name,
                },
                "annotations": {**template["metadata"].get("annotations", {}), _TEMPLATE: current},
            },
            "spec": template["spec"],
        }
        return [*found, self._client.create(value)]

    def _tend(self, revision: Object, owner: str) -> float:
        metadata = revision["metadata"]
        label = f"serving.knative.dev/revision={metadata['name']}"
        pods = self._client.list("Pod", metadata["namespace"], label)
        if not pods:
            template = {"metadata": metadata, "spec": revision["spec"]}
            labels = {"serving.knative.dev/revision": metadata["name"]}
            namespace = metadata["namespace"]
            pods = [self._node.run(namespace, f"{metadata['name']}-deployment", template, labels)]
        looked = [self._node.tend(one, owner) for one in pods]
        ready = all(is_ready for is_ready, _ in looked)
        old = revision.get("status", {})
        was = is_true(old.get("conditions", ()), "Ready")
        reason = "" if ready else "ContainerMissing" if was else "Deploying"
        conditions = [condition("Ready", ready or (None if not was else False), reason)]
        set_status(
            self._client,
            revision,
            {
                "observedGeneration": metadata["generation"],
                "conditions": kept(conditions, old.get("conditions", ())),
            },
        )
        return min([seconds for _, seconds in looked if seconds], default=0.0)
