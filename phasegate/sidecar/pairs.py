"""Two halves, one record: what is kept of an event, of a pair, and what is logged of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import ormsgpack
from numpy.typing import NDArray

from phasegate.prediction_log.record import Prediction, Source
from phasegate.sidecar.answers import Answers
from phasegate.sidecar.cloud_events import Event
from phasegate.sidecar.rows import Column

NO_RESPONSE = "no_response"  # the logger sends only answers of status 200
UNEQUAL_ROWS = "unequal_rows"


def pack(event: Event) -> bytes:
    """The payload of one half, until the other comes."""
    envelope, content = event.envelope, event.content
    if isinstance(content, Answers):
        return ormsgpack.packb([envelope.event_time, content.scores, content.decisions])
    return ormsgpack.packb(
        [
            envelope.request_id, envelope.event_time, envelope.entity, envelope.role,
            content.count, content.columns,
        ]
    )  # fmt: skip


def join(request: bytes, response: bytes | None) -> bytes:
    """The payload of a `Record`.

    Args:
        request: payload of the request's half.
        response: payload of the response's, or None when there was none.
    """
    request_id, asked, entity, role, count, columns = ormsgpack.unpackb(request)
    answered, scores, decisions = ormsgpack.unpackb(response) if response else (asked, b"", b"")
    head = [request_id, asked, entity, role, max(0, answered - asked)]
    if response is None or len(decisions) != count:
        error = NO_RESPONSE if response is None else UNEQUAL_ROWS
        return ormsgpack.packb([*head, error, {}, b"", b""])
    return ormsgpack.packb([*head, None, columns, scores, decisions])


@dataclass(frozen=True, slots=True)
class Record:
    """A `Prediction` whose columns have names, because its source is not known yet.

    Attributes:
        columns: as in `Rows`; none for a failure.
    """

    request_id: str
    event_time: int
    entity: str | None
    role: str
    latency: int
    error: str | None
    columns: dict[str, Column]
    scores: bytes
    decisions: bytes

    @classmethod
    def unpack(cls, payload: bytes) -> Record:
        """The record that `join` packed."""
        return cls(*ormsgpack.unpackb(payload))

    @property
    def rows(self) -> int:
        """Rows answered; 0 for a failure."""
        return len(self.decisions)

    def prediction(self, source: Source) -> Prediction:
        """The record as one of a source.

        A feature that it lacks is missing in all its rows; a number of a feature that has become
        text is written as text.
        """
        numeric, categories = b"", []
        if self.rows:
            columns = [_numbers(self.columns.get(name), self.rows) for name in source.numeric]
            numeric = np.array(columns, "<f8").T.tobytes()
            categories = [_texts(self.columns.get(name), self.rows) for name in source.text]
        return Prediction(
            self.request_id, self.event_time, self.entity, self.role, self.latency, self.error,
            numeric, categories, self.scores, self.decisions,
        )  # fmt: skip


def _numbers(column: Column, rows: int) -> NDArray[np.float64]:
    return np.full(rows, np.nan) if column is None else np.frombuffer(column, "<f8")


def _texts(column: Column, rows: int) -> list[str | None]:
    if column is None:
        return [None] * rows
    if isinstance(column, bytes):
        numbers = np.frombuffer(column, "<f8").tolist()
        return [None if math.isnan(number) else f"{number:.17g}" for number in numbers]
    return column
