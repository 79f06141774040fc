"""Where objects of a kind live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLACES = {
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ConfigMap": "/api/v1/configmaps",
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "Deployment": "/apis/apps/v1/deployments",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/endpointslices",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/httproutes",
    "InferenceService": "/apis/serving.kserve.io/v1beta1/inferenceservices",
    "Namespace": "/api/v1/namespaces",
    "Pod": "/api/v1/pods",
    "Revision": "/apis/serving.knative.dev/v1/revisions",
    "Role": "/apis/rbac.authorization.k8s.io/v1/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "Service": "/api/v1/services",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "Service.serving.knative.dev": "/apis/serving.knative.dev/v1/services",
    "ServingRuntime": "/apis/serving.kserve.io/v1alpha1/servingruntimes",
    "ValidatingWebhookConfiguration": (
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    ),
}


def path_of(kind: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The path of an object, or of all objects of a kind."""
    base, _, plural = _PLACES[kind].rpartition("/")
    path = f"{base}/namespaces/{namespace}/{plural}" if namespace else f"{base}/{plural}"
    for part in (name, subresource):
        path += f"/{part}" if part else ""
    return path


def kind_of(value: Mapping[str, Any]) -> str:
    """The kind of an object, as `path_of` takes it."""
    kind, group = str(value["kind"]), str(value["apiVersion"]).rpartition("/")[0]
    return f"{kind}.{group}" if f"{kind}.{group}" in _PLACES else kind
