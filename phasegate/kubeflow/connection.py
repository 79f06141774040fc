"""Calls to the backend: each with a time limit, repeated for a bounded time where that is safe."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow.answers import Missing, Temporary, Unclear, error_of
from phasegate.kubeflow.credentials import Credentials

_SECONDS = (5, 60)  # to connect, and to read
_BACKOFF = wait_random_exponential(multiplier=0.1, max=5)
PAGE = 100
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
Json = dict[str, Any]
T = TypeVar("T")


class Connection:
    """A backend, through the generated methods of ``kfp_server_api``.

    Answers are read as JSON and not as the package's models: those check every field of ten
    thousand runs, and fail on a state that a newer backend knows.

    Args:
        endpoint: address of the backend.
        credentials: that requests bear.
        retry_seconds: for how long a call is repeated.
    """

    def __init__(self, endpoint: str, credentials: Credentials, retry_seconds: float) -> None:
        import kfp_server_api

        configuration = kfp_server_api.Configuration()
        configuration.host = endpoint
        configuration.retries = False  # neither of calls nor to where a proxy has people sign in
        configuration.connection_pool_maxsize = 8
        configuration.ssl_ca_cert = next(filter(None, map(os.environ.get, CERTIFICATES)), None)
        self.endpoint, self.credentials = endpoint, credentials
        self._retry_seconds = retry_seconds
        self._client = kfp_server_api.ApiClient(configuration)
        self._api = kfp_server_api

    def service(self, name: str) -> Any:
        """A service of the package, such as ``RunServiceApi``."""
        return getattr(self._api, name)(self._client)

    def model(self, name: str, **fields: Any) -> Any:
        """An object of the package's type; fields that are None are left out."""
        return getattr(self._api, name)(**fields)

    def call(
        self,
        method: Callable[..., Any],
        *arguments: Any,
        where: str,
        once: bool = False,
        **query: Any,
    ) -> Json:
        """The answer to a call.

        Args:
            method: of a service.
            where: what is asked for, in words.
            once: whether carrying it out twice does harm, so that it is repeated only where the
                backend is sure not to have begun.

        Raises:
            Missing: 404.
            Exists: 409.
            Unclear: no answer to a call that may have been carried out, and must not be twice.
            BadInput: the backend refuses.
            Unavailable: no answer in time.
        """
        given = {name: value for name, value in query.items() if value not in (None, "")}
        retrying = Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, Temporary) and (error.before or not once)
            ),
            stop=stop_before_delay(self._retry_seconds),
            wait=_wait,
            reraise=True,
        )
        try:
            return retrying(self._ask, method, arguments, given, where)
        except Temporary as error:
            if once and not error.before:
                raise Unclear(
                    f"the answer was lost ({error}), and it may have been done",
                    where=f"{self.endpoint}: {where}",
                ) from None
            raise Unavailable(
                f"Kubeflow Pipelines does not answer ({error})",
                where=f"{self.endpoint}: {where}",
            ) from None

    def made(
        self, method: Callable[..., Any], body: Any, *, where: str, of: str = "", once: bool = True
    ) -> Json:
        """The answer to a call that makes or changes something of what must be there.

        Args:
            of: what must be there, in words; else what is asked for itself.

        Raises:
            Unclear: no answer to a call that must not be carried out twice.
            BadInput: what must be there is not, or the backend refuses.
            Unavailable: no answer in time.
        """
        try:
            return self.call(method, body, where=where, once=once)
        except Missing as error:
            raise BadInput(
                f"{of or 'it'} is not there ({error})", where=f"{self.endpoint}: {where}"
            ) from None

    def pages(
        self,
        method: Callable[..., Any],
        *arguments: Any,
        items: str,
        where: str,
        size: int = PAGE,
        **query: Any,
    ) -> Iterator[Json]:
        """The objects of all pages of a list.

        Args:
            items: field of the answer that holds them.
            size: of a page.

        Raises:
            BadInput: the backend refuses.
            Unavailable: no answer in time.
        """
        token = ""
        while True:
            answer = self.call(
                method, *arguments, where=where, page_size=size, page_token=token, **query
            )
            yield from answer.get(items) or ()
            token = answer.get("next_page_token", "")
            if not token:
                return

    def _ask(
        self, method: Callable[..., Any], arguments: tuple[Any, ...], query: Json, where: str
    ) -> Json:
        import urllib3

        self._client.default_headers.update(self.credentials.headers())
        try:
            response = method(
                *arguments, **query, _preload_content=False, _request_timeout=_SECONDS
            )
            status, retry_after, body = response.status, None, response.data
        except self._api.ApiException as error:
            status, retry_after = error.status, (error.headers or {}).get("Retry-After")
            body = error.body.encode() if isinstance(error.body, str) else error.body or b""
        except AttributeError as error:  # the package trips over a TLS error that it has caught
            if not isinstance(error.__context__, self._api.ApiException):
                raise
            raise self._insecure(str(error.__context__.reason)) from None
        except urllib3.exceptions.HTTPError as error:
            before = isinstance(
                error,
                (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError),
            )
            raise Temporary(_told(error), before=before) from None
        value = _object(body) if 200 <= status < 300 else None
        if value is None:
            raise error_of(status, retry_after, body, where=where, means=self.credentials.means)
        return value

    def _insecure(self, reason: str) -> Exception:
        if "CERTIFICATE_VERIFY_FAILED" not in reason:
            return Temporary(" ".join(reason.split()))
        return BadInput(
            "its certificate is not trusted",
            where=self.endpoint,
            fix=f"name a file of the authorities that are, in {CERTIFICATES[0]}",
        )


def or_none(ask: Callable[[], T]) -> T | None:
    """What is asked for, or None where it is not there."""
    try:
        return ask()
    except Missing:
        return None


def _object(body: bytes) -> Json | None:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _wait(state: RetryCallState) -> float:
    """What the server asks for, else growing pauses."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.seconds if isinstance(error, Temporary) else None
    return _BACKOFF(state) if asked is None else asked


def _told(error: Exception) -> str:
    """An error in one line, without headers or addresses of objects in memory."""
    text = str(getattr(error, "reason", None) or error)
    return f"{type(error).__name__}: {' '.join((text.rpartition('>: ')[2] or text).split())}"
