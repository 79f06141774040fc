"""CloudEvents of KServe's payload logger, in HTTP's binary mode: attributes are headers.

The logger of an InferenceService sends one event for each request, and one for each answer of
status 200, under the same id. It neither waits nor tries again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from phasegate.errors import BadInput
from phasegate.serving.envelope import Envelope, read_envelope
from phasegate.serving.limits import Limits
from phasegate.sidecar.answers import Answers, read_answers
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.rows import Rows, read_rows
from phasegate.sidecar.services import CANARY, Services
from phasegate.traffic.headers import CLOUD_EVENT_ID, ENTITY, EVENT_TIME, ROLE

REQUEST = "org.kubeflow.serving.inference.request"
RESPONSE = "org.kubeflow.serving.inference.response"

_TIME, _TYPE, _METADATA = "ce-time", "ce-type", "ce-metadata"
_VERSION, _CONTENT_TYPE = "ce-specversion", "content-type"
_COMPONENT, _ENDPOINT = "ce-component", "ce-endpoint"
_SERVICE, _NAMESPACE = "ce-inferenceservicename", "ce-namespace"
_HEADERS = {
    CLOUD_EVENT_ID, _TIME, _TYPE, _METADATA, _VERSION, _CONTENT_TYPE,
    _COMPONENT, _ENDPOINT, _SERVICE, _NAMESPACE,
}  # fmt: skip

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# `curl -d` says form-urlencoded unless told, and KServe reads the body as JSON all the same.
_CONTENT_TYPES = ("", "application/json", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Event:
    """One half of a prediction.

    Attributes:
        service: key of the service; see `Services`.
        namespace: its namespace.
        envelope: id, time, entity and role.
        content: the rows that were asked, or the answers.
    """

    service: str
    namespace: str
    envelope: Envelope
    content: Rows | Answers


def read_event(
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    services: Services,
    role: str,
    limits: Limits,
) -> Event:
    """The event in a request's headers and body.

    Where the logger is set to pass on headers as ``metadata``, entity and role are taken from
    there; else a canary revision is the challenger.

    Args:
        headers: as they came, names in lower case.
        body: what the InferenceService was sent, or answered.
        services: what is known of the services.
        role: of revisions that are no canary.
        limits: bounds of the body.

    Raises:
        Refused: naming the header or the place in the body, and what was expected there.
    """
    attributes = _attributes(headers)
    if attributes.get(_VERSION) != "1.0":
        raise Refused(
            "content_type", "no CloudEvent in binary mode", where=_VERSION, expected="1.0",
            status=415,
        )  # fmt: skip
    _check_content_type(attributes.get(_CONTENT_TYPE, ""))
    kind = _one_of(attributes, _TYPE, (REQUEST, RESPONSE))
    _one_of(attributes, _COMPONENT, ("predictor", ""))
    endpoint = _one_of(attributes, _ENDPOINT, ("default", CANARY, ""))
    model = _name(attributes, _SERVICE)
    namespace = _name(attributes, _NAMESPACE)
    envelope = _envelope(attributes, "challenger" if endpoint == CANARY else role)
    service = f"{model}/{CANARY}" if endpoint == CANARY else model
    document = _document(body, limits)
    content = (
        read_rows(document, limits)
        if kind == REQUEST
        else read_answers(document, services.find(service), limits)
    )
    return Event(service, namespace, envelope, content)


def _attributes(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers that matter, each at most once."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.decode("latin-1")
        if key not in _HEADERS:
            continue
        if key in found:
            raise Refused("header", "the header came twice", where=key)
        try:
            found[key] = value.decode()
        except UnicodeDecodeError:
            raise Refused("header", "not UTF-8", where=key) from None
    return found


def _check_content_type(header: str) -> None:
    media = header.partition(";")[0].strip().lower()
    if media not in _CONTENT_TYPES:
        raise Refused(
            "content_type", f"{media[:60]!r}", where=_CONTENT_TYPE, expected="application/json",
            status=415,
        )  # fmt: skip


def _one_of(attributes: Mapping[str, str], header: str, allowed: tuple[str, ...]) -> str:
    value = attributes.get(header, "")
    if value not in allowed:
        raise Refused(
            "header",
            f"{value[:60]!r}" if value else "missing",
            where=header,
            expected=" or ".join(filter(None, allowed)),
        )
    return value


def _name(attributes: Mapping[str, str], header: str) -> str:
    value = attributes.get(header, "")
    if not _NAME.fullmatch(value):
        raise Refused(
            "header", f"{value[:60]!r}" if value else "missing", where=header,
            expected="a Kubernetes name: at most 63 lower-case letters, digits and '-'",
        )  # fmt: skip
    return value


def _envelope(attributes: Mapping[str, str], role: str) -> Envelope:
    """The same rules for ids, times, entities and roles as where we are the runtime."""
    logged = _logged_headers(attributes.get(_METADATA, ""))
    told = {name: logged[name] for name in (ENTITY, ROLE) if name in logged}
    for header in (CLOUD_EVENT_ID, _TIME):
        if not attributes.get(header):
            raise Refused("header", "missing", where=header)
    told |= {CLOUD_EVENT_ID: attributes[CLOUD_EVENT_ID], EVENT_TIME: attributes[_TIME]}
    try:
        return read_envelope(told, None, role, lambda: 0)
    except BadInput as error:
        where = {EVENT_TIME: _TIME, CLOUD_EVENT_ID: CLOUD_EVENT_ID}.get(
            error.where or "", _METADATA
        )
        raise Refused("header", error.what, where=where, expected=error.expected) from None


def _logged_headers(metadata: str) -> dict[str, str]:
    """Headers that the logger passed on as ``{"Name": ["value", ...]}``, in lower case."""
    if not metadata:
        return {}
    try:
        logged = orjson.loads(metadata)
    except orjson.JSONDecodeError:
        logged = None
    if not isinstance(logged, dict) or not all(
        isinstance(values, list) and values for values in logged.values()
    ):
        raise Refused(
            "header", "not a JSON object of lists", where=_METADATA, expected="logged headers"
        )
    return {name.lower(): str(values[0]) for name, values in logged.items()}


def _document(body: bytes, limits: Limits) -> dict[str, Any]:
    if len(body) > limits.body_bytes:
        raise too_large(limits)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused("body", f"not JSON: {error}", where="body") from None
    if not isinstance(document, dict):
        raise Refused(
            "body", f"a JSON {type(document).__name__}", where="body", expected="an object"
        )
    return document


def too_large(limits: Limits) -> Refused:
    """The refusal of a body that is larger than allowed."""
    return Refused(
        "size",
        "too large",
        where="body",
        expected=f"at most {limits.body_bytes:,} bytes",
        status=413,
    )
