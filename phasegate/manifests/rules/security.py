"""What a pod may do that it does not need to: Kubernetes' restricted standard, tokens, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.pods import Container, Pod, pods
from phasegate.manifests.rules.registry import ERROR, WARNING, Problems, rule
from phasegate.manifests.services import SERVER

_WITHOUT_ACCOUNT = ("ClusterServingRuntime", "ClusterStorageContainer", "ServingRuntime")
_SECRET_NAME = re.compile(
    r"(^|[_.-])(passwd|password|pwd|secret|token|credentials?|connection_?string|"
    r"(api|access|private|secret|account|encryption|signing)_?key)($|[_.-])",
    re.IGNORECASE,
)
# A name that says where a secret is, or how it is handled, holds none.
_HARMLESS_NAME = re.compile(
    r"_(file|path|dir|name|ref|url|uri|ttl|seconds|count|length|limit|type|enabled|id)\Z",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"(\$\(|\{\{|/|(yes|no|true|false|on|off|[0-9]*)\Z)", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY|"
    r"AIza[0-9A-Za-z_-]{35}|xox[abp]-[0-9A-Za-z-]{10,}|://[^/\s:@]+:[^/\s:@$]+@"
)


@rule(
    "PGM604",
    "may-run-as-root",
    WARNING,
    why="Who breaks out of a model server that is root is root on the node's kernel.",
    fix="Set securityContext.runAsNonRoot: true, for the pod or the container.",
)
def may_run_as_root(stream: Stream) -> Problems:
    """A container runs as root, or nothing forbids it to."""
    for pod, container in _whole_containers(stream):
        user = _setting(pod, container, "runAsUser")
        non_root = _setting(pod, container, "runAsNonRoot")
        if user is not None and user.value == 0 and not isinstance(user.value, bool):
            yield Problem(pod.object, user, f"container {container.name} runs as root")
        elif non_root is None or non_root.value is not True:
            yield Problem(
                pod.object,
                non_root or _name(container.node),
                f"container {container.name} may run as root",
            )


@rule(
    "PGM605",
    "writable-root",
    WARNING,
    why="An attacker, or a bug, can change the program that runs; and a full disk is the node's.",
    fix="Set securityContext.readOnlyRootFilesystem: true and mount an emptyDir where it writes.",
)
def writable_root(stream: Stream) -> Problems:
    """A container's root file system is writable."""
    for pod, container in _whole_containers(stream):
        node = container.node.at("securityContext", "readOnlyRootFilesystem")
        if node is None or node.value is not True:
            yield Problem(
                pod.object,
                node or _name(container.node),
                f"container {container.name} can write to /",
            )


@rule(
    "PGM606",
    "privileged",
    ERROR,
    why="Kubernetes' baseline standard forbids it: the container can do what the node can.",
    fix="Remove it; give the one capability or volume that is needed.",
)
def privileged(stream: Stream) -> Problems:
    """A container is privileged, or a pod shares its node's network, processes or files."""
    for pod in pods(stream):
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            node = pod.node.at(key)
            if node is not None and node.value is True:
                yield Problem(pod.object, node, f"{key} is on")
        for volume in pod.node.items("volumes"):
            path = volume.at("hostPath")
            if path is not None:
                yield Problem(
                    pod.object, path, f"volume {volume.text('name')} is a path of the node"
                )
        for container in _with_model(pod):
            node = container.node.at("securityContext", "privileged")
            if node is not None and node.value is True:
                yield Problem(pod.object, node, f"container {container.name} is privileged")


@rule(
    "PGM610",
    "privilege-escalation",
    WARNING,
    why="A set-uid program in the image gives back what runAsNonRoot took; the restricted standard "
    "asks for both settings.",
    fix="Set securityContext.allowPrivilegeEscalation: false and capabilities.drop: [ALL].",
)
def privilege_escalation(stream: Stream) -> Problems:
    """A container may gain privileges, or keeps capabilities."""
    for pod, container in _whole_containers(stream):
        context = container.node.at("securityContext")
        missing = []
        allowed = context.at("allowPrivilegeEscalation") if context is not None else None
        if allowed is None or allowed.value is not False:
            missing.append("may gain privileges")
        dropped = context.items("capabilities", "drop") if context is not None else iter(())
        if "ALL" not in [item.value for item in dropped]:
            missing.append("keeps capabilities")
        if missing:
            yield Problem(
                pod.object,
                context or _name(container.node),
                f"container {container.name} {' and '.join(missing)}",
            )


@rule(
    "PGM607",
    "needless-token",
    WARNING,
    why="The account's token is in the pod's file system: who reads files of a model server talks "
    "to the cluster as that account.",
    fix="Set automountServiceAccountToken: false; a pod that needs it has a RoleBinding here.",
)
def needless_token(stream: Stream) -> Problems:
    """A pod mounts a service account's token, and no role is bound to the account here."""
    bound = {
        (subject.text("name") or "", subject.text("namespace") or one.namespace)
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for one in stream.of_kind(kind, "rbac.authorization.k8s.io")
        for subject in one.node.items("subjects")
    }
    for pod in pods(stream):
        if pod.object.kind in _WITHOUT_ACCOUNT:
            continue  # the account is the InferenceService's
        account = pod.node.text("serviceAccountName") or "default"
        own = pod.node.at("automountServiceAccountToken")
        declared = stream.find(pod.object, "ServiceAccount", account, "")
        inherited = declared.node.at("automountServiceAccountToken") if declared else None
        decides = own or inherited
        if decides is not None and decides.value is False:
            continue
        places = {pod.object.namespace, ""}
        if any(
            name == account and (not pod.object.namespace or at in places) for name, at in bound
        ):
            continue
        yield Problem(
            pod.object,
            own or pod.node.at("serviceAccountName") or pod.node,
            f"{pod.path} mounts the token of account {account}",
        )


@rule(
    "PGM608",
    "secret-in-plain-text",
    ERROR,
    why="Everyone who may read the manifest, the pod or git's history has the secret.",
    fix="Use valueFrom.secretKeyRef, or an identity of the workload.",
)
def secret_in_plain_text(stream: Stream) -> Problems:
    """An environment variable holds a secret as it stands."""
    for pod in pods(stream):
        for container in _with_model(pod):
            for variable in container.node.items("env"):
                name, value = variable.text("name") or "", variable.at("value")
                if value is None or not isinstance(value.value, str):
                    continue
                named = _SECRET_NAME.search(name) and not _HARMLESS_NAME.search(name)
                if (named and not _NO_SECRET.match(value.value)) or _SECRET_VALUE.search(
                    value.value
                ):
                    yield Problem(
                        pod.object,
                        value,
                        f"variable {name} of container {container.name} is a secret",
                    )


def _whole_containers(stream: Stream) -> Iterator[tuple[Pod, Container]]:
    """Containers whose settings are all here: not those that KServe lays over a runtime's."""
    for pod in pods(stream):
        for container in pod.containers():
            if not (pod.partial and container.name == SERVER):
                yield pod, container


def _with_model(pod: Pod) -> Iterator[Container]:
    yield from pod.containers()
    for key in ("model", "art"):
        node = pod.node.at(key)
        if pod.partial and node is not None:
            yield Container(node, SERVER)


def _setting(pod: Pod, container: Container, key: str) -> Node | None:
    own = container.node.at("securityContext", key)
    return own if own is not None else pod.node.at("securityContext", key)


def _name(container: Node) -> Node:
    return container.at("name") or container
