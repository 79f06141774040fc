"""CloudEvents as KServe's payload logger sends them."""

from __future__ import annotations

import json
from typing import Any

from phasegate.serving.limits import Limits
from phasegate.sidecar.cloud_events import REQUEST, RESPONSE, Event, read_event
from phasegate.sidecar.services import Services

Headers = dict[str, str]


def headers(kind: str, event_id: str, **changed: str | None) -> Headers:
    """Headers of one event; ``ce_id`` is ``ce-id``, and None leaves a header out."""
    found: dict[str, str | None] = {
        "ce-specversion": "1.0",
        "ce-type": kind,
        "ce-id": event_id,
        "ce-source": "iris-predictor-7d9f",
        "ce-time": "2026-03-01T12:00:00.000250999Z"
        if kind == REQUEST
        else "2026-03-01T12:00:00.0017Z",
        "ce-recordedtime": "2026-03-01T12:00:01Z",
        "ce-inferenceservicename": "iris",
        "ce-namespace": "default",
        "ce-component": "predictor",
        "ce-endpoint": "default",
        "ce-metadata": "{}",
        "content-type": "application/json",
    }
    found |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in found.items() if value is not None}


def request(event_id: str, instances: Any = None, **changed: str | None) -> tuple[Headers, bytes]:
    """A request's event: v1 instances."""
    rows = [{"amount": 12.5, "category": "food"}] if instances is None else instances
    return headers(REQUEST, event_id, **changed), json.dumps({"instances": rows}).encode()


def response(
    event_id: str, predictions: Any = None, **changed: str | None
) -> tuple[Headers, bytes]:
    """A response's event: v1 predictions."""
    rows = [0.75] if predictions is None else predictions
    return headers(RESPONSE, event_id, **changed), json.dumps({"predictions": rows}).encode()


def read(
    event: tuple[Headers, bytes],
    services: Services | None = None,
    role: str = "champion",
    limits: Limits | None = None,
) -> Event:
    """The event that the sidecar makes of these headers and this body."""
    raw = [(name.encode(), value.encode()) for name, value in event[0].items()]
    return read_event(raw, event[1], services or Services(), role, limits or Limits())
