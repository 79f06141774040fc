"""Whether a slot can answer with the model that it is to serve, and if not, why. Pure.

``Ready`` of an InferenceService does not say so, for two reasons (KServe 0.21, Standard mode):
its ``status.observedGeneration`` is the Deployment's, which counts on its own and cannot be
compared with the InferenceService's; and while a new model is rolled out, ``Ready`` stays True as
long as the old model's pods answer. So the Deployment is looked at: whether its template is of
the wanted digest, whether its controller has seen that, and whether old pods are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phasegate.traffic.kserve.slots import MODEL_DIGEST, digest_of

Manifest = Mapping[str, Any]

_STOP = "serving.kserve.io/stop"
_STANDARD = ("Standard", "RawDeployment")  # the second is what older versions call it
_HOPELESS_RESTARTS = 3
_WRONG_IMAGES = ("ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName")
_FAILURES = {
    "InvalidPredictorSpec": "its spec is not valid",
    "ModelLoadFailed": "the model could not be loaded",
    "NoSupportingRuntime": "no ServingRuntime serves its model format",
    "RuntimeDisabled": "its ServingRuntime is disabled",
    "RuntimeNotRecognized": "there is no ServingRuntime of the name that it asks for",
    "RuntimeUnhealthy": "the containers of its ServingRuntime do not start",
}


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a slot can answer.

    Attributes:
        ready: with the wanted model, in all its pods, and with no other.
        why: not, in words.
        hopeless: whether waiting will not change it.
        taken: digest of another model that the slot is to serve instead.
    """

    ready: bool
    why: str = ""
    hopeless: bool = False
    taken: str = ""


def readiness(
    slot: Manifest | None, deployment: Manifest | None, pods: Sequence[Manifest], digest: str
) -> Readiness:
    """Whether a slot can answer with a model.

    Args:
        slot: the InferenceService; None where it is not there.
        deployment: its predictor's; None where it is not there.
        pods: of the slot.
        digest: of the model.
    """
    if slot is None:
        return Readiness(False, "there is no such InferenceService", hopeless=True)
    status = slot.get("status") or {}
    mode = status.get("deploymentMode") or _STANDARD[0]
    if mode not in _STANDARD:
        why = f"its deployment mode is {mode}, and slots need Standard"
        return Readiness(False, why, hopeless=True)
    if (slot["metadata"].get("annotations") or {}).get(_STOP) == "true":
        return Readiness(False, f"it is stopped (annotation {_STOP})", hopeless=True)
    if digest_of(slot) != digest:
        other = digest_of(slot)
        return Readiness(False, f"it is to serve {other[:12] or 'no model'}", taken=other)
    failure = _failure(status)
    if deployment is None:
        return Readiness(False, _joined("KServe has not made its Deployment yet", failure))
    if template_digest(deployment) != digest:
        return Readiness(False, _joined("KServe has not changed its Deployment yet", failure))
    if not _is_current(deployment):
        return Readiness(False, "the cluster has not seen the changed Deployment yet")
    return _rolled_out(deployment, slot, [pod for pod in pods if _digest(pod) == digest])


def answers(deployment: Manifest | None, digest: str) -> bool:
    """Whether at least one pod of a slot answers, and the slot is to serve the model."""
    if deployment is None or template_digest(deployment) != digest:
        return False
    return ((deployment.get("status") or {}).get("availableReplicas") or 0) > 0


def answers_alone(deployment: Manifest | None, digest: str) -> bool:
    """Whether `answers`, and no pod of another model does."""
    if deployment is None or not answers(deployment, digest) or not _is_current(deployment):
        return False
    status = deployment.get("status") or {}
    return (status.get("updatedReplicas") or 0) >= (status.get("replicas") or 0)


def template_digest(deployment: Manifest) -> str:
    """Digest of the model that a Deployment's new pods serve."""
    return _digest((deployment.get("spec") or {}).get("template") or {})


def _rolled_out(deployment: Manifest, slot: Manifest, pods: Sequence[Manifest]) -> Readiness:
    told = {one["type"]: one for one in (deployment.get("status") or {}).get("conditions") or ()}
    troubles = list(_troubles(pods))
    trouble = troubles[0][0] if troubles else ""
    hopeless = any(final for _, final in troubles)
    if told.get("ReplicaFailure", {}).get("status") == "True":
        return Readiness(False, f"no pod can be made: {_told(told['ReplicaFailure'])}")
    progressing = told.get("Progressing", {})
    if progressing.get("status") == "False":
        why = _joined(f"its Deployment gave up: {_told(progressing)}", trouble)
        return Readiness(False, why, hopeless=True)
    count = (deployment.get("status") or {}).get
    wanted = (deployment.get("spec") or {}).get("replicas", 1)
    updated, total, available = (
        count(name) or 0 for name in ("updatedReplicas", "replicas", "availableReplicas")
    )
    if not wanted:
        return Readiness(False, "it is scaled to no pods")
    if trouble:
        return Readiness(False, trouble, hopeless)
    old = total - updated
    if updated < wanted or available < wanted or old > 0:
        ready = sum(map(_is_ready, pods)) if pods or old > 0 else min(updated, available)
        still = f", and {old} of the previous model still there" if old > 0 else ""
        return Readiness(False, _joined(f"{ready} of {wanted} pods ready{still}", _waiting(pods)))
    return _agreed(slot, deployment)


def _agreed(slot: Manifest, deployment: Manifest) -> Readiness:
    """Whether KServe says so too, of this generation of the Deployment."""
    status = slot.get("status") or {}
    if (status.get("observedGeneration") or 0) < deployment["metadata"]["generation"]:
        return Readiness(False, "KServe has not seen its Deployment yet")
    told = {one["type"]: one for one in status.get("conditions") or ()}
    ready = told.get("Ready", {})
    if ready.get("status") != "True":
        parts = [
            f"{name}: {_told(one)}"
            for name, one in told.items()
            if name in ("PredictorReady", "IngressReady") and one.get("status") != "True"
        ]
        why = "; ".join(parts) or f"Ready: {_told(ready)}"
        return Readiness(False, _joined(f"KServe says it is not ready ({why})", _failure(status)))
    return Readiness(True)


def _troubles(pods: Sequence[Manifest]) -> Iterator[tuple[str, bool]]:
    """What is wrong with containers, and whether it stays so."""
    for pod in pods:
        status = pod.get("status") or {}
        containers = [*(status.get("initContainerStatuses") or ())]
        containers += status.get("containerStatuses") or ()
        for one in containers:
            waiting = (one.get("state") or {}).get("waiting") or {}
            reason, restarts = waiting.get("reason", ""), one.get("restartCount") or 0
            if reason == "CrashLoopBackOff":
                why = f"container {one['name']} keeps ending, restarted {restarts} times"
                yield f"{why}{_last(one)}", restarts >= _HOPELESS_RESTARTS
            elif reason in _WRONG_IMAGES or reason.startswith("CreateContainer"):
                why = f"container {one['name']} does not start: {_told(waiting)}"
                yield why, reason != "ImagePullBackOff"


def _last(container: Manifest) -> str:
    """How a container last ended."""
    ended = (container.get("lastState") or {}).get("terminated") or {}
    if not ended:
        return ""
    message = " ".join(str(ended.get("message") or "").split())[-300:]
    how = "out of memory" if ended.get("reason") == "OOMKilled" else f"exit {ended.get('exitCode')}"
    return f" ({how}: {message})" if message else f" ({how})"


def _is_ready(pod: Manifest) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _waiting(pods: Sequence[Manifest]) -> str:
    """Why pods are not scheduled, or what their containers wait for."""
    for pod in pods:
        for one in (pod.get("status") or {}).get("conditions") or ():
            if one["type"] == "PodScheduled" and one["status"] == "False":
                return f"pod {pod['metadata']['name']} has no node: {_told(one)}"
    return ""


def _failure(status: Manifest) -> str:
    """KServe's words on a model that cannot be served; may be of an earlier one."""
    model = status.get("modelStatus") or {}
    if model.get("transitionStatus") not in ("BlockedByFailedLoad", "InvalidSpec"):
        return ""
    info = model.get("lastFailureInfo") or {}
    reason = str(info.get("reason") or "")
    words = _FAILURES.get(reason, reason or "the model could not be loaded")
    code = f" (exit {info['exitCode']})" if info.get("exitCode") else ""
    message = " ".join(str(info.get("message") or "").split())[-300:]
    return f"KServe: {words}{code}{f': {message}' if message else ''}"


def _is_current(deployment: Manifest) -> bool:
    seen = (deployment.get("status") or {}).get("observedGeneration") or 0
    return seen >= deployment["metadata"]["generation"]


def _digest(manifest: Manifest) -> str:
    return ((manifest.get("metadata") or {}).get("annotations") or {}).get(MODEL_DIGEST, "")


def _told(condition: Manifest) -> str:
    parts = (condition.get("reason"), condition.get("message"))
    return ": ".join(str(part) for part in parts if part) or "no reason given"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
