"""`Cluster`: objects as plain dictionaries, written under our own field manager."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.answers import Call, Gone, Missing, Owned, Stale, Temporary
from phasegate.kubernetes.connection import Connection
from phasegate.kubernetes.kinds import Kind
from phasegate.patience import patience

MANAGER = "phasegate"
Manifest = dict[str, Any]

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_PAGE = "500"
_PAUSE_SECONDS = 0.2
_EAGER = 8


def connect(
    kubeconfig: str | os.PathLike[str] | None = None, *, retry_seconds: float | None = None
) -> Cluster:
    """The cluster of a kubeconfig; else of ``KUBECONFIG``; else that which this pod runs in.

    Args:
        retry_seconds: for how long a call that finds no answer is repeated; None for
            ``PHASEGATE_RETRY_SECONDS``, 30 by default.

    Raises:
        BadInput: no configuration, or one that cannot be read.
    """
    from kubernetes import client, config
    from kubernetes.config import ConfigException

    configuration = client.Configuration()
    named = kubeconfig or os.environ.get("KUBECONFIG")
    try:
        if named is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            config.load_incluster_config(client_configuration=configuration)
        else:
            config.load_kube_config(
                config_file=None if named is None else os.fspath(named),
                client_configuration=configuration,
                persist_config=False,
            )
    except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(
            f"no Kubernetes cluster is configured ({' '.join(str(error).split())})",
            where=str(named or "kubeconfig"),
            fix="set KUBECONFIG to a kubeconfig file, or run in a pod with a ServiceAccount token",
        ) from None
    return Cluster(client.ApiClient(configuration), retry_seconds=patience(retry_seconds))


class Cluster:
    """A cluster's objects.

    Args:
        client: an ``ApiClient`` of the `kubernetes` package, version 30 or later.
        retry_seconds: for how long a call that finds no answer is repeated.
    """

    def __init__(self, client: Any, *, retry_seconds: float) -> None:
        self._connection = Connection(client, retry_seconds)

    @property
    def host(self) -> str:
        """Address of the API server."""
        return self._connection.host

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """An object; None where there is none of this name.

        Raises:
            BadInput: the cluster does not know the kind, or does not allow this.
            Unavailable: no answer.
        """
        try:
            return self._connection.call(Call("get", kind, namespace, name))
        except Missing:
            return None

    def list(self, kind: Kind, namespace: str, labels: str = "") -> list[Manifest]:
        """Objects of a kind, with their ``kind`` and ``apiVersion``.

        Args:
            labels: a label selector; empty for all.

        Raises:
            BadInput: the cluster does not know the kind, or does not allow this.
            Unavailable: no answer.
        """
        return self._listed(Call("list", kind, namespace), {"labelSelector": labels})[0]

    def apply(
        self,
        kind: Kind,
        manifest: Mapping[str, Any],
        *,
        force: bool = False,
        manager: str = MANAGER,
    ) -> Manifest:
        """Make the object have these fields, and own them (server-side apply).

        What we owned and left out now is removed. ``metadata.resourceVersion``, where given, must
        be the object's.

        Args:
            manifest: with ``metadata.namespace`` and ``metadata.name``.
            force: take fields from other owners.
            manager: the field manager to own them under.

        Raises:
            Stale: the object changed.
            Owned: fields belong to others.
            BadInput: the cluster refuses this.
            Unavailable: no answer.
        """
        whole = {"apiVersion": kind.api_version, "kind": kind.name} | dict(manifest)
        about = whole["metadata"]
        return self._patch(
            Call("patch", kind, about["namespace"], about["name"]),
            whole,
            _APPLY,
            {"fieldManager": manager} | ({"force": "true"} if force else {}),
        )

    def merge(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> Manifest:
        """Change fields of an object that is there (merge patch; None unsets).

        Raises:
            Stale: ``metadata.resourceVersion`` of the patch is not the object's.
            BadInput: there is no such object, or the cluster refuses this.
            Unavailable: no answer.
        """
        return self._patch(Call("patch", kind, namespace, name), patch, _MERGE, {})

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Remove an object; one that is not there is none.

        Raises:
            BadInput: the cluster does not allow this.
            Unavailable: no answer.
        """
        try:
            self._connection.call(Call("delete", kind, namespace, name))
        except Missing:
            return

    def await_(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        condition: Callable[[Manifest | None], bool],
        seconds: float,
        what: str,
        *,
        every: float = 10.0,
    ) -> Manifest:
        """Wait, by watching, until an object is as wanted.

        Args:
            condition: given the object, or None while there is none; an error that it raises
                ends the waiting.
            seconds: at most.
            what: is waited for, for the message, such as ``card-fraud-b is ready``.
            every: seconds after which the condition is asked again though the object did not
                change; less where it looks at other things besides. Sooner in the beginning,
                when those are about to follow.

        Returns:
            The object; empty where the condition held of None.

        Raises:
            Unavailable: the time is up.
            BadInput: the cluster does not allow this.
        """
        deadline, pause = time.monotonic() + seconds, every / _EAGER
        call = Call("list", kind, namespace)
        selector = {"fieldSelector": f"metadata.name={name}"}
        while True:
            left = deadline - time.monotonic()
            found, version = self._listed(call, selector, max(left, 0.0))
            current = next(iter(found), None)
            if condition(current):
                return current or {}
            left = deadline - time.monotonic()
            if left <= 0:
                raise Unavailable(
                    f"waited {seconds:g} seconds and it is not so: {what}",
                    where=Call("watch", kind, namespace, name).where,
                )
            query = selector | {"resourceVersion": version}
            result = self._watched(
                Call("watch", kind, namespace), query, condition, min(left, pause)
            )
            if result is not None:
                return result
            pause = min(2 * pause, every)

    def _watched(
        self,
        call: Call,
        query: Mapping[str, str],
        condition: Callable[[Manifest | None], bool],
        seconds: float,
    ) -> Manifest | None:
        """The object once it is as wanted; None where it must be read again."""
        until = time.monotonic() + seconds
        options = {"watch": "true", "timeoutSeconds": str(max(int(seconds), 1))}
        try:
            with self._connection.watch(call, {**query, **options}, seconds) as events:
                for event in events:
                    current = None if event["type"] == "DELETED" else event["object"]
                    if event["type"] != "BOOKMARK" and condition(current):
                        return current or {}
                    if time.monotonic() > until:
                        break
        except Gone:
            return None
        except Temporary as error:
            time.sleep(min(error.seconds or _PAUSE_SECONDS, max(until - time.monotonic(), 0.0)))
        return None

    def _listed(
        self, call: Call, query: Mapping[str, str], seconds: float | None = None
    ) -> tuple[list[Manifest], str]:
        """All pages, and the version that a watch can start from."""
        query = {key: value for key, value in query.items() if value} | {"limit": _PAGE}
        found: list[Manifest] = []
        while True:
            page = self._connection.call(call, query=query, seconds=seconds)
            about = {"apiVersion": call.kind.api_version, "kind": call.kind.name}
            found += [about | item for item in page.get("items") or ()]
            more = page["metadata"].get("continue")
            if not more:
                return found, page["metadata"]["resourceVersion"]
            query = query | {"continue": more}

    def _patch(
        self, call: Call, body: Mapping[str, Any], content_type: str, query: Mapping[str, str]
    ) -> Manifest:
        try:
            return self._connection.call(
                call,
                query={"fieldManager": MANAGER, "fieldValidation": "Strict", **query},
                body=body,
                content_type=content_type,
            )
        except Missing:
            raise BadInput(
                "it is not there", where=call.where, fix="apply the overlay that makes it"
            ) from None


__all__ = ["MANAGER", "Cluster", "Manifest", "Owned", "Stale", "connect"]
