"""What a request asks for: its path, verb and query, as the API reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.kubernetes.fake.failures import Failure, UnknownPath, bad_request
from tests.kubernetes.fake.kinds import NAMESPACE, Resource
from tests.kubernetes.fake.registry import Registry

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what came of it.

    Attributes:
        method: HTTP method.
        path: without the query.
        query: of the address.
        verb: as roles name it: get, list, watch, create, update, patch, delete.
        resource: which kind; None for discovery.
        namespace: empty for all, or for kinds outside namespaces.
        name: empty for lists.
        subresource: ``status`` or empty.
        content_type: of the body, without parameters.
        body: as it came.
        user: who asks.
        agent: the client's name for itself.
        status: HTTP status of the answer; 0 when the connection was reset.
    """

    method: str
    path: str
    query: Mapping[str, str]
    verb: str = ""
    resource: Resource | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    content_type: str = ""
    body: bytes = b""
    user: str = ""
    agent: str = ""
    status: int = 0

    @property
    def manager(self) -> str:
        """The field manager that it names, or else the client's name."""
        return self.query.get("fieldManager") or self.agent.partition("/")[0]

    @property
    def value(self) -> Any:
        """The body as JSON values.

        Raises:
            Failure: 400, it is neither JSON nor YAML.
        """
        try:
            if self.content_type in ("application/apply-patch+yaml", "application/yaml"):
                return yaml.load(self.body, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            return json.loads(self.body or b"{}")
        except (ValueError, yaml.YAMLError) as error:
            kind = self.resource.kind if self.resource else ""
            said = f"the object provided is unrecognized (must be of type {kind}): {error}"
            raise bad_request(said) from None


def read(
    registry: Registry, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Call:
    """A request for objects.

    Raises:
        UnknownPath: no such API.
        Failure: 404, the group is there and the resource is not.
    """
    split = urlsplit(target)
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    resource, namespace, name, subresource = _place(registry, split.path)
    watching = query.get("watch") in ("1", "true")
    return Call(
        method=method,
        path=split.path,
        query=query,
        verb=_verb(method, bool(name), watching),
        resource=resource,
        namespace=namespace,
        name=name,
        subresource=subresource,
        content_type=headers.get("Content-Type", "").partition(";")[0].strip(),
        body=body,
        user=user_of(headers),
        agent=headers.get("User-Agent", ""),
    )


def user_of(headers: Mapping[str, str]) -> str:
    """Who asks: the impersonated user, the bearer token itself, or ``admin``."""
    token = headers.get("Authorization", "").removeprefix("Bearer ")
    return headers.get("Impersonate-User") or token or "admin"


def _verb(method: str, named: bool, watching: bool) -> str:
    if method == "GET":
        return "get" if named else "watch" if watching else "list"
    if method == "DELETE":
        return "delete" if named else "deletecollection"
    return _VERBS.get(method, method.lower())


def _place(registry: Registry, path: str) -> tuple[Resource, str, str, str]:
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise UnknownPath
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] != "status":
        namespace, rest = rest[1], rest[2:]
    resource = registry.find(group, version, rest[0])
    if resource is None:
        if registry.is_built_in(group, version):
            said = "the server could not find the requested resource"
            raise Failure(404, "NotFound", said, {})
        raise UnknownPath
    if resource.namespaced != bool(namespace) and (len(rest) > 1 or not resource.namespaced):
        raise UnknownPath
    subresource = rest[2] if len(rest) > 2 else ""
    known = subresource in ("", "status" if resource.status else "")
    if len(rest) > 3 or not known:
        raise UnknownPath
    if resource == NAMESPACE:
        namespace = ""
    return resource, namespace, rest[1] if len(rest) > 1 else "", subresource
