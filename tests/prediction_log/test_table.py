"""Stored tables: each predicted row once, whatever came with it."""

from __future__ import annotations

import io
import math
import struct
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, schema, table
from tests.prediction_log.examples import DAY, NOON, SOURCE, failure, logs, prediction, predictions

DIGEST = "9" * 64
EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))


def naive(records: list[Prediction], source: Source) -> list[dict[str, Any]]:
    """The rows, made one by one."""
    rows = []
    for record in records:
        shared = {
            "request_id": record.request_id,
            "event_time": EPOCH + timedelta(0, 0, record.event_time),
            "entity": record.entity,
            "role": record.role,
            "model": source.model,
            "model_digest": source.model_digest,
            "project_version": source.project_version,
            "latency_us": record.latency,
            "error": record.error,
        }
        if record.error is not None:
            empty = {"row": 0, "score": None, "decision": None, "features": None}
            rows.append({**shared, **empty})
        width = len(source.numeric)
        for row in range(record.rows):
            numbers = struct.unpack_from(f"<{width}d", record.numeric, 8 * width * row)
            features: dict[str, Any] = {
                name: None if math.isnan(number) else number
                for name, number in zip(source.numeric, numbers, strict=True)
            }
            features |= {
                name: values[row]
                for name, values in zip(source.text, record.categories, strict=True)
            }
            score = struct.unpack_from("<d", record.scores, 8 * row)[0]
            decision = record.decisions[row]
            rows.append(
                {**shared, "row": row, "score": score, "decision": decision, "features": features}
            )
    return rows


def comparable(rows: list[dict[str, Any]]) -> list[str]:
    return [repr(sorted(row.items())) for row in rows]


@given(log=logs())
def test_a_table_has_what_a_loop_over_the_records_finds(
    log: tuple[Source, list[Prediction]],
) -> None:
    source, records = log
    made = table(records, source)
    made.validate(full=True)
    assert made.schema == schema(source)
    assert comparable(made.to_pylist()) == comparable(naive(records, source))


@settings(max_examples=40)
@given(log=logs())
def test_parquet_keeps_every_value(log: tuple[Source, list[Prediction]]) -> None:
    source, records = log
    made = table(records, source)
    data = parquet_bytes(made)
    assert data == parquet_bytes(table(records, source))
    read = pq.read_table(io.BytesIO(data))
    assert read.schema.equals(made.schema)
    assert comparable(read.to_pylist()) == comparable(made.to_pylist())


@given(records=st.lists(predictions(SOURCE), max_size=8))
def test_partitions_hold_each_row_under_its_date(records: list[Prediction]) -> None:
    made = table(records, SOURCE)
    parts = partitions(made, SOURCE, DIGEST)
    assert [name for name, _ in parts] == sorted({name for name, _ in parts})
    for name, part in parts:
        dates = {time.date().isoformat() for time in part["event_time"].to_pylist()}
        assert len(dates) == 1
        assert name == (
            f"predictions/fraud/date={dates.pop()}/model={SOURCE.model_digest[:12]}"
            f"/{DIGEST}.parquet"
        )
    found = [row for _, part in parts for row in part.to_pylist()]
    assert sorted(comparable(found)) == sorted(comparable(made.to_pylist()))


def test_midnight_belongs_to_the_new_day() -> None:
    midnight = NOON + DAY // 2
    records = [failure(0, event_time=midnight - 1), prediction(1, event_time=midnight)]
    parts = partitions(table(records, SOURCE), SOURCE, DIGEST)
    assert [part["request_id"].to_pylist() for _, part in parts] == [["request-0"], ["request-1"]]


def test_columns_come_in_the_order_that_is_documented() -> None:
    assert schema(SOURCE).names == [
        *("request_id", "row", "event_time", "entity", "role", "model", "model_digest"),
        *("project_version", "score", "decision", "latency_us", "error", "features"),
    ]
    names = [field.name for field in schema(SOURCE).field("features").type]
    assert names == ["amount", "mean_7d", "category"]
