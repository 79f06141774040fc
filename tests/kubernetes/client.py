"""Plain requests to a Kubernetes API, fake or real, as its answers are on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import urllib3

from tests.kubernetes.paths import kind_of, path_of

MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        status: HTTP status.
        text: the body.
        headers: of the answer.
    """

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def value(self) -> dict[str, Any]:
        """The body as JSON values."""
        return json.loads(self.text)

    def ok(self) -> dict[str, Any]:
        """The body of an answer that is no refusal."""
        assert self.status < 300, self.text
        return self.value


class Client:
    """An API server and who asks.

    Args:
        url: of the server.
        pool: connections, with the credentials for TLS.
        headers: sent with each request.
    """

    def __init__(self, url: str, pool: urllib3.PoolManager, headers: Mapping[str, str]) -> None:
        self._url, self._pool, self._headers = url.rstrip("/"), pool, dict(headers)

    @classmethod
    def of(cls, kubeconfig: Path | None) -> Self:
        """A client of a kubeconfig's current context; None is ``KUBECONFIG``."""
        from kubernetes import client, config

        configuration = client.Configuration()
        config.load_kube_config(
            config_file=None if kubeconfig is None else str(kubeconfig),
            client_configuration=configuration,
            persist_config=False,
        )
        api = client.ApiClient(configuration)
        headers = dict(api.default_headers)
        for setting in configuration.auth_settings().values():
            headers[setting["key"]] = setting["value"]
        headers.pop("User-Agent", None)
        return cls(configuration.host, api.rest_client.pool_manager, headers)

    def impersonating(self, user: str) -> Client:
        """The same server, asked by another user."""
        return Client(self._url, self._pool, {**self._headers, "Impersonate-User": user})

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        query: Mapping[str, str] | None = None,
        agent: str = "phasegate-tests",
        accept: str = "application/json",
    ) -> Answer:
        """The answer to a request, whatever it is."""
        response = self._pool.request(
            method,
            self._address(path, query),
            body=None if body is None else body if isinstance(body, bytes) else json.dumps(body),
            headers={
                **self._headers,
                "Accept": accept,
                "Content-Type": kind,
                "User-Agent": agent,
            },
            timeout=urllib3.Timeout(connect=5, read=30),
            retries=False,
        )
        return Answer(response.status, response.data.decode(), dict(response.headers))

    def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """An object, or None."""
        answer = self.ask("GET", path_of(kind, namespace, name))
        return None if answer.status == 404 else answer.ok()

    def list(self, kind: str, namespace: str = "", labels: str = "") -> list[dict[str, Any]]:
        """Objects of a kind, each with the kind that lists of some kinds leave out."""
        query = {"labelSelector": labels} if labels else None
        found = self.ask("GET", path_of(kind, namespace), query=query).ok()
        about = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
        return [{**about, **one} for one in found["items"]]

    def create(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A new object."""
        namespace = value["metadata"].get("namespace", "")
        return self.ask("POST", path_of(kind_of(value), namespace), value).ok()

    def apply(
        self,
        value: Mapping[str, Any],
        manager: str = "overlay",
        *,
        force: bool = False,
        subresource: str = "",
        **query: str,
    ) -> Answer:
        """The answer to a server-side apply."""
        metadata = value["metadata"]
        namespace = metadata.get("namespace", "")
        path = path_of(kind_of(value), namespace, metadata["name"], subresource)
        options = {"fieldManager": manager, **({"force": "true"} if force else {}), **query}
        return self.ask("PATCH", path, value, kind=APPLY, query=options)

    def merge(
        self,
        kind: str,
        namespace: str,
        name: str,
        patch: Mapping[str, Any],
        manager: str = "hand",
        *,
        subresource: str = "",
    ) -> Answer:
        """The answer to a merge patch."""
        path = path_of(kind, namespace, name, subresource)
        return self.ask("PATCH", path, patch, kind=MERGE, query={"fieldManager": manager})

    def delete(self, kind: str, namespace: str, name: str, body: Any = None) -> Answer:
        """The answer to a deletion."""
        return self.ask("DELETE", path_of(kind, namespace, name), body)

    def watch(
        self, kind: str, namespace: str = "", *, seconds: float = 5, **query: str
    ) -> Iterator[dict[str, Any]]:
        """Events as they come, until the server ends the watch."""
        options = {"watch": "1", "timeoutSeconds": str(max(1, int(seconds))), **query}
        response = self._pool.request(
            "GET",
            self._address(path_of(kind, namespace), options),
            headers=self._headers,
            timeout=urllib3.Timeout(connect=5, read=seconds + 5),
            preload_content=False,
            retries=False,
        )
        try:
            assert response.status == 200, response.read()
            rest = b""
            for chunk in response.stream(1 << 16):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (json.loads(line) for line in lines if line)
        finally:
            response.close()

    def _address(self, path: str, query: Mapping[str, str] | None) -> str:
        return self._url + path + (f"?{urlencode(query)}" if query else "")
