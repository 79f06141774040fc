"""Rows of windows as they are kept on disk."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import orjson
import ormsgpack

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.monitoring.counting import EPOCH
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.profile import Profile
from phasegate.sidecar.drift.samples import Sample, from_bytes, to_bytes
from phasegate.sidecar.drift.windows import Kind, Part


def packed(part: Part) -> bytes:
    """Rows as bytes: counts as JSON, the sample in Arrow's stream format."""
    return ormsgpack.packb(
        [
            orjson.dumps(part.counts.to_json()),
            part.sample.hashes.tobytes(),
            to_bytes(part.sample.rows),
        ]
    )


def unpacked(content: bytes, profile: Profile) -> Part:
    """The rows of `packed`.

    Raises:
        BadInput: they are counted on another profile.
    """
    counts, hashes, rows = ormsgpack.unpackb(content)
    return Part(
        WindowCounts.from_json(orjson.loads(counts), profile, "windows of drift"),
        Sample(np.frombuffer(hashes, np.uint64), from_bytes(rows)),
    )


def stamp(time: datetime | None) -> int | None:
    """Microseconds since 1970."""
    return None if time is None else microseconds(time)


def moment(stamped: int) -> datetime:
    """The time of a stamp."""
    return EPOCH + timedelta(microseconds=stamped)


def kind_of(text: str) -> Kind:
    """The kind of window that was kept.

    Raises:
        BadInput: there is no such kind.
    """
    if text not in ("time", "rows"):
        raise BadInput(f"{text!r} is no kind of window", where="windows of drift")
    return text  # type: ignore[return-value]
