"""The fake API as a test holds it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import urllib3

from tests.kubernetes.client import Client
from tests.kubernetes.controllers import Controllers
from tests.kubernetes.fake import builtin_crds
from tests.kubernetes.fake.answers import Answers
from tests.kubernetes.fake.faults import Fault, Refuses
from tests.kubernetes.fake.kinds import Resource
from tests.kubernetes.fake.objects import Options
from tests.kubernetes.fake.requests import Call
from tests.kubernetes.fake.server import Server

Object = dict[str, Any]

_KSERVE = "inferenceservice.kserve-webhook-server.validator"


class FakeApi:
    """A Kubernetes API on loopback; leave its ``with`` body to stop it.

    Args:
        port: TCP port; 0 takes a free one.
    """

    def __init__(self, port: int = 0) -> None:
        self._answers = Answers()
        self._server = Server(port, self._answers)
        self._port = self._server.server_address[1]
        self.install(*builtin_crds.ALL)
        self.namespace("default")

    @classmethod
    def start(cls, port: int = 0) -> Self:
        """A running API with namespace ``default`` and the kinds of KServe, Knative and the
        Gateway API."""
        return cls(port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuse connections and end those that are open."""
        self._server.stop()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """An API server that is away for the ``with`` body, and comes back with its objects."""
        self._server.stop()
        try:
            yield
        finally:
            self._server = Server(self._port, self._answers)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._port}"

    def kubeconfig(self, path: Path, user: str = "admin", namespace: str = "default") -> Path:
        """Write a kubeconfig for a user; the path again."""
        context = {"cluster": "fake", "user": user, "namespace": namespace}
        value = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
            "users": [{"name": user, "user": {"token": user}}],
            "contexts": [{"name": "fake", "context": context}],
            "current-context": "fake",
        }
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    def reconcile(self, namespace: str = "", **settings: Any) -> Controllers:
        """KServe, Knative, a gateway and nodes, at work in the ``with`` body of what it returns.

        Args:
            namespace: that they look at; empty for all.
            settings: attributes of `tests.kubernetes.controllers.Behaviours`, such as ``lag``.
        """
        return Controllers(self.client("controllers"), namespace, **settings)

    def client(self, user: str = "admin") -> Client:
        """Plain requests to this API."""
        headers = {"Authorization": f"Bearer {user}"}
        return Client(self.url, urllib3.PoolManager(maxsize=8), headers)

    @property
    def calls(self) -> list[Call]:
        """Requests for objects so far."""
        return self._answers.calls

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        times: int | None = 1,
        delay: float = 0.0,
        retry_after: float | None = None,
        reset: bool = False,
        late: bool = False,
    ) -> None:
        """Let requests go wrong.

        Args:
            method: HTTP method, or ``*``.
            path: regular expression that is searched for in the path with its query.
            status: answer this; None with neither ``reset`` leaves the answer alone.
            times: how many requests; None for all.
            delay: seconds to wait before looking at the request.
            retry_after: seconds in the header of that name.
            reset: reset the connection in place of an answer.
            late: carry the request out first, so that only its answer is lost.
        """
        self._answers.faults.add(
            Fault(method, re.compile(path), status, times, delay, retry_after, reset, late)
        )

    def forbid(self, verb: str, resource: str, user: str | None = None) -> None:
        """Answer 403: ``forbid("patch", "httproutes")``, ``forbid("*", "pods", user="guard")``."""
        self._answers.faults.forbid(verb, resource, user)

    def webhook(self, kind: str, refuses: Refuses, name: str = _KSERVE) -> None:
        """Ask ``refuses(new, old)`` about each write of a kind; the text it returns refuses it."""
        self._answers.faults.webhook(kind, refuses, name)

    def heal(self) -> None:
        """Take back all faults, forbidden verbs and webhooks."""
        self._answers.faults.heal()

    def install(self, *crds: Mapping[str, Any] | Path) -> None:
        """Serve the kinds of CRDs: dicts, or YAML files and folders of them."""
        for crd in builtin_crds.read(crds):
            self._answers.registry.install(crd)

    def uninstall(self, kind: str) -> None:
        """Serve a custom kind no more, as if its CRD had never been installed."""
        resource = self._answers.registry.named(kind)
        self._answers.registry.uninstall(resource.plural, resource.group)

    def namespace(self, name: str) -> None:
        """Make a namespace."""
        value = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.put(value)

    def object(self, kind: str, namespace: str, name: str) -> Object | None:
        """A copy of an object, or None: ``object("HTTPRoute", "fraud", "card-fraud")``."""
        return self._answers.store.get(self._resource(kind), namespace, name)

    def objects(self, kind: str, namespace: str = "") -> list[Object]:
        """Copies of all objects of a kind."""
        return self._answers.store.list(self._resource(kind), namespace)[0]

    def put(self, value: Mapping[str, Any], manager: str = "overlay") -> Object:
        """Apply an object by force, as another field manager."""
        resource = self._answers.registry.of(value)
        metadata = value["metadata"]
        namespace = metadata.get("namespace", "default") if resource.namespaced else ""
        config = json.loads(json.dumps(value))
        options = Options(manager, force=True)
        return self._answers.objects.apply(resource, namespace, metadata["name"], config, options)

    def edit(
        self,
        kind: str,
        namespace: str,
        name: str,
        patch: Mapping[str, Any],
        manager: str = "kubectl-edit",
    ) -> Object:
        """Change an object by a merge patch, as someone's hand does."""
        return self._merge(kind, namespace, name, patch, Options(manager))

    def status(
        self, kind: str, namespace: str, name: str, status: Mapping[str, Any] | None
    ) -> Object:
        """Merge into an object's status, as its controller does."""
        options = Options("controller", subresource="status")
        return self._merge(kind, namespace, name, {"status": status}, options)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object."""
        self._answers.objects.delete(self._resource(kind), namespace, name, {})

    def forget(self) -> None:
        """Compact: watches that start before now are answered with 410."""
        self._answers.store.forget()

    def _merge(
        self, kind: str, namespace: str, name: str, patch: Mapping[str, Any], options: Options
    ) -> Object:
        return self._answers.objects.patch(
            self._resource(kind), namespace, name, patch, options, operations=False
        )

    def _resource(self, kind: str) -> Resource:
        return self._answers.registry.named(kind)
