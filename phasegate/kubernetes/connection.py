"""Calls to the API server: each with a time limit, repeated for a bounded time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import urllib3
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)
from urllib3.exceptions import HTTPError

from phasegate.errors import Unavailable
from phasegate.kubernetes.answers import Call, KindMissing, Temporary, error_of, kind_missing

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0
_BACKOFF = wait_random_exponential(multiplier=0.1, max=5)
_VERBS = {"get": "GET", "list": "GET", "watch": "GET", "patch": "PATCH", "delete": "DELETE"}


class Connection:
    """The API server of a `kubernetes` client; safe to share between threads.

    The pool below the client is used, because the layers above it differ between the client's
    versions, and none of them heeds ``Retry-After``.

    Args:
        client: an ``ApiClient`` of the `kubernetes` package.
        retry_seconds: for how long a call is repeated.
    """

    def __init__(self, client: Any, retry_seconds: float) -> None:
        self._client, self._retry_seconds = client, retry_seconds

    @property
    def host(self) -> str:
        """Address of the API server."""
        return self._client.configuration.host

    def call(
        self,
        call: Call,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        seconds: float | None = None,
    ) -> dict[str, Any]:
        """The answer to a call.

        Args:
            seconds: at most, for all attempts; None: the connection's usual.

        Raises:
            Missing: the object is not there.
            BadInput: see `error_of`.
            Unavailable: no answer in time.
        """
        limit = self._retry_seconds if seconds is None else min(seconds, self._retry_seconds)

        def once() -> dict[str, Any]:
            path = call.kind.path(call.namespace, call.name)
            data = None if body is None else json.dumps(body).encode()
            answer = self._answer(call, path, query, data, content_type)
            return json.loads(answer)

        retrying = Retrying(
            retry=retry_if_exception_type(Temporary),
            stop=stop_before_delay(max(limit, 0.0)),
            wait=_wait,
            reraise=True,
        )
        try:
            return retrying(once)
        except Temporary as error:
            raise Unavailable(
                f"the Kubernetes API does not answer ({error})", where=call.where
            ) from None
        except KindMissing:
            raise kind_missing(call, self._served(call)) from None

    @contextmanager
    def watch(
        self, call: Call, query: Mapping[str, str], seconds: float
    ) -> Iterator[Iterator[dict[str, Any]]]:
        """Events of objects, until the server ends them or nothing is read for ``seconds``.

        Raises:
            Gone: the version to start from is no longer known.
            Temporary: the stream broke.
            BadInput: see `error_of`.
        """
        response = self._open("watch", call.kind.path(call.namespace), query, None, None, seconds)
        try:
            if response.status >= 400:
                raise _error(call, response)
            yield _events(response, call)
        finally:
            response.close()

    def _served(self, call: Call) -> tuple[str, ...]:
        """Versions of the kind's group that the server has; empty where it has none."""
        try:
            response = self._open("get", f"/apis/{call.kind.group}", None, None, None)
            with response:
                found = json.loads(response.read()) if response.status == 200 else {}
            return tuple(one["version"] for one in found.get("versions", ()))
        except (Temporary, HTTPError, OSError, ValueError, KeyError, TypeError, AttributeError):
            return ()

    def _answer(
        self,
        call: Call,
        path: str,
        query: Mapping[str, str] | None,
        data: bytes | None,
        content_type: str,
    ) -> bytes:
        response = self._open(call.verb, path, query, data, content_type)
        try:
            if response.status >= 400:
                raise _error(call, response)
            body = response.read()
            json.loads(body)
        except (HTTPError, OSError, ValueError) as error:
            raise Temporary(f"its answer broke off: {_told(error)}") from None
        finally:
            response.release_conn()
        return body

    def _open(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str] | None,
        data: bytes | None,
        content_type: str | None,
        read_seconds: float = _READ_SECONDS,
    ) -> urllib3.BaseHTTPResponse:
        headers = dict(self._client.default_headers) | {"Accept": "application/json"}
        for setting in self._client.configuration.auth_settings().values():
            headers[setting["key"]] = setting["value"]
        if data is not None:
            headers["Content-Type"] = content_type or "application/json"
        try:
            return self._client.rest_client.pool_manager.request(
                _VERBS[verb],
                f"{self.host.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else ""),
                body=data,
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=read_seconds),
                preload_content=False,
                retries=False,
            )
        except (HTTPError, OSError) as error:
            raise Temporary(_told(error)) from None


def _events(response: urllib3.BaseHTTPResponse, call: Call) -> Iterator[dict[str, Any]]:
    rest = b""
    try:
        for part in response.stream(1 << 16):
            *lines, rest = (rest + part).split(b"\n")
            for line in filter(None, lines):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise error_of(call, int(status.get("code", 500)), None, _json(status))
                yield event
    except (HTTPError, OSError, ValueError, KeyError, TypeError) as error:
        raise Temporary(f"the watch broke off: {_told(error)}") from None


def _error(call: Call, response: urllib3.BaseHTTPResponse) -> Exception:
    try:
        body = response.read()
    except (HTTPError, OSError):
        body = b""
    return error_of(call, response.status, response.headers.get("Retry-After"), body)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _wait(state: RetryCallState) -> float:
    """What the server asks for, else growing pauses."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.seconds if isinstance(error, Temporary) else None
    return _BACKOFF(state) if asked is None else asked


def _told(error: Exception) -> str:
    """An error in one line, without addresses of objects in memory."""
    text = str(getattr(error, "reason", None) or error)
    return f"{type(error).__name__}: {text.rpartition('>: ')[2] or text}"
