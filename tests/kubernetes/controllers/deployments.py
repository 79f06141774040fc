"""Deployments: a new template's pods replace the old ones once they are ready."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.behaviour import Behaviours
from tests.kubernetes.controllers.conditions import (
    Object,
    condition,
    fingerprint,
    kept,
    set_status,
)
from tests.kubernetes.controllers.pods import Node

_HASH = "pod-template-hash"


class Deployments:
    """What the Deployment controller and the endpoint controller do.

    Args:
        client: of the API.
        node: that runs the pods.
        behaviours: for the progress deadline.
    """

    def __init__(self, client: Client, node: Node, behaviours: Behaviours) -> None:
        self._client, self._node, self._behaviours = client, node, behaviours
        self._rollouts: dict[tuple[str, str], float] = {}

    def roll(self, deployment: Object, owner: str) -> tuple[Object, list[Object], float]:
        """Move a Deployment's pods on: (its new status, its pods, seconds to look again)."""
        metadata, spec = deployment["metadata"], deployment["spec"]
        namespace, name = metadata["namespace"], metadata["name"]
        template = spec["template"]
        current = fingerprint(template)
        selector = ",".join(f"{key}={one}" for key, one in spec["selector"]["matchLabels"].items())
        pods = self._client.list("Pod", namespace, selector)
        new = [one for one in pods if one["metadata"]["labels"].get(_HASH) == current]
        old = [one for one in pods if one not in new]
        wanted = spec.get("replicas", 1)
        for _ in range(wanted - len(new)):
            label = {_HASH: current}
            new.append(self._node.run(namespace, f"{name}-{current}", template, label))
        for one in new[wanted:]:
            self._node.stop(one)
        new = new[:wanted]
        looked = [(one, *self._node.tend(one, owner)) for one in new + old]
        ready = [one for one, is_ready, _ in looked if is_ready]
        again = [seconds for _, _, seconds in looked if seconds > 0]
        new_ready = [one for one in new if one in ready]
        if len(new_ready) >= wanted:
            for one in old:
                self._node.stop(one)
            ready, old = new_ready, []
        since = self._rollouts.setdefault((metadata["uid"], current), time.monotonic())
        deadline = self._behaviours.deadline
        late = deadline is not None and time.monotonic() > since + deadline
        if deadline is not None and not late:
            again.append(since + deadline - time.monotonic() + 0.01)
        counts = (wanted, len(new), len(old), len(ready), len(new_ready))
        status = _status(deployment, *counts, late=late)
        set_status(self._client, deployment, status)
        self._endpoints(namespace, name, owner, ready)
        return status, new, min(again, default=0.0)

    def _endpoints(self, namespace: str, name: str, owner: str, ready: list[Object]) -> None:
        value = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{name}-slice",
                "namespace": namespace,
                "labels": {
                    "kubernetes.io/service-name": name,
                    "serving.kserve.io/inferenceservice": owner,
                },
            },
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [
                {
                    "addresses": [one["status"]["podIP"]],
                    "conditions": {"ready": True},
                    "targetRef": {
                        "kind": "Pod",
                        "name": one["metadata"]["name"],
                        "namespace": namespace,
                    },
                }
                for one in ready
            ],
        }
        answer = self._client.apply(value, "endpointslice-controller", force=True)
        if answer.status == 422:  # a real API server refuses addresses of this machine
            self._client.apply({**value, "endpoints": []}, "endpointslice-controller", force=True)


def _status(
    deployment: Mapping[str, Any],
    wanted: int,
    new: int,
    old: int,
    ready: int,
    new_ready: int,
    *,
    late: bool,
) -> Object:
    name = deployment["metadata"]["name"]
    available = ready >= wanted
    complete = new_ready >= wanted and not old
    if complete:
        said = (True, "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    elif late:
        said = (
            False,
            "ProgressDeadlineExceeded",
            f'ReplicaSet "{name}" has timed out progressing.',
        )
    else:
        said = (True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    has = "has" if available else "does not have"
    reason = "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable"
    conditions = [
        condition("Available", available, reason, f"Deployment {has} minimum availability."),
        condition("Progressing", *said),
    ]
    before = deployment.get("status", {})
    timed = kept(conditions, before.get("conditions", ()))
    known = {one["type"]: one for one in before.get("conditions", ())}
    for one in timed:
        same = known.get(one["type"], {}).get("reason") == one["reason"]
        updated = known.get(one["type"], {}).get("lastUpdateTime") if same else None
        one["lastUpdateTime"] = updated or one["lastTransitionTime"]
    counts = {
        "replicas": new + old,
        "updatedReplicas": new,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, new + old - ready),
    }
    return {
        "observedGeneration": deployment["metadata"]["generation"],
        "conditions": timed,
        **{key: one for key, one in counts.items() if one},
    }
