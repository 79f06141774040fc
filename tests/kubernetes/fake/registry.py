"""The kinds that are served now, and the discovery documents that tell clients of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from tests.kubernetes.fake.kinds import BUILT_IN, Resource, of_crd

Document = dict[str, Any]


class Registry:
    """Kinds by group, version and plural."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = {(one.group, one.version, one.plural): one for one in BUILT_IN}
        self._groups = {(one.group, one.version) for one in BUILT_IN}

    def install(self, crd: Mapping[str, Any]) -> list[Resource]:
        """Serve what a CRD defines."""
        added = of_crd(crd)
        with self._lock:
            self._known |= {(one.group, one.version, one.plural): one for one in added}
        return added

    def uninstall(self, plural: str, group: str) -> None:
        """Serve a custom kind no more."""
        with self._lock:
            for key in [one for one in self._known if (one[2], one[0]) == (plural, group)]:
                del self._known[key]

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind at a path."""
        with self._lock:
            return self._known.get((group, version, plural))

    def named(self, name: str) -> Resource:
        """The kind of a plural (``pods``, ``httproutes.gateway.networking.k8s.io``) or a kind."""
        with self._lock:
            for one in self._known.values():
                if name in (one.plural, one.title, one.kind, one.kind_title):
                    return one
        raise KeyError(name)

    def of(self, value: Mapping[str, Any]) -> Resource:
        """The kind of an object."""
        with self._lock:
            for one in self._known.values():
                if (one.api_version, one.kind) == (value["apiVersion"], value["kind"]):
                    return one
        raise KeyError((value["apiVersion"], value["kind"]))

    def is_built_in(self, group: str, version: str) -> bool:
        """Whether the group is part of Kubernetes."""
        return (group, version) in self._groups

    def document(self, path: str) -> Document | None:
        """The discovery document at a path, or None."""
        match [part for part in path.split("/") if part]:
            case ["version"]:
                return {"major": "1", "minor": "36", "gitVersion": "v1.36.0", "platform": "fake"}
            case ["api"]:
                return {"kind": "APIVersions", "versions": ["v1"]}
            case ["apis"]:
                groups = sorted({key[0] for key in self._known if key[0]})
                return {
                    "kind": "APIGroupList",
                    "apiVersion": "v1",
                    "groups": [self._group(group) for group in groups],
                }
            case ["api", "v1"]:
                return self._list("", "v1")
            case ["apis", group]:
                found = self._group(group)
                return {"kind": "APIGroup", "apiVersion": "v1", **found} if found else None
            case ["apis", group, version]:
                return self._list(group, version)
        return None

    def _group(self, group: str) -> Document | None:
        versions = sorted({key[1] for key in self._known if key[0] == group})
        listed = [{"groupVersion": f"{group}/{one}", "version": one} for one in versions]
        if not listed:
            return None
        return {"name": group, "versions": listed, "preferredVersion": listed[0]}

    def _list(self, group: str, version: str) -> Document | None:
        with self._lock:
            found = [one for key, one in self._known.items() if key[:2] == (group, version)]
        if not found:
            return None
        rows = []
        for one in found:
            rows.append(one.as_listed())
            if one.status:
                rows.append({**one.as_listed(), "name": f"{one.plural}/status"})
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": f"{group}/{version}" if group else version,
            "resources": rows,
        }
