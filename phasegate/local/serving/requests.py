"""A table as requests: each row's features, its id, its entity and its own event time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.project.tables import lay_out
from phasegate.traffic.cohorts import cohort_of
from phasegate.traffic.headers import COHORT, ENTITY, EVENT_ID, EVENT_TIME, REQUEST_ID

if TYPE_CHECKING:
    import duckdb

_BATCH_ROWS = 2_000


@dataclass(frozen=True)
class Columns:
    """Which columns of a table say what; empty where none does.

    Attributes:
        time: event time: a timestamp, or microseconds since 1970.
        entity: what cohorts stick to.
        key: different in every row; names the request.
    """

    time: str = ""
    entity: str = ""
    key: str = ""


FEATURE_SET = Columns("_time", "_entity", "_row")
"""The columns of a feature set, as `featurize` writes it."""


@dataclass(frozen=True)
class Request:
    """One row to be sent: a v1 body, and its headers."""

    body: bytes
    headers: dict[str, str]


class RequestTable:
    """The rows of a CSV or Parquet table, in event-time order.

    Args:
        path: file, folder or glob.
        inputs: columns that the model asks for.
        columns: what other columns mean; those of a feature set are found by themselves.
        limit: rows sent at most; 0 is all.
        prefix: before each request's id.

    Raises:
        BadInput: no such table, or a column is not in it.
    """

    def __init__(
        self, path: Path, inputs: list[str], columns: Columns, *, limit: int, prefix: str
    ) -> None:
        import duckdb

        self._connection = duckdb.connect()
        layout = lay_out(self._connection, [path])
        source = self._connection.sql(f"SELECT * FROM {layout.relation(())}")
        self._columns = _resolve(columns, source.columns, str(path))
        if absent := [name for name in inputs if name not in source.columns]:
            raise BadInput(
                f"has no column {', '.join(repr(name) for name in absent[:5])}",
                where=str(path),
                expected=f"the inputs of the model: {', '.join(inputs[:8])}, ...",
                fix="send the feature set of a run; `phasegate show` says where it is",
            )
        self._inputs, self._prefix = inputs, prefix
        self._relation = _select(source, inputs, self._columns, limit)
        self.rows: int = self._relation.count("*").fetchall()[0][0]

    def __iter__(self) -> Iterator[Request]:
        rows = iter(self._relation.to_arrow_reader(_BATCH_ROWS))
        at = 0
        for batch in rows:
            for row in batch.to_pylist():
                yield self._request(row, at)
                at += 1

    def _request(self, row: dict[str, Any], at: int) -> Request:
        headers = {"content-type": "application/json"}
        key = row["__key"] if self._columns.key else at
        headers[REQUEST_ID] = f"{self._prefix}{key}"
        if self._columns.key:
            headers[EVENT_ID] = str(key)
        if self._columns.time and row["__time"] is not None:
            headers[EVENT_TIME] = str(_moment(row["__time"]))
        if self._columns.entity and row["__entity"] is not None:
            headers[ENTITY] = str(row["__entity"])
            headers[COHORT] = cohort_of(headers[ENTITY])
        instance = {name: _plain(row[name]) for name in self._inputs}
        body = json.dumps({"instances": [instance]}, default=_as_json)
        return Request(body.encode(), headers)


def _resolve(columns: Columns, present: list[str], where: str) -> Columns:
    found = {}
    for role in ("time", "entity", "key"):
        asked, usual = getattr(columns, role), getattr(FEATURE_SET, role)
        if asked and asked not in present:
            raise BadInput(
                f"has no column '{asked}'",
                where=where,
                expected=f"one of {', '.join(present[:20])}",
            )
        found[role] = asked or (usual if usual in present else "")
    return Columns(**found)


def _select(
    source: duckdb.DuckDBPyRelation, inputs: list[str], columns: Columns, limit: int
) -> duckdb.DuckDBPyRelation:
    wanted = [_quoted(name) for name in inputs]
    for role in ("time", "entity", "key"):
        if name := getattr(columns, role):
            wanted.append(f"{_quoted(name)} AS __{role}")
    chosen = source.project(", ".join(wanted))
    if columns.time:
        chosen = chosen.order(f"__time{', __key' if columns.key else ''}")
    return chosen.limit(limit) if limit else chosen


def _moment(value: Any) -> int:
    if isinstance(value, datetime):
        return microseconds(value if value.tzinfo else value.replace(tzinfo=UTC))
    return int(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _moment(value)
    return None if isinstance(value, float) and math.isnan(value) else value


def _as_json(value: Any) -> float | str:
    """A value that JSON has no type for: a decimal is a number; times and the rest are text."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
