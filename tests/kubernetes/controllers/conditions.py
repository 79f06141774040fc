"""Conditions and the writing of statuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.kubernetes.client import Client
from tests.kubernetes.paths import kind_of, path_of

Object = dict[str, Any]

MODEL = "phasegate.dev/model-digest"


def now() -> str:
    """The time as objects carry it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(kind: str, status: bool | None, reason: str = "", message: str = "") -> Object:
    """A condition; None is Unknown."""
    said = {None: "Unknown", True: "True", False: "False"}[status]
    return {"type": kind, "status": said, "reason": reason, "message": message}


def kept(
    new: Iterable[Mapping[str, Any]], old: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Conditions with the times at which they last changed."""
    before = {one["type"]: one for one in old}
    result = []
    for one in new:
        known = before.get(one["type"])
        same = known is not None and known["status"] == one["status"]
        time = (known or {}).get("lastTransitionTime", now()) if same else now()
        result.append({**one, "lastTransitionTime": time})
    return result


def is_true(conditions: Iterable[Mapping[str, Any]], kind: str) -> bool | None:
    """A condition's status; None where it is Unknown or missing."""
    found = {one["type"]: one["status"] for one in conditions}.get(kind)
    return {"True": True, "False": False}.get(found or "")


def set_status(client: Client, value: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Replace an object's status if it differs; False where somebody else was faster."""
    if value.get("status") == status:
        return True
    metadata = value["metadata"]
    path = path_of(kind_of(value), metadata["namespace"], metadata["name"], "status")
    answer = client.ask("PUT", path, {**value, "status": status}, agent="controllers")
    assert answer.status in (200, 404, 409), answer.text
    return answer.status == 200


def put(client: Client, value: Mapping[str, Any], manager: str) -> Object:
    """Apply an object that a controller owns."""
    return client.apply(value, manager, force=True).ok()


def fingerprint(value: Any) -> str:
    """Ten characters that change with a value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10]
