"""What a request says about itself, outside of its rows: id, event time, entity and role."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.prediction_log.record import ROLES
from phasegate.traffic.headers import (
    CLOUD_EVENT_ID,
    ENTITY,
    EVENT_ID,
    EVENT_TIME,
    REQUEST_ID,
    ROLE,
    SHADOW_HOST,
)

_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")
_LONGEST_ENTITY = 256
_EARLIEST, _LATEST = 0, 7_258_118_400_000_000  # 1970 to 2200, microseconds


@dataclass(frozen=True, slots=True)
class Envelope:
    """One request's circumstances.

    Attributes:
        request_id: the same for every model that gets a copy of the request.
        is_named: whether the id was given; another one cannot come twice.
        event_time: microseconds since 1970, UTC.
        entity: what cohorts stick to, such as a customer; None where not told.
        role: the part that the model plays for this request: champion, challenger or shadow. A
            gateway copies a request with the champion's headers; its host name tells them apart.
        event_id: what the event is known by where it is stored; the request's id if not told.
    """

    request_id: str
    is_named: bool
    event_time: int
    entity: str | None
    role: str
    event_id: str


def read_envelope(
    headers: Mapping[str, str], body_id: object, role: str, now: Callable[[], int]
) -> Envelope:
    """The envelope of a request.

    Args:
        headers: names in lower case.
        body_id: the id in a v2 body, if any; headers go before it, since a proxy sets those.
        role: the role where no header names one.
        now: the clock, microseconds, for requests without an event time.

    Raises:
        BadInput: naming the header, and what it may hold.
    """
    given = _given_id(headers, body_id)
    request_id = given or secrets.token_hex(16)
    event_id = _identifier(EVENT_ID, headers.get(EVENT_ID))
    return Envelope(
        request_id,
        given is not None,
        _event_time(headers[EVENT_TIME]) if EVENT_TIME in headers else now(),
        _entity(headers.get(ENTITY)),
        _role(headers, role),
        event_id or request_id,
    )


def _given_id(headers: Mapping[str, str], body_id: object) -> str | None:
    for where, found in (
        (REQUEST_ID, headers.get(REQUEST_ID)),
        (CLOUD_EVENT_ID, headers.get(CLOUD_EVENT_ID)),
        ("id", body_id),
    ):
        if identifier := _identifier(where, found):
            return identifier
    return None


def _identifier(where: str, found: object) -> str | None:
    if found is None or found == "":
        return None
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise BadInput(
            f"{str(found)[:40]!r} is not an id",
            where=where,
            expected="1 to 128 letters, digits or characters of ._:@/+=-",
        )
    return found


def _event_time(text: str) -> int:
    try:
        if text.isdecimal():
            moment = int(text)
        else:
            parsed = datetime.fromisoformat(text)
            if parsed.tzinfo is None:
                raise ValueError
            moment = microseconds(parsed)
        if not _EARLIEST <= moment < _LATEST:
            raise ValueError
    except (ValueError, OverflowError):
        raise BadInput(
            f"{text[:40]!r} is not a time",
            where=EVENT_TIME,
            expected="RFC 3339 with its zone, or microseconds since 1970, before the year 2200",
        ) from None
    return moment


def _entity(text: str | None) -> str | None:
    if text is None or text == "":
        return None
    if len(text) > _LONGEST_ENTITY or not text.isprintable():
        raise BadInput(
            f"{text[:40]!r} is not an entity",
            where=ENTITY,
            expected=f"at most {_LONGEST_ENTITY} printable characters",
        )
    return text


def _role(headers: Mapping[str, str], otherwise: str) -> str:
    text = headers.get(ROLE, otherwise)
    if text not in ROLES:
        raise BadInput(f"{text[:40]!r} is not a role", where=ROLE, expected=", ".join(ROLES))
    return "shadow" if _is_copy(headers.get("host", "")) else text


def _is_copy(host: str) -> bool:
    return SHADOW_HOST in host and host.partition(":")[0].endswith(SHADOW_HOST)
