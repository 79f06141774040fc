"""Kinds that types are generated for, by the version that they are served in."""

from __future__ import annotations

KSERVE_KINDS = {
    "serving.kserve.io/v1beta1": ["InferenceService"],
    "serving.kserve.io/v1alpha1": [
        "ClusterServingRuntime",
        "ClusterStorageContainer",
        "InferenceGraph",
        "LocalModelCache",
        "LocalModelNamespaceCache",
        "LocalModelNode",
        "LocalModelNodeGroup",
        "ServingRuntime",
        "TrainedModel",
    ],
}
KUBERNETES_KINDS = {
    "apps/v1": ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
    "autoscaling/v2": ["HorizontalPodAutoscaler"],
    "batch/v1": ["CronJob", "Job"],
    "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
    "rbac.authorization.k8s.io/v1": [
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
    ],
    "scheduling.k8s.io/v1": ["PriorityClass"],
    "v1": [
        "ConfigMap",
        "LimitRange",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    ],
}
