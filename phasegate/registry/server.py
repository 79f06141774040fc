"""The MLflow server: where it is, waiting until it answers, and what its errors mean."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests.exceptions import RequestException
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from phasegate.errors import BadInput, Unavailable
from phasegate.patience import patience
from phasegate.registry.address import ADDRESS, STARTING

_GATEWAY_ERRORS = (502, 503, 504)

# MLflow's defaults, 7 retries and 120 seconds for each request, suit rate limits and not a server
# that is gone: a step must end while someone is still watching.
_BOUNDS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def connect() -> MlflowClient:
    """A client of the server at ``MLFLOW_TRACKING_URI``, which has answered once.

    Raises:
        BadInput: when the address is not set, or is not http(s).
        Unavailable: when the server does not answer within ``PHASEGATE_RETRY_SECONDS`` (30), or
            the ``PHASEGATE_TRACKING_START_SECONDS`` that one still starting is given.
    """
    address = os.environ.get(ADDRESS, "")
    if not address.startswith(("http://", "https://")):
        raise BadInput(
            f"'{address}' is not the address of an MLflow server" if address else "not set",
            where=ADDRESS,
            expected="the http(s) address of an MLflow tracking server",
            fix=f"export {ADDRESS}=http://HOST:PORT, or let `phasegate run` start a server",
        )
    seconds = max(patience(), float(os.environ.get(STARTING, "0")))
    await_answer(address, seconds)
    for name, value in _BOUNDS.items():
        os.environ.setdefault(name, value)
    return MlflowClient(tracking_uri=address, registry_uri=address)


def await_answer(address: str, seconds: float) -> None:
    """Return as soon as the server gives any answer of its own; retry with growing pauses.

    Raises:
        Unavailable: when it has not answered after about ``seconds``.
    """
    retrying = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_exponential(multiplier=0.2, max=5),
        retry=retry_if_exception_type(OSError),
        reraise=True,
    )
    try:
        retrying(_knock, address, timeout=max(1.0, min(10.0, seconds)))
    except OSError as error:
        raise _unavailable(address, str(error)) from None


def _knock(address: str, timeout: float) -> None:
    try:
        urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=timeout).close()
    except urllib.error.HTTPError as error:
        # Any other status is the server's own word (a login page, say): it is there.
        if error.code in _GATEWAY_ERRORS:
            raise


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say in one message what a failed call to the server means.

    Raises:
        Unavailable: when the server went away, or fails by itself.
        BadInput: when it refuses the caller.
    """
    address = os.environ.get(ADDRESS, "")
    try:
        yield
    except RequestException as error:
        raise _unavailable(address, str(error)) from error
    except MlflowException as error:
        if error.error_code in ("PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"):
            raise BadInput(
                f"the MLflow server refuses this user: {error.message}",
                where=address,
                fix="set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD",
            ) from error
        if error.error_code in ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE"):
            raise _unavailable(address, error.message) from error
        raise


def _unavailable(address: str, reason: str) -> Unavailable:
    return Unavailable(
        f"the MLflow server does not answer ({reason[:300]})",
        where=address,
        fix=f"start it, or correct {ADDRESS}, and run again",
    )
