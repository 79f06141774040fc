"""What the API server's refusals mean, in words and as errors. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.kinds import Kind

_LONGEST = 600  # characters of somebody else's message
_OWNER = re.compile(r'conflict with "([^"]*)"')
_TEMPORARY = (429, 500, 502, 503, 504)
_UNTYPED = "failed to create typed patch object"  # a 500 that is the manifest's fault


class Stale(Unavailable):
    """The object changed since it was read: read it again."""


class Owned(BadInput):
    """Fields belong to other field managers.

    Attributes:
        owners: their names.
    """

    def __init__(self, what: str, *, owners: tuple[str, ...] = (), **more: str | None) -> None:
        self.owners = owners
        super().__init__(what, **more)


class Temporary(Exception):
    """The server may answer when it is asked again.

    Attributes:
        seconds: that it asks to wait; None where it does not say.
    """

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Gone(Exception):
    """A watch's starting point is no longer known (410): list again."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked for.

    Attributes:
        verb: as RBAC says it.
        name: empty for all objects of the kind.
    """

    verb: str
    kind: Kind
    namespace: str
    name: str = ""

    @property
    def where(self) -> str:
        """The object, for messages."""
        return f"{self.kind.name} {self.namespace}/{self.name}".rstrip("/")


class Missing(Exception):
    """The object is not there (404)."""


class KindMissing(Exception):
    """The server does not know the kind (404)."""


def error_of(call: Call, code: int, retry_after: str | None, body: bytes) -> Exception:
    """The error that an answer of 400 and above is."""
    status = _status(body)
    message = _message(status, body)
    if code in _TEMPORARY and _UNTYPED not in message:
        return Temporary(f"it answers {code}: {message}", _seconds(retry_after, status))
    if code == 404:
        return _missing(call, status)
    if code == 409:
        return _conflict(call, status, message)
    if code == 410:
        return Gone(message)
    if code == 401:
        return BadInput(
            "the cluster does not accept the credentials",
            where=call.where,
            fix="renew the kubeconfig's credentials, or mount the ServiceAccount's token",
        )
    if code == 403 and "cannot" in message and "denied the request" not in message:
        return BadInput(
            f"not allowed to {call.verb} {call.kind.resource} in namespace {call.namespace}"
            f" ({message})",
            where=call.where,
            fix=f"bind a Role with verb '{call.verb}' on '{call.kind.resource}' to the"
            " ServiceAccount that this runs as",
        )
    return BadInput(f"the cluster refuses this: {message}", where=call.where)


def kind_missing(call: Call, served: tuple[str, ...]) -> BadInput:
    """The message that a kind is not there, with what is served instead.

    Args:
        served: versions of its group that the cluster knows; empty where it knows none.
    """
    kind = call.kind
    if not served:
        what = f"the cluster has no {kind.group or 'core'} API"
    elif kind.version in served:
        what = f"the cluster's {kind.api_version} has no {kind.plural}"
    else:
        what = f"the cluster has {kind.group} {', '.join(served)} only"
    return BadInput(
        what,
        where=call.where,
        expected=f"{kind.name} in {kind.api_version}",
        fix=f"install the CustomResourceDefinition {kind.resource}, or a newer release of it",
    )


def _missing(call: Call, status: Mapping[str, Any]) -> Exception:
    details = status.get("details") or {}
    if not details.get("name"):
        return KindMissing()
    if details.get("kind") in ("namespaces", "Namespace"):
        return BadInput("there is no such namespace", where=call.where, fix="create it")
    return Missing()


def _conflict(call: Call, status: Mapping[str, Any], message: str) -> Exception:
    causes = (status.get("details") or {}).get("causes") or []
    texts = [
        str(cause.get("message", ""))
        for cause in causes
        if cause.get("reason") == "FieldManagerConflict"
    ]
    owners = tuple(dict.fromkeys(name for text in texts for name in _OWNER.findall(text)))
    owners = owners or tuple(dict.fromkeys(_OWNER.findall(message)))
    if not owners:
        return Stale(f"it changed meanwhile ({message})", where=call.where, fix="try again")
    fields = ", ".join(sorted({str(cause.get("field", "")) for cause in causes} - {""}))
    return Owned(
        f"{fields or 'fields'} belong to {', '.join(owners)}",
        owners=owners,
        where=call.where,
        expected="that only 'phasegate' writes them",
        fix="remove these fields from the manifest that the other one applies",
    )


def _status(body: bytes) -> Mapping[str, Any]:
    try:
        status = json.loads(body)
    except ValueError:
        return {}
    return status if isinstance(status, dict) and status.get("kind") == "Status" else {}


def _message(status: Mapping[str, Any], body: bytes) -> str:
    text = status.get("message") or body.decode("utf-8", "replace")
    text = " ".join(str(text).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _seconds(header: str | None, status: Mapping[str, Any]) -> float | None:
    for found in (header, (status.get("details") or {}).get("retryAfterSeconds")):
        try:
            return max(float(found), 0.0)
        except (TypeError, ValueError):
            continue
    return None
