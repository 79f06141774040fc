"""What a test can make go wrong."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from tests.kubeflow.fake.refusals import Refused

_SAID = {
    401: "Unauthenticated: request header error: there is no user identity header",
    403: "PermissionDenied: user is not authorized",
    429: "ResourceExhausted: too many requests",
    500: "InternalServerError: the fake was told to fail",
    503: "no healthy upstream",
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
        html: whether the answer is a web page, as a proxy in front of the backend sends.
    """

    method: str
    path: re.Pattern[str]
    status: int | None = None
    times: int | None = 1
    delay: float = 0.0
    retry_after: float | None = None
    reset: bool = False
    late: bool = False
    html: bool = False

    def refused(self) -> Refused:
        """The answer in place of the real one."""
        assert self.status is not None
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        said = _SAID.get(self.status, "the fake was told to fail")
        return Refused(self.status, said, headers=headers)


class Faults:
    """The faults that a test has switched on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let matching requests go wrong."""
        with self._lock:
            self._faults.append(fault)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

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
