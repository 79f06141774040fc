"""Rules on whole documents: suppressions, schema, versions, duplicates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.linting.suppression import declare_suppression_rules
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import ERROR, MANIFEST_RULES, Problems, rule

_declare = MANIFEST_RULES.declare

SUPPRESSIONS = declare_suppression_rules(MANIFEST_RULES, "PGM")
UNKNOWN_FIELD = _declare(
    "PGM101",
    "unknown-field",
    ERROR,
    "A field is none of this kind.",
    why="The API server refuses it, or drops it without a word, and what it should do is not done.",
    fix="Correct the name, or move the field to where it belongs.",
)
WRONG_TYPE = _declare(
    "PGM102",
    "wrong-type",
    ERROR,
    "A value has the wrong type.",
    why="The API server refuses the object.",
    fix="Give it the type that the field has.",
)
MISSING_FIELD = _declare(
    "PGM103",
    "missing-field",
    ERROR,
    "A required field is missing.",
    why="The API server refuses the object, or KServe cannot use it.",
    fix="Set the field.",
)
WRONG_VALUE = _declare(
    "PGM104",
    "wrong-value",
    ERROR,
    "A value is outside of what the field allows.",
    why="The API server refuses the object.",
    fix="Use an allowed value.",
)
# Last versions of these kinds that had another name, and what they are called now.
_OLD_VERSIONS = {
    "apps": ({"v1beta1", "v1beta2"}, "apps/v1"),
    "autoscaling": ({"v2beta1", "v2beta2"}, "autoscaling/v2"),
    "extensions": ({"v1beta1"}, "apps/v1 or networking.k8s.io/v1"),
    "gateway.networking.k8s.io": ({"v1alpha2", "v1beta1"}, "gateway.networking.k8s.io/v1"),
    "networking.k8s.io": ({"v1beta1"}, "networking.k8s.io/v1"),
    "policy": ({"v1beta1"}, "policy/v1"),
    "rbac.authorization.k8s.io": ({"v1alpha1", "v1beta1"}, "rbac.authorization.k8s.io/v1"),
    "serving.kubeflow.org": ({"v1alpha1", "v1alpha2", "v1beta1"}, "serving.kserve.io/v1beta1"),
}
# Kinds of those groups that are still served in the version that others have left.
_STILL_SERVED = {
    "gateway.networking.k8s.io": {"BackendLBPolicy", "GRPCRoute", "ReferenceGrant", "TCPRoute"}
    | {"TLSRoute", "UDPRoute", "XBackendTrafficPolicy", "XListenerSet"},
    "networking.k8s.io": {"IPAddress", "ServiceCIDR"},
}
_KSERVE_VERSIONS = {
    "ClusterServingRuntime": ("v1alpha1",),
    "ClusterStorageContainer": ("v1alpha1",),
    "InferenceGraph": ("v1alpha1",),
    "InferenceService": ("v1beta1",),
    "LLMInferenceService": ("v1alpha1", "v1alpha2"),
    "LLMInferenceServiceConfig": ("v1alpha1", "v1alpha2"),
    "LocalModelCache": ("v1alpha1",),
    "LocalModelNamespaceCache": ("v1alpha1",),
    "LocalModelNode": ("v1alpha1",),
    "LocalModelNodeGroup": ("v1alpha1",),
    "ServingRuntime": ("v1alpha1",),
    "TrainedModel": ("v1alpha1",),
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_NAMED_BY_OTHER_RULES = frozenset(
    {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
    | {"InferenceGraph", "InferenceService", "TrainedModel"}
)


@rule(
    "PGM105",
    "old-api-version",
    ERROR,
    why="Clusters of today do not serve it: the object is refused.",
    fix="Use the version that is served now.",
)
def old_api_version(stream: Stream) -> Problems:
    """An apiVersion is of the past, or was never one."""
    for one in stream.objects:
        node = one.node.at("apiVersion")
        version = one.api_version.rpartition("/")[2]
        if node is None:
            continue
        if one.group == "serving.kserve.io":
            served = _KSERVE_VERSIONS.get(one.kind)
            if served is None:
                yield Problem(one, one.node.at("kind") or node, f"KServe has no kind {one.kind}")
            elif version not in served:
                yield Problem(
                    one,
                    node,
                    f"KServe serves {one.kind} as {served[-1]}, not as {version}",
                    f"Use serving.kserve.io/{served[-1]}.",
                )
            continue
        old, now = _OLD_VERSIONS.get(one.group, ((), ""))
        if version in old and one.kind not in _STILL_SERVED.get(one.group, ()):
            yield Problem(one, node, f"{one.api_version} is no longer served", f"Use {now}.")


@rule(
    "PGM106",
    "duplicate-key",
    ERROR,
    why="Readers take the last one, or refuse the file; the other value is lost either way.",
    fix="Keep one of them.",
)
def duplicate_key(stream: Stream) -> Problems:
    """A mapping has a key twice."""
    for one in stream.objects:
        for node in _mappings(one.node):
            for key, line in node.duplicates:
                yield Problem(one, Node(None, line), f"{key} is here a second time")


@rule(
    "PGM107",
    "duplicate-object",
    ERROR,
    why="The second one overwrites the first when both are applied.",
    fix="Give it another name, or remove one of the two.",
)
def duplicate_object(stream: Stream) -> Problems:
    """Two objects have the same kind, namespace and name."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for one in stream.objects:
        if not one.name:
            continue
        key = (one.group, one.kind, one.namespace, one.name)
        if key in seen:
            yield Problem(one, one.name_node, f"{one} is already in {seen[key]}")
        seen.setdefault(key, f"{one.file}, line {one.name_node.line}")


@rule(
    "PGM108",
    "object-name",
    ERROR,
    why="The API server refuses the object.",
    fix="Use at most 253 lower-case letters, digits, hyphens and dots.",
)
def object_name(stream: Stream) -> Problems:
    """An object has no name, or one that Kubernetes does not allow."""
    for one in stream.objects:
        if not one.name and not one.node.text("metadata", "generateName"):
            yield Problem(one, one.node.at("metadata") or one.node, "metadata.name is missing")
        elif (
            one.name
            and one.kind not in _NAMED_BY_OTHER_RULES
            and (len(one.name) > 253 or not _NAME.match(one.name))
        ):
            yield Problem(one, one.name_node, f"{one.name[:80]!r} is no name of an object")


def _mappings(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one.value, dict):
            yield one
            waiting.extend(one.value.values())
        elif isinstance(one.value, list):
            waiting.extend(one.value)
