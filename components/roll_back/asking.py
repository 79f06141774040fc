"""What only its owner can take back is asked for by a CloudEvent."""

from __future__ import annotations

import http.client
import json
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from phasegate.digests import canonical_json
from phasegate.errors import BadInput, Unavailable
from phasegate.monitoring.retraining.entry import Entry
from phasegate.store.named import NamedFiles
from phasegate.values import to_json

EVENT_TYPE = "dev.phasegate.rollback.requested"
_SECONDS = 10.0


def check_sink(sink: str) -> str:
    """The address of a sink of CloudEvents, or nothing.

    Raises:
        BadInput: it is no http address.
    """
    parts = urlsplit(sink)
    if sink and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise BadInput(
            f"'{sink}' is no address", where="roll_back: sink", expected="http://HOST/PATH"
        )
    return sink


def requested(asked: Entry, now: datetime) -> dict[str, Any]:
    """The event, CloudEvents 1.0 in structured JSON; the same for the same entry.

    Args:
        asked: the journal's entry that asks for a rollback.
        now: event time.
    """
    event = asked.event
    return {
        "specversion": "1.0",
        "type": EVENT_TYPE,
        "source": f"/phasegate/monitoring/{asked.model}",
        "id": f"rollback-{asked.hash[:32]}",
        "subject": asked.model,
        "time": min(event.at, now).isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "model": asked.model,
            "entry": asked.sequence,
            "change": to_json(event.change),
            "reason": event.reason,
        },
    }


def ask(store: NamedFiles, model: str, event: dict[str, Any], sink: str, scratch: Path) -> None:
    """Keep an event among the alerts, then post it; again where it was not accepted.

    Who takes it tells repetitions by its id.

    Raises:
        Unavailable: store or sink did not answer.
    """
    content = canonical_json(event)
    draft = scratch / "event.json"
    draft.write_bytes(content)
    store.create(f"monitoring/{model}/alerts/{event['id']}.json", draft)
    if not sink:
        return
    request = urllib.request.Request(
        sink, content, {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):
            pass  # urllib raises what is not 2xx, after redirects
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            f"it did not take the event {json.dumps(event['id'])} ({error})", where=sink
        ) from None
