from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.serving.limits import Limits
from phasegate.sidecar.cloud_events import REQUEST
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.services import Services
from tests.sidecar.events import headers, read, request

DIGEST = "ab" * 32


def _floats(packed: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(packed) // 8}d", packed))


def _v2(kind: str, key: str, tensors: Any) -> tuple[dict[str, str], bytes]:
    return headers(kind, "a1"), json.dumps({key: tensors}).encode()


def test_a_request_tells_who_asked_whom_and_when() -> None:
    event = read(request("a1"))
    assert (event.service, event.namespace) == ("iris", "default")
    assert event.envelope.request_id == "a1"
    assert event.envelope.event_time == 1_772_366_400_000_250
    assert event.envelope.role == "champion"
    assert event.envelope.entity is None


def test_a_canary_is_a_service_of_its_own_and_the_challenger() -> None:
    event = read(request("a1", ce_endpoint="canary"))
    assert (event.service, event.envelope.role) == ("iris/canary", "challenger")


def test_entity_and_role_are_taken_from_headers_that_the_logger_passes_on() -> None:
    metadata = json.dumps({"X-Entity-Id": ["customer-7"], "X-Phasegate-Role": ["shadow"]})
    envelope = read(request("a1", ce_metadata=metadata)).envelope
    assert (envelope.entity, envelope.role) == ("customer-7", "shadow")


@pytest.mark.parametrize(
    ("changed", "reason", "where"),
    [
        ({"ce_specversion": None}, "content_type", "ce-specversion"),
        ({"ce_specversion": "0.3"}, "content_type", "ce-specversion"),
        ({"content_type": "application/cloudevents+json"}, "content_type", "content-type"),
        ({"content_type": "application/octet-stream"}, "content_type", "content-type"),
        ({"ce_type": "com.example.other"}, "header", "ce-type"),
        ({"ce_id": None}, "header", "ce-id"),
        ({"ce_id": "a b"}, "header", "ce-id"),
        ({"ce_id": "a\r\nx-evil: 1"}, "header", "ce-id"),
        ({"ce_id": "x" * 129}, "header", "ce-id"),
        ({"ce_time": None}, "header", "ce-time"),
        ({"ce_time": "yesterday"}, "header", "ce-time"),
        ({"ce_time": "9999-12-31T23:59:59Z"}, "header", "ce-time"),
        ({"ce_inferenceservicename": "../../etc"}, "header", "ce-inferenceservicename"),
        ({"ce_inferenceservicename": None}, "header", "ce-inferenceservicename"),
        ({"ce_namespace": "a/b"}, "header", "ce-namespace"),
        ({"ce_component": "transformer"}, "header", "ce-component"),
        ({"ce_endpoint": "green"}, "header", "ce-endpoint"),
        ({"ce_metadata": "[1]"}, "header", "ce-metadata"),
        ({"ce_metadata": '{"X-Phasegate-Role": ["king"]}'}, "header", "ce-metadata"),
        ({"ce_metadata": '{"X-Entity-Id": "customer-7"}'}, "header", "ce-metadata"),
    ],
)
def test_a_header_that_cannot_be_is_named(
    changed: dict[str, str | None], reason: str, where: str
) -> None:
    with pytest.raises(Refused, match=where) as caught:
        read(request("a1", **changed))
    assert caught.value.reason == reason
    assert caught.value.status == (415 if reason == "content_type" else 400)
    assert "\n" not in str(caught.value)
    assert "\r" not in str(caught.value)


def test_a_header_that_comes_twice_is_refused() -> None:
    from phasegate.sidecar.cloud_events import read_event

    found, body = request("a1")
    raw = [(name.encode(), value.encode()) for name, value in found.items()]
    with pytest.raises(Refused, match="ce-id: the header came twice"):
        read_event([*raw, (b"ce-id", b"a2")], body, Services(), "champion", Limits())


@given(
    st.dictionaries(
        st.sampled_from(sorted(headers(REQUEST, "a1"))), st.text(max_size=20), max_size=3
    )
)
def test_any_headers_are_either_read_or_refused_in_one_line(changed: dict[str, str]) -> None:
    found, body = request("a1")
    try:
        event = read((found | changed, body))
    except Refused as refused:
        assert str(refused).isprintable()
        return
    assert event.envelope.request_id.isascii()
