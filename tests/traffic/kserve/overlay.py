"""What the gateway overlay puts on a cluster, as far as traffic depends on it."""

from __future__ import annotations

from typing import Any

from phasegate.traffic.kserve.slots import Deployment, slot_names

NAMESPACE, MODEL = "models", "card-fraud"
LABELS = {"app.kubernetes.io/part-of": "phasegate", "phasegate.dev/model": MODEL}


def model(number: int) -> Deployment:
    """A model, told from others by its number."""
    digest = f"{number:02x}" * 32
    return Deployment(MODEL, f"{MODEL}/{number}", digest, f"gs://bucket/models/{digest}")


def manifests() -> list[dict[str, Any]]:
    """Both slots, idle, and the route without rules."""
    return [*(slot(name) for name in slot_names(MODEL)), route()]


def slot(name: str) -> dict[str, Any]:
    """An InferenceService without a model."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {**LABELS, "networking.kserve.io/visibility": "cluster-local"},
            "annotations": {"serving.kserve.io/deploymentMode": "Standard"},
        },
        "spec": {
            "predictor": {
                "minReplicas": 1,
                "model": {"modelFormat": {"name": "phasegate"}, "runtime": "phasegate-predictor"},
            }
        },
    }


def route(**notes: str) -> dict[str, Any]:
    """The HTTPRoute, with annotations."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": MODEL,
            "namespace": NAMESPACE,
            "labels": LABELS,
            "annotations": {"phasegate.dev/drift": "correct", **notes},
        },
        "spec": {"parentRefs": [{"name": "models"}], "hostnames": ["card-fraud.example.org"]},
    }
