"""One record for each request, and the source that the records of a segment share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import ormsgpack

from phasegate.errors import BadInput

ROLES = ("champion", "challenger", "shadow")
DAY_MICROSECONDS = 86_400_000_000

# The first microsecond of year 1 and the first after year 9999: what a calendar date can say.
EARLIEST = -62_135_596_800_000_000
LATEST = 253_402_300_800_000_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NONE = type(None)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one request asked and was answered.

    Args:
        request_id: the same in the champion's record and in its shadow's.
        event_time: microseconds since the epoch, UTC.
        entity: the key that cohorts stick to.
        role: champion, challenger or shadow.
        latency: microseconds in the server.
        error: kind of failure; then there are no rows.
        numeric: float64 little-endian, [rows, numeric columns] row-major; NaN is missing.
        categories: one list of [rows] for each text column; None is missing.
        scores: float64 little-endian, [rows].
        decisions: int8, [rows].
    """

    request_id: str
    event_time: int
    entity: str | None
    role: str
    latency: int
    error: str | None
    numeric: bytes = b""
    categories: list[list[str | None]] = field(default_factory=list)
    scores: bytes = b""
    decisions: bytes = b""

    @property
    def rows(self) -> int:
        """Rows answered; 0 for a failure."""
        return len(self.decisions)


@dataclass(frozen=True)
class Source:
    """What all records of a segment share.

    Args:
        model: name that the model is served under.
        model_digest: hex sha256 of the model.
        project_version: for example ``card-fraud/3``.
        numeric: names, in the order of `Prediction.numeric`.
        text: names, in the order of `Prediction.categories`.
        writer: unique id of the writing process; its segments' names begin with it.

    Raises:
        BadInput: a name that cannot be part of a file's name, a digest that is not a sha256, no
            columns, or columns without a name of their own.
    """

    model: str
    model_digest: str
    project_version: str
    numeric: tuple[str, ...]
    text: tuple[str, ...]
    writer: str

    def __post_init__(self) -> None:
        for what in ("model", "writer"):
            if not _NAME.fullmatch(getattr(self, what)):
                raise BadInput(
                    f"{what} {getattr(self, what)!r} cannot be part of a file's name",
                    expected="letters, digits, '.', '_' and '-', a letter or digit first",
                )
        if not _DIGEST.fullmatch(self.model_digest):
            raise BadInput(
                f"model digest {self.model_digest!r} is not a sha256",
                expected="64 lower-case hex digits",
            )
        columns = self.numeric + self.text
        if not all(columns) or not columns:
            raise BadInput("a column without a name, or none at all", expected="columns to log")
        if repeated := sorted({name for name in columns if columns.count(name) > 1}):
            raise BadInput(f"column {repeated[0]!r} is logged twice", expected="distinct names")


def encode(prediction: Prediction, source: Source) -> bytes:
    """The payload of a record.

    Raises:
        BadInput: the record does not fit its source, or a text is not valid Unicode.
    """
    fields = [
        prediction.request_id,
        prediction.event_time,
        prediction.entity,
        prediction.role,
        prediction.latency,
        prediction.error,
        prediction.numeric,
        prediction.categories,
        prediction.scores,
        prediction.decisions,
    ]
    if wrong := _mismatch(fields, source):
        raise BadInput(wrong, where=_where(fields))
    try:
        return ormsgpack.packb(fields)
    except ormsgpack.MsgpackEncodeError as error:
        raise BadInput(f"a value cannot be logged ({error})", where=_where(fields)) from error


def decode(payload: bytes | memoryview, source: Source) -> Prediction:
    """The record of a payload.

    Raises:
        BadInput: the payload is not a record of this source.
    """
    fields = _unpack(payload)
    if wrong := _mismatch(fields, source):
        raise BadInput(wrong, where=_where(fields), fix=_FIX)
    return Prediction(*fields)


def encode_source(source: Source) -> bytes:
    """The payload of a segment's first record."""
    return ormsgpack.packb(
        [
            source.model,
            source.model_digest,
            source.project_version,
            list(source.numeric),
            list(source.text),
            source.writer,
        ]
    )


def decode_source(payload: bytes | memoryview) -> Source:
    """The source of a segment's first payload.

    Raises:
        BadInput: the payload is not a source.
    """
    fields = _unpack(payload)
    if list(map(type, fields)) != [str, str, str, list, list, str] or not (
        _are(fields[3] + fields[4], {str})
    ):
        raise BadInput("the first record of a segment does not say its source", fix=_FIX)
    model, digest, version, numeric, text, writer = fields
    return Source(model, digest, version, tuple(numeric), tuple(text), writer)


_FIX = "Read the log with the version of phasegate that wrote it"
_TEXT = {str, _NONE}
_TYPES = set(product({str}, {int}, _TEXT, {str}, {int}, _TEXT, {bytes}, {list}, {bytes}, {bytes}))


def _unpack(payload: bytes | memoryview) -> list[Any]:
    try:
        fields = ormsgpack.unpackb(payload)
    except ormsgpack.MsgpackDecodeError as error:
        raise BadInput(f"a record of the prediction log is damaged ({error})") from error
    return fields if isinstance(fields, list) else []


def _mismatch(fields: list[Any], source: Source) -> str | None:
    """How the fields of a record differ from what its source says, or None."""
    types = tuple(map(type, fields))
    if types not in _TYPES:
        return f"fields of the types {', '.join(one.__name__ for one in types) or 'none'}"
    request_id, event_time, _, role, latency, error, numeric, categories, scores, decisions = fields
    rows = len(decisions)
    if error is not None and (rows or numeric or any(categories)):
        return "a failed request has rows; expected none"
    if len(scores) != 8 * rows:
        return f"{len(scores)} bytes of scores; expected 8 for each of {rows} rows"
    if len(numeric) != 8 * rows * len(source.numeric):
        return (
            f"{len(numeric)} bytes of numeric features; expected 8 for each of {rows} rows and"
            f" {len(source.numeric)} columns"
        )
    if len(categories) != len(source.text) and (rows or categories):
        return f"{len(categories)} text columns; expected {len(source.text)}"
    for values in categories:
        if type(values) is not list or len(values) != rows or not _are(values, _TEXT):
            return f"a text column is not a list of {rows} texts"
    if role not in ROLES:
        return f"role {role!r}; expected one of {', '.join(ROLES)}"
    if not EARLIEST <= event_time < LATEST:
        return f"event time {event_time}; expected microseconds of the years 1 to 9999"
    if not request_id:
        return "the request id is empty"
    return None if latency >= 0 else f"latency {latency} is negative"


def _are(values: Iterable[Any], types: set[type]) -> bool:
    return types.issuperset(map(type, values))


def _where(fields: list[Any]) -> str:
    return f"record of request {fields[0]!r}" if fields else "record"
