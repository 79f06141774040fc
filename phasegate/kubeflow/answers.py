"""What the backend's refusals mean, in words and as errors. Pure."""

from __future__ import annotations

import json
import re

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow.credentials import MEANS

_LONGEST = 400  # characters of somebody else's message
_TEMPORARY = (429, 500, 502, 503, 504)


class Exists(BadInput):
    """There is one of this name already."""


class Unclear(Unavailable):
    """The answer was lost: what was asked for may have been done."""


class Missing(Exception):
    """It is not there (404)."""


class Temporary(Exception):
    """The backend may answer when it is asked again.

    Attributes:
        seconds: that it asks to wait; None where it does not say.
        before: whether it is sure that nothing was done.
    """

    def __init__(self, message: str, *, seconds: float | None = None, before: bool = False) -> None:
        super().__init__(message)
        self.seconds, self.before = seconds, before


def error_of(
    status: int, retry_after: str | None, body: bytes, *, where: str, means: str
) -> Exception:
    """The error that an answer is.

    Args:
        status: HTTP status; below 400 where it should have been an object, and is not.
        retry_after: the header of that name.
        body: of the answer.
        where: what was asked for.
        means: of authentication, in words.
    """
    said = message_of(body)
    status = _meant(status, said)
    if status in _TEMPORARY and not _is_refusal(said):
        return Temporary(
            f"it answers {status}: {said}", seconds=_seconds(retry_after), before=status == 429
        )
    if status == 404:
        return Missing(said)
    if status == 409:
        return Exists("there is one of this name already", where=where)
    if status == 401 or status < 400:
        return BadInput(
            f"the backend does not accept {means}"
            + ("" if status == 401 else " and shows a sign-in page"),
            where=where,
            fix=f"renew it, or give another: {MEANS}",
        )
    if status == 403:
        return BadInput(
            f"this is not allowed to {means} ({said})",
            where=where,
            fix="ask for the role kubeflow-edit in the namespace, or name another by --namespace",
        )
    return BadInput(f"the backend refuses this: {said}", where=where)


def message_of(body: bytes) -> str:
    """The message in an answer, in one line."""
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        text = re.sub(r"<[^>]*>", " ", text)
    else:
        if isinstance(value, dict):
            text = str(value.get("message") or value.get("error_message") or value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _meant(status: int, said: str) -> int:
    """The status that an answer should have had: uploads answer 400 to whoever may not."""
    if status != 400:
        return status
    if "authentication failed" in said or "Unauthenticated" in said:
        return 401
    denied = ("permission to create", "PermissionDenied", "Authorization Failure", "not authorized")
    return 403 if any(words in said for words in denied) else status


def _is_refusal(said: str) -> bool:
    """Whether a 500 is the request's fault: some of the backend's checks are answered so."""
    return "Invalid input error" in said or "InvalidInputError" in said


def _seconds(header: str | None) -> float | None:
    try:
        return max(float(header or ""), 0.0)
    except ValueError:
        return None
