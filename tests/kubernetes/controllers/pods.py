"""Pods as a node runs them: they start, become ready, or do not."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping
from typing import Any

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.behaviour import Behaviours
from tests.kubernetes.controllers.conditions import (
    MODEL,
    Object,
    condition,
    is_true,
    kept,
    now,
    set_status,
)

_CRASHED = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}


class Node:
    """The pods of a cluster without nodes.

    Args:
        client: of the API.
        behaviours: what becomes of pods.
    """

    def __init__(self, client: Client, behaviours: Behaviours) -> None:
        self._client, self._behaviours = client, behaviours
        self._started: dict[str, float] = {}
        self._numbers = itertools.count(2)

    def run(
        self, namespace: str, name: str, template: Mapping[str, Any], labels: Mapping[str, str]
    ) -> Object:
        """A new pod of a template.

        Args:
            name: that the pod's name begins with.
            labels: besides the template's.
        """
        metadata = template.get("metadata", {})
        value = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-{secrets.token_hex(3)[:5]}",
                "namespace": namespace,
                "labels": {**metadata.get("labels", {}), **labels},
                "annotations": dict(metadata.get("annotations", {})),
            },
            "spec": dict(template["spec"]),
        }
        return self._client.create(value)

    def stop(self, pod: Mapping[str, Any]) -> None:
        """Delete a pod at once."""
        metadata = pod["metadata"]
        self._client.delete(
            "Pod", metadata["namespace"], metadata["name"], {"gracePeriodSeconds": 0}
        )

    def tend(self, pod: Object, owner: str) -> tuple[bool, float]:
        """Set a pod's status, here and in the API.

        Args:
            pod: the pod.
            owner: the InferenceService that it belongs to.

        Returns:
            Whether it is ready, and the seconds after which to look again; 0 is not needed.
        """
        names = (owner, pod["metadata"].get("annotations", {}).get(MODEL, ""))
        has_model = bool(names[1])
        uid, behaviours = pod["metadata"]["uid"], self._behaviours
        started = self._started.setdefault(uid, time.monotonic())
        left = started + behaviours.seconds(names) - time.monotonic()
        status = pod.get("status", {})
        was_ready = is_true(status.get("conditions", ()), "Ready") is True
        crashing = behaviours.is_crashing(names)
        never = behaviours.is_never(names) or not (has_model or behaviours.idle_ready)
        ready = not crashing and (was_ready or (left <= 0 and not never))
        status = self._status(pod, names, ready=ready, crashing=crashing)
        set_status(self._client, pod, status)
        pod["status"] = status
        return ready, max(0.0, left) if not (ready or crashing or never) else 0.0

    def _status(
        self, pod: Object, names: tuple[str, ...], *, ready: bool, crashing: bool
    ) -> Object:
        old = pod.get("status", {})
        ip = old.get("podIP") or self._behaviours.address(names)
        if not ip:
            number = next(self._numbers)
            ip = f"10.244.{number // 250}.{number % 250 + 2}"
        restarts = 1 if crashing else 0
        containers = [
            {
                "name": one["name"],
                "image": one["image"],
                "imageID": "",
                "ready": ready,
                "restartCount": restarts,
                "started": not crashing,
                "state": {"waiting": _CRASHED}
                if crashing
                else {"running": {"startedAt": old.get("startTime") or now()}},
                "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}} if crashing else {},
            }
            for one in pod["spec"]["containers"]
        ]
        reason = "" if ready else "ContainersNotReady"
        conditions = [
            condition("PodScheduled", True),
            condition("Initialized", True),
            condition("ContainersReady", ready, reason),
            condition("Ready", ready, reason),
        ]
        return {
            **old,
            "phase": "Running",
            "podIP": ip,
            "podIPs": [{"ip": ip}],
            "startTime": old.get("startTime") or now(),
            "conditions": kept(conditions, old.get("conditions", ())),
            "containerStatuses": containers,
        }
