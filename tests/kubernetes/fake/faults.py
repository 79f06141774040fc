"""What a test can make go wrong: errors, delays, lost answers, missing roles, refusals."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.kubernetes.fake.failures import Failure, denied, forbidden
from tests.kubernetes.fake.kinds import Resource
from tests.kubernetes.fake.requests import Call

Object = Mapping[str, Any]
Refuses = Callable[[Object, Object | None], str | None]

_SAID = {
    429: ("TooManyRequests", "too many requests, please try again later"),
    500: ("InternalError", "Internal error occurred: the fake was told to fail"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "request did not complete within the allotted timeout"),
}


@dataclass(slots=True)
class Fault:
    """What goes wrong with requests that match.

    Attributes:
        method: HTTP method, or ``*``.
        path: searched for in the path with its query.
        status: HTTP status of the answer; None leaves the answer alone.
        times: how often; None for ever.
        delay: seconds before the request is looked at.
        retry_after: seconds in the header of that name.
        reset: whether the connection is reset in place of an answer.
        late: whether the request is carried out first, and only its answer lost.
    """

    method: str
    path: re.Pattern[str]
    status: int | None = None
    times: int | None = 1
    delay: float = 0.0
    retry_after: float | None = None
    reset: bool = False
    late: bool = False

    def failure(self) -> Failure:
        """The answer in place of the real one."""
        assert self.status is not None
        reason, message = _SAID.get(self.status, ("", "the fake was told to fail"))
        details = {} if self.retry_after is None else {"retryAfterSeconds": int(self.retry_after)}
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        return Failure(self.status, reason, message, details, headers)


class Faults:
    """The faults, missing roles and webhooks that a test has switched on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._forbidden: list[tuple[str, str, str | None]] = []
        self._webhooks: dict[str, tuple[str, Refuses]] = {}

    def add(self, fault: Fault) -> None:
        """Let matching requests go wrong."""
        with self._lock:
            self._faults.append(fault)

    def forbid(self, verb: str, resource: str, user: str | None) -> None:
        """Take a verb on a resource away, from a user or from all."""
        with self._lock:
            self._forbidden.append((verb, resource, user))

    def webhook(self, kind: str, refuses: Refuses, name: str) -> None:
        """Ask a function about each write of a kind."""
        with self._lock:
            self._webhooks[kind] = (name, refuses)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()
            self._forbidden.clear()
            self._webhooks.clear()

    def due(self, method: str, target: str) -> Fault | None:
        """The fault that befalls a request, if one does."""
        with self._lock:
            for fault in self._faults:
                if fault.method not in ("*", method) or not fault.path.search(target):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def authorize(self, call: Call) -> None:
        """Check the request against the roles.

        Raises:
            Failure: 403.
        """
        resource = call.resource
        assert resource is not None
        end = f"/{call.subresource}" if call.subresource else ""
        names = {"*", resource.plural + end, resource.title + end, resource.kind + end}
        with self._lock:
            taken = any(
                verb in ("*", call.verb) and what in names and user in (None, call.user)
                for verb, what, user in self._forbidden
            )
        if taken:
            raise forbidden(
                resource, call.verb, call.namespace, call.name, call.user, call.subresource
            )

    def admit(self, resource: Resource, new: Object, old: Object | None) -> None:
        """Ask the webhook of a kind about a write; a deletion has an empty new object.

        Raises:
            Failure: 403, it said no.
        """
        with self._lock:
            name, refuses = self._webhooks.get(
                resource.kind, self._webhooks.get(resource.plural, ("", None))
            )
        if refuses and (said := refuses(new, old)):
            raise denied(name, said)
