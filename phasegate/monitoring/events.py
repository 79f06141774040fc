"""CloudEvents of monitoring: what only a person or another system can do is asked for by one."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from phasegate.digests import canonical_json
from phasegate.errors import BadInput, Unavailable
from phasegate.monitoring.retraining.decision import RetrainingDecision
from phasegate.monitoring.retraining.entry import Entry
from phasegate.store.named import NamedFiles
from phasegate.values import to_json

ROLLBACK_REQUESTED = "dev.phasegate.rollback.requested"
PERSON_ASKED = "dev.phasegate.person.asked"
TRAINING_DENIED = "dev.phasegate.training.denied"
_SECONDS = 10.0


def checked_sink(sink: str, where: str) -> str:
    """The address of a sink of CloudEvents, or nothing.

    Raises:
        BadInput: it is no http address.
    """
    parts = urlsplit(sink)
    if sink and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise BadInput(f"'{sink}' is no address", where=where, expected="http://HOST/PATH")
    return sink


def rollback_requested(asked: Entry) -> dict[str, Any]:
    """The event that asks for a change to be taken back; the same for the same entry.

    Args:
        asked: the journal's entry that asks for a rollback.
    """
    event = asked.event
    data = {"entry": asked.sequence, "change": to_json(event.change), "reason": event.reason}
    return _event(ROLLBACK_REQUESTED, asked.model, f"rollback-{asked.hash[:32]}", event.at, data)


def about(kind: str, model: str, decision: RetrainingDecision, reason: str) -> dict[str, Any]:
    """An event about a decision; the same for the same decision.

    Args:
        kind: type of the event.
        model: name of the model.
        reason: one sentence.
    """
    identity = f"{kind.rpartition('.')[2]}-{decision.digest[:32]}"
    data = {"reason": reason, "decision": decision.to_json()}
    return _event(kind, model, identity, decision.now, data)


def send(event: Mapping[str, Any], store: NamedFiles, model: str, sink: str, scratch: Path) -> None:
    """Keep an event among the alerts, then post it; again where it was not accepted.

    Who takes it tells repetitions by its id.

    Args:
        sink: http address; empty posts nothing.
        scratch: folder for a draft.

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
        raise Unavailable(f"it did not take event {event['id']} ({error})", where=sink) from None


def _event(
    kind: str, model: str, identity: str, at: datetime, data: Mapping[str, Any]
) -> dict[str, Any]:
    """CloudEvents 1.0, structured JSON."""
    return {
        "specversion": "1.0",
        "type": kind,
        "source": f"/phasegate/monitoring/{model}",
        "id": identity,
        "subject": model,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": {"model": model, **data},
    }
