"""The controllers' loop: whatever changes, look at everything again until nothing is left to do."""

from __future__ import annotations

import threading
import time
import traceback
from typing import Any, Self

from urllib3.exceptions import HTTPError

from tests.kubernetes.client import Client
from tests.kubernetes.controllers.behaviour import Behaviours
from tests.kubernetes.controllers.deployments import Deployments
from tests.kubernetes.controllers.gateway import Gateway
from tests.kubernetes.controllers.knative import Knative
from tests.kubernetes.controllers.pods import Node
from tests.kubernetes.controllers.standard import Standard
from tests.kubernetes.controllers.templates import is_knative

_WATCHED = ("InferenceService", "HTTPRoute")
_FAILURES = (HTTPError, OSError, AssertionError, KeyError, ValueError)
_WATCH_SECONDS = 2
_PAUSE = 0.02


class Controllers(Behaviours):
    """KServe, Knative, a gateway and a node, at work within the ``with`` body.

    Args:
        client: of the API.
        namespace: that they look at; empty for all.
        settings: attributes of `Behaviours`.
    """

    def __init__(self, client: Client, namespace: str = "", **settings: Any) -> None:
        super().__init__(**settings)
        self._client, self._namespace = client, namespace
        node = Node(client, self)
        self._standard = Standard(client, Deployments(client, node, self))
        self._knative, self._gateway = Knative(client, node), Gateway(client, self)
        self._stopped, self._woken = threading.Event(), threading.Event()
        self._known: set[tuple[str, str]] = set()
        self._threads: list[threading.Thread] = []
        self._failure = ""

    def __enter__(self) -> Self:
        work = [(self._work, ()), *((self._watch, (kind,)) for kind in _WATCHED)]
        for target, arguments in work:
            thread = threading.Thread(target=target, args=arguments, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopped.set()
        self._woken.set()
        self._threads[0].join()  # watches end with the server, or by themselves
        if self._failure and kind is None:
            self._look()  # the API may have been away at the last one
        assert not self._failure or kind, self._failure

    def heal(self) -> None:
        super().heal()
        self._woken.set()

    def crash(self, name: str) -> None:
        super().crash(name)
        self._woken.set()

    def settle(self, rounds: int = 20) -> None:
        """Look at everything, in the caller's thread, until nothing is left to do at once."""
        for _ in range(rounds):
            again = self._all()
            if not self._failure and not 0 < again < 0.05:
                return
        raise AssertionError(self._failure or "the controllers do not come to rest")

    def _watch(self, kind: str) -> None:
        while not self._stopped.is_set():
            try:
                for _ in self._client.watch(kind, self._namespace, seconds=_WATCH_SECONDS):
                    self._woken.set()
            except (HTTPError, OSError, AssertionError):  # the API is away, or was told to fail
                time.sleep(_PAUSE)
            self._woken.set()

    def _work(self) -> None:
        while not self._stopped.is_set():
            again = self._look()
            self._woken.wait(again or None)
            self._woken.clear()
            if self.lag:
                self._stopped.wait(self.lag)

    def _look(self) -> float:
        """One look at everything; a failure is kept, and all is looked at again soon."""
        try:
            again = self._all()
        except _FAILURES:
            self._failure = traceback.format_exc()
            return _PAUSE
        return again

    def _all(self) -> float:
        """Each object by itself: one that cannot be helped does not hold up the others."""
        services = self._client.list("InferenceService", self._namespace)
        routes = self._client.list("HTTPRoute", self._namespace)
        waits, failure = [], ""
        for one in services + routes:
            try:
                waits.append(self._reconcile(one))
            except _FAILURES:
                failure = traceback.format_exc()
                waits.append(_PAUSE)
        self._failure = failure
        names = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in services}
        for place in self._known - names:
            self._standard.remove(*place)
            self._knative.remove(*place)
            waits.append(_PAUSE)  # routes look at the Services that went
        self._known = names
        return min([seconds for seconds in waits if seconds], default=0.0)

    def _reconcile(self, value: dict[str, Any]) -> float:
        if value["kind"] == "HTTPRoute":
            self._gateway.reconcile(value)
            return 0.0
        return (self._knative if is_knative(value) else self._standard).reconcile(value)
