"""Requests sent to a model at a bounded rate, a bounded number at once."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from phasegate.errors import BadInput, Unavailable
from phasegate.traffic.kserve.serverless.logged import LoggedRequest

ANSWERED = "answered"
_RETRIED = (429, 502, 503, 504)  # the activator's and the queue's: no model has seen it
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a replay may ask of a challenger.

    Attributes:
        rate: requests a second.
        at_once: requests that wait for their answer.
        seconds: for one answer; a revision without pods has to start one first.
        attempts: for one request.
    """

    rate: float = 50.0
    at_once: int = 8
    seconds: float = 30.0
    attempts: int = 3

    def __post_init__(self) -> None:
        for name in ("rate", "at_once", "seconds", "attempts"):
            if not getattr(self, name) > 0:
                raise BadInput(f"{name} is {getattr(self, name)}", expected="more than 0")


class Sender:
    """Sends requests to one model; leave its ``with`` body to close its connections.

    Args:
        address: ``HOST:PORT``.
        model: name that it is served under.
        limits: of what it is asked.
    """

    def __init__(self, address: str, model: str, limits: Limits) -> None:
        self._address, self._limits = address, limits
        self._path = f"/v1/models/{quote(model, safe='')}:predict"
        self._about = f"/v2/models/{quote(model, safe='')}"
        self._local, self._lock, self._next = threading.local(), threading.Lock(), 0.0
        self._pool = ThreadPoolExecutor(limits.at_once)
        self._connections: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()

    def inputs(self) -> dict[str, str]:
        """Data types of what the model asks for, by name.

        Raises:
            Unavailable: it does not say.
        """
        try:
            status, body = self._once("GET", self._about, None, {})
            if status == 200:
                return {one["name"]: one["datatype"] for one in json.loads(body)["inputs"]}
            problem = f"status {status}"
        except (OSError, http.client.HTTPException, KeyError, TypeError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        raise Unavailable(f"it does not say what it asks for ({problem})", where=self._address)

    def send(self, requests: Sequence[LoggedRequest]) -> Counter[str]:
        """Send requests; what became of them: ``answered``, or why there is no answer.

        The reasons are those of `MirrorState.lost`.
        """
        return Counter(self._pool.map(self._send, requests))

    def _send(self, request: LoggedRequest) -> str:
        body = json.dumps({"instances": request.rows}, allow_nan=False).encode()
        outcome = "connection"
        for attempt in range(self._limits.attempts):
            if attempt:
                time.sleep(_PAUSE_SECONDS * 2 ** (attempt - 1))
            self._wait_for_turn()
            try:
                status, _ = self._once("POST", self._path, body, request.headers)
            except TimeoutError:
                outcome = "late"
            except (OSError, http.client.HTTPException):
                outcome = "connection"
            else:
                if status not in _RETRIED:
                    return ANSWERED
                outcome = "sick"
        return outcome

    def _wait_for_turn(self) -> None:
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + 1 / self._limits.rate
        time.sleep(max(turn - time.monotonic(), 0.0))

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self._address, timeout=self._limits.seconds)
            self._local.connection = connection
            self._connections.append(connection)
        try:
            connection.request(method, path, body, {"content-type": "application/json", **headers})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # it opens itself again
            raise
