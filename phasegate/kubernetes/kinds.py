"""Kinds of objects that Phasegate meets on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object.

    Attributes:
        group: of the API; empty for the core group.
        version: of the group.
        plural: the resource's name in paths and in RBAC rules.
        name: the kind, as manifests say it.
    """

    group: str
    version: str
    plural: str
    name: str

    @property
    def api_version(self) -> str:
        """As manifests say it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As people say it: ``PLURAL.GROUP``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str, name: str = "") -> str:
        """Path of an object on the API server; without a name, of all in the namespace."""
        root = "apis" if self.group else "api"
        folder = f"/{root}/{self.api_version}/namespaces/{quote(namespace, safe='')}/{self.plural}"
        return f"{folder}/{quote(name, safe='')}" if name else folder


CONFIG_MAP = Kind("", "v1", "configmaps", "ConfigMap")
DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
HTTP_ROUTE = Kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
INFERENCE_SERVICE = Kind("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService")
KNATIVE_REVISION = Kind("serving.knative.dev", "v1", "revisions", "Revision")
KNATIVE_SERVICE = Kind("serving.knative.dev", "v1", "services", "Service")
POD = Kind("", "v1", "pods", "Pod")
SERVICE = Kind("", "v1", "services", "Service")
SERVING_RUNTIME = Kind("serving.kserve.io", "v1alpha1", "servingruntimes", "ServingRuntime")
TRAIN_JOB = Kind("trainer.kubeflow.org", "v1alpha1", "trainjobs", "TrainJob")
