"""Readiness of a slot and acceptance of a route, from manifests alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from phasegate.traffic.kserve.acceptance import acceptance
from phasegate.traffic.kserve.readiness import Readiness, answers, answers_alone, readiness

DIGEST, OLD = "a" * 64, "b" * 64
NOTE = "phasegate.dev/model-digest"


def slot(digest: str = DIGEST, **status: Any) -> dict[str, Any]:
    told = {
        "observedGeneration": 4,  # the Deployment's
        "deploymentMode": "Standard",
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    return {
        "metadata": {"name": "m-a", "generation": 9, "annotations": {NOTE: digest}},
        "spec": {"predictor": {"model": {"storageUri": "gs://x"} if digest else {}}},
        "status": told | status,
    }


def deployment(digest: str = DIGEST, replicas: int = 1, **status: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), replicas)
    return {
        "metadata": {"generation": 4},
        "spec": {
            "replicas": replicas,
            "template": {"metadata": {"annotations": {NOTE: digest}}},
        },
        "status": {"observedGeneration": 4, **counts} | status,
    }


def pod(container: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "m-a-1", "annotations": {NOTE: DIGEST}},
        "status": {"containerStatuses": [{"name": "kserve-container", **container}], **status},
    }


def waiting(reason: str, restarts: int = 0, **more: Any) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": "said"}}, "restartCount": restarts,
            **more}  # fmt: skip


def test_a_slot_is_ready_whatever_its_own_generation_is() -> None:
    """KServe writes the Deployment's generation into the InferenceService's status."""
    assert readiness(slot(), deployment(), [], DIGEST) == Readiness(True)
    assert readiness(slot(), deployment(replicas=3), [], DIGEST) == Readiness(True)


FAILED = {
    "transitionStatus": "BlockedByFailedLoad",
    "lastFailureInfo": {"reason": "ModelLoadFailed", "exitCode": 1, "message": "no such\nobject"},
}
UNKNOWN = {
    "transitionStatus": "InvalidSpec",
    "lastFailureInfo": {"reason": "RuntimeNotRecognized", "message": "phasegate-predictor"},
}
UNREADY = [
    {"type": "PredictorReady", "status": "False", "reason": "MinimumReplicasUnavailable"},
    {"type": "Ready", "status": "False"},
]
GAVE_UP = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
QUOTA = [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
          "message": "exceeded quota"}]  # fmt: skip
NO_NODE = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes: insufficient cpu"}]  # fmt: skip
OOM = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
ERROR = {"terminated": {"reason": "Error", "exitCode": 2, "message": "digest  differs"}}


@pytest.mark.parametrize(
    ("slot", "deployment", "pods", "why", "hopeless"),
    [
        (None, None, [], "there is no such InferenceService", True),
        (slot(deploymentMode="Knative"), None, [], "mode is Knative, and slots need Stand", True),
        (slot(OLD), deployment(), [], "it is to serve bbbbbbbbbbbb", False),
        (slot(""), deployment(), [], "it is to serve no model", False),
        (slot(), None, [], "KServe has not made its Deployment yet", False),
        (slot(modelStatus=UNKNOWN), None, [],
         "not made its Deployment yet; KServe: there is no ServingRuntime of the name that it"
         " asks for: phasegate-predictor", False),
        (slot(), deployment(OLD), [], "KServe has not changed its Deployment yet", False),
        (slot(), deployment(observedGeneration=3), [], "not seen the changed Deployment", False),
        (slot(observedGeneration=3), deployment(), [], "KServe has not seen its Deploym", False),
        (slot(), deployment(updatedReplicas=0), [], "0 of 1 pods ready", False),
        (slot(), deployment(replicas=3, availableReplicas=2), [], "2 of 3 pods ready", False),
        (slot(), deployment(replicas=0), [], "it is scaled to no pods", False),
        (slot(), deployment(conditions=GAVE_UP), [], "gave up: ProgressDeadlineExceeded", True),
        (slot(), deployment(conditions=QUOTA), [], "no pod can be made: .*exceeded quota", False),
        (slot(conditions=UNREADY, modelStatus=FAILED), deployment(), [],
         r"KServe says it is not ready \(PredictorReady: MinimumReplicasUnavailable\); KServe: the"
         r" model could not be loaded \(exit 1\): no such object", False),
        (slot(), deployment(availableReplicas=0), [pod(waiting("CrashLoopBackOff", 1,
         lastState=OOM))], r"kserve-container keeps ending, restarted 1 times \(out of mem", False),
        (slot(), deployment(availableReplicas=0), [pod(waiting("CrashLoopBackOff", 3,
         lastState=ERROR))], r"restarted 3 times \(exit 2: digest differs\)", True),
        (slot(), deployment(availableReplicas=0), [pod(waiting("ImagePullBackOff"))],
         "does not start: ImagePullBackOff: said", False),
        (slot(), deployment(availableReplicas=0), [pod(waiting("InvalidImageName"))],
         "does not start: InvalidImageName", True),
        (slot(), deployment(availableReplicas=0), [pod({}, conditions=NO_NODE)],
         "0 of 1 pods ready; pod m-a-1 has no node: Unschedulable: 0/3 nodes", False),
    ],
)  # fmt: skip
def test_a_slot_that_is_not_ready_says_why(
    slot: Any, deployment: Any, pods: Any, why: str, hopeless: bool
) -> None:
    import re

    found = readiness(slot, deployment, pods, DIGEST)
    assert not found.ready
    assert re.search(why, found.why), found.why
    assert found.hopeless == hopeless
    assert "\n" not in found.why


def test_a_stopped_slot_says_so() -> None:
    stopped = slot()
    stopped["metadata"]["annotations"]["serving.kserve.io/stop"] = "true"
    assert readiness(stopped, deployment(), [], DIGEST).hopeless


def test_pods_of_the_previous_model_explain_nothing_of_this_one() -> None:
    crashing = pod(waiting("CrashLoopBackOff", 9))
    crashing["metadata"]["annotations"][NOTE] = OLD
    found = readiness(slot(), deployment(replicas=1, availableReplicas=0), [crashing], DIGEST)
    assert found == Readiness(False, "0 of 1 pods ready")


def test_old_pods_beside_new_ones_answer_but_not_alone() -> None:
    mixed = deployment(replicas=1)
    mixed["status"] |= {"replicas": 2, "availableReplicas": 2}
    assert readiness(slot(), mixed, [], DIGEST).why.endswith("1 of the previous model still there")
    assert answers(mixed, DIGEST)
    assert not answers_alone(mixed, DIGEST)
    assert answers_alone(deployment(), DIGEST)
    for gone in (None, deployment(OLD), deployment(availableReplicas=0)):
        assert not answers(gone, DIGEST)
        assert not answers_alone(gone, DIGEST)


def route(*conditions: tuple[str, str, int], **parent: Any) -> dict[str, Any]:
    told = [
        {"type": kind, "status": status, "observedGeneration": generation, "reason": "R",
         "message": "said"}
        for kind, status, generation in conditions
    ]  # fmt: skip
    ours = {"name": "models", **parent}
    return {
        "metadata": {"namespace": "ns", "generation": 2},
        "spec": {"parentRefs": [ours]},
        "status": {"parents": [
            {"parentRef": copy.deepcopy(ours), "controllerName": "x/y", "conditions": told}
        ]},
    }  # fmt: skip


BOTH = (("Accepted", "True", 2), ("ResolvedRefs", "True", 2))


def test_a_route_is_accepted_when_every_parent_says_so_of_its_generation() -> None:
    assert acceptance(route(*BOTH)).accepted
    assert acceptance(route(*BOTH, sectionName="https", port=443)).accepted
    spelled = route(*BOTH)
    spelled["status"]["parents"][0]["parentRef"] |= {
        "group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "ns"
    }  # fmt: skip
    assert acceptance(spelled).accepted, "defaults that a controller has filled in"


@pytest.mark.parametrize(
    ("conditions", "refused", "waiting"),
    [
        ((), "", "Gateway ns/models (x/y, Accepted), Gateway ns/models (x/y, ResolvedRefs)"),
        ((BOTH[0],), "", "Gateway ns/models (x/y, ResolvedRefs)"),
        ((("Accepted", "True", 1), BOTH[1]), "", "Gateway ns/models (x/y, Accepted)"),
        ((("Accepted", "False", 1), BOTH[1]), "", "Gateway ns/models (x/y, Accepted)"),
        ((("Accepted", "Unknown", 2), BOTH[1]), "", "Gateway ns/models (Accepted is Unknown)"),
        ((BOTH[0], ("ResolvedRefs", "False", 2)),
         "Gateway ns/models says ResolvedRefs is False (R: said)", ""),
    ],
)  # fmt: skip
def test_a_route_that_is_not_accepted_says_by_whom(
    conditions: tuple[tuple[str, str, int], ...], refused: str, waiting: str
) -> None:
    found = acceptance(route(*conditions))
    assert (found.accepted, found.refused, found.waiting) == (False, refused, waiting)


def test_other_parents_do_not_speak_for_ours() -> None:
    other = route(*BOTH)
    other["status"]["parents"][0]["parentRef"]["namespace"] = "elsewhere"
    assert acceptance(other).waiting == "Gateway ns/models"
    two = route(*BOTH)
    two["status"]["parents"].append({
        "parentRef": {"name": "models"}, "controllerName": "second/one",
        "conditions": [{"type": "Accepted", "status": "False", "observedGeneration": 2}],
    })  # fmt: skip
    assert "says Accepted is False" in acceptance(two).refused
    none = route(*BOTH)
    none["spec"]["parentRefs"] = []
    assert "names no Gateway" in acceptance(none).refused
