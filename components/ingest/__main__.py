"""Entrypoint of `ingest`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from components.ingest.ingest import ingest
from phasegate.contracts import DataSnapshot, execution
from phasegate.errors import BadInput


def _now() -> datetime:
    """The clock, or ``PHASEGATE_NOW`` when the past is replayed."""
    text = os.environ.get("PHASEGATE_NOW")
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"'{text}' is not a time", where="PHASEGATE_NOW", expected="ISO 8601"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    with execution("ingest") as step:
        data = step.json("data")
        store = step.parameter("store")
        base = Path(step.parameter("base", "."))

        snapshot = ingest(
            data, store, step.path("snapshot"), now=_now(), base=base, progress=step.progress
        )

        step.write("snapshot", DataSnapshot(**snapshot.metadata()))
