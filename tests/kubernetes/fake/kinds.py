"""Which kinds the API serves: those that every cluster has, and those that a CRD adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind and its path.

    Attributes:
        group: API group; empty for the core.
        version: of the group.
        plural: name in paths.
        kind: name in objects.
        namespaced: whether objects live in a namespace.
        status: whether ``/status`` is a subresource of its own.
        generations: whether ``metadata.generation`` counts changes of the spec.
        schema: of its objects (OpenAPI v3); None for kinds that are part of Kubernetes.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    status: bool = True
    generations: bool = False
    schema: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    @property
    def api_version(self) -> str:
        """As objects carry it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def title(self) -> str:
        """As most messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def kind_title(self) -> str:
        """As messages about invalid objects name it."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def custom(self) -> bool:
        """Whether a CRD added it."""
        return self.schema is not None

    def as_listed(self) -> dict[str, Any]:
        """Its entry in the discovery document."""
        return {
            "name": self.plural,
            "singularName": self.kind.lower(),
            "namespaced": self.namespaced,
            "kind": self.kind,
            "verbs": VERBS,
        }


def of_crd(crd: Mapping[str, Any]) -> list[Resource]:
    """The resources of a CustomResourceDefinition: one for each version that is served."""
    spec = crd["spec"]
    return [
        Resource(
            spec["group"],
            version["name"],
            spec["names"]["plural"],
            spec["names"]["kind"],
            namespaced=spec["scope"] == "Namespaced",
            status="status" in (version.get("subresources") or {}),
            generations=True,
            schema=version["schema"]["openAPIV3Schema"],
        )
        for version in spec["versions"]
        if version.get("served", True)
    ]


def _core(plural: str, kind: str, **options: Any) -> Resource:
    return Resource("", "v1", plural, kind, **options)


_RBAC = "rbac.authorization.k8s.io"
CRD = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
    generations=True,
)
NAMESPACE = _core("namespaces", "Namespace", namespaced=False)
BUILT_IN = [
    NAMESPACE,
    _core("configmaps", "ConfigMap", status=False),
    _core("endpoints", "Endpoints", status=False),
    _core("events", "Event", status=False),
    _core("nodes", "Node", namespaced=False),
    _core("persistentvolumeclaims", "PersistentVolumeClaim"),
    _core("pods", "Pod", generations=True),
    _core("secrets", "Secret", status=False),
    _core("serviceaccounts", "ServiceAccount", status=False),
    _core("services", "Service"),
    CRD,
    Resource("apps", "v1", "deployments", "Deployment", generations=True),
    Resource("apps", "v1", "replicasets", "ReplicaSet", generations=True),
    Resource("apps", "v1", "statefulsets", "StatefulSet", generations=True),
    Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    Resource("batch", "v1", "cronjobs", "CronJob", generations=True),
    Resource("batch", "v1", "jobs", "Job", generations=True),
    Resource("coordination.k8s.io", "v1", "leases", "Lease", status=False),
    Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", status=False),
    Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", generations=True),
    Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", generations=True),
    Resource(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False, status=False),
    Resource(
        _RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False, status=False
    ),
    Resource(_RBAC, "v1", "roles", "Role", status=False),
    Resource(_RBAC, "v1", "rolebindings", "RoleBinding", status=False),
]
