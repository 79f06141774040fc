"""What becomes of the errors that google-cloud-storage raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from phasegate.errors import BadInput, Unavailable


@contextmanager
def answers(where: str, seconds: float) -> Iterator[None]:
    """Turn what the client raises into the two endings that a user can act on.

    Args:
        where: address of the bucket.
        seconds: that it was given to answer.
    """
    import requests
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    try:
        yield
    except (api.Forbidden, api.Unauthorized, auth.DefaultCredentialsError) as error:
        raise BadInput(
            "access was refused",
            where=where,
            expected="credentials that may list objects, and read or create them",
            fix="Run 'gcloud auth application-default login' or grant the service account",
        ) from error
    except api.NotFound as error:
        raise BadInput(
            "no such bucket or object", where=where, fix="Create it or correct the address"
        ) from error
    except (
        api.RetryError,
        api.GoogleAPICallError,
        auth.GoogleAuthError,
        requests.RequestException,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise Unavailable(
            f"Cloud Storage did not answer within {seconds:g} s of tries ({_cause(error)})",
            where=where,
            fix="Check the network and the bucket's address, then run again",
        ) from error


def _cause(error: BaseException) -> str:
    """The innermost cause, in one short line: the client nests them deeply."""
    while True:
        inner = error.__cause__ or getattr(error, "cause", None) or error.__context__
        if not isinstance(inner, BaseException) or inner is error:
            break
        error = inner
    text = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {text}"[:160]
