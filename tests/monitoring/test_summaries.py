"""Summaries read as they were written, and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.monitoring.summaries import (
    MOST_BYTES,
    MOST_PANES,
    decode,
    decode_any,
    encode,
    log_name,
    summary_name,
)
from phasegate.monitoring.summary import Summary, summarize
from phasegate.monitoring.summed import read_window
from phasegate.prediction_log.table import parquet_bytes, table
from phasegate.sidecar.drift.rows import Rows
from phasegate.store.named import open_named
from tests.sidecar.drift.streams import DIGEST, MODEL, SOURCE, START, profile, records, values

PROFILE = profile(values(np.random.default_rng(0), 1_000))
SEGMENT, HOUR, DAY = "12" * 32, timedelta(hours=1), timedelta(days=1)
LOG = f"predictions/{MODEL}/date=2026-03-01/model={DIGEST[:12]}/{SEGMENT}.parquet"


def summary(rows: int = 40, since: datetime = START, segment: str = SEGMENT) -> Summary:
    columns = values(np.random.default_rng(rows), rows)
    own = list(records(columns, since, since + DAY, prefix=segment[:8]))
    found = Rows.of(table([*own, *own[:2]], SOURCE), HOUR)
    return summarize(PROFILE, found.once, found.keys, found.everything, segment, HOUR)


def test_a_summary_lies_where_its_part_of_the_log_does() -> None:
    assert summary_name(LOG) == (
        f"monitoring/{MODEL}/summaries/date=2026-03-01/model={DIGEST[:12]}/{SEGMENT}.json"
    )
    assert log_name(summary_name(LOG)) == LOG


@given(st.integers(2, 60))
def test_what_is_written_reads_and_is_the_same_bytes_again(rows: int) -> None:
    written = encode(summary(rows))
    read = decode(written, PROFILE, f"x/{SEGMENT}.json")
    assert encode(read) == written
    assert (read.rows, read.duplicates, read.pane) == (rows, 2, HOUR)
    known = decode_any(written, f"x/{SEGMENT}.json")
    assert {start: one.rows for start, one in known.panes.items()} == {
        start: one.rows for start, one in read.panes.items()
    }


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        for one in parents:
            document = document[next(iter(document)) if one == "*" else one]
        document[last] = value

    return change


def _pane(start: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["panes"][start] = document["panes"].pop(next(iter(document["panes"])))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("segment", "ab"),
        _set("segment", "34" * 32),
        _set("model_digest", "ef" * 32),
        _set("rows", 41),
        _set("rows", -1),
        _set("rows", "40"),
        _set("duplicates", None),
        _set("pane", 0),
        _set("pane", "1h"),
        _set("more", 1),
        _set("panes", []),
        _set("panes", {str(at): {} for at in range(MOST_PANES + 1)}),
        _set("panes/*/profile", "ab" * 32),
        _set("panes/*/rows", 1_000),
        _set("panes/*/failed", -1),
        _set("panes/*/scores", None),
        _set("panes/*/features", {}),
        _set("panes/*/keys", ""),
        _set("panes/*/keys", "AAAA"),
        _set("panes/*/keys", "no text of keys"),
        _set("panes/*/keys", None),
        _set("panes/*/duplicates", 1),
        _set("panes/*/duplicates", -1),
        _pane("2026-03-01T00:30:00+00:00"),
        _pane("2026-03-01T00:00:00"),
        _pane("yesterday"),
    ],
)
def test_a_document_that_was_changed_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(encode(summary()))
    change(document)
    with pytest.raises(BadInput):
        decode(json.dumps(document).encode(), PROFILE, f"x/{SEGMENT}.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b" " * (MOST_BYTES + 1)])
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        decode(content, PROFILE, "x")


def test_a_window_has_its_panes_and_says_what_it_could_not_add(tmp_path: Path) -> None:
    store = open_named(str(tmp_path / "store"))

    def put(content: bytes, day: int, segment: str, folder: str = "summaries") -> str:
        path = tmp_path / "draft"
        path.write_bytes(content)
        date = (START + day * DAY).date()
        name = f"predictions/{MODEL}/date={date}/model={DIGEST[:12]}/{segment}.parquet"
        name = summary_name(name) if folder == "summaries" else name
        store.create(name, path)
        return name

    for day in range(3):
        for number in range(2):
            segment = f"{day}{number}" * 32
            put(encode(summary(30 + number, START + day * DAY, segment)), day, segment)
    read = read_window(store, MODEL, PROFILE, START, START + 2 * DAY, tmp_path)
    assert (read.files, read.duplicates) == (4, 8)
    assert sum(one.rows for one in read.panes.values()) == 2 * (30 + 31)
    assert (read.unsummed, read.foreign, read.damaged) == ((), (), ())
    half = read_window(store, MODEL, PROFILE, START, START + DAY / 2, tmp_path)
    assert sum(one.rows for one in half.panes.values()) == 15 + 16
    put(b"{}", 0, "aa" * 32)
    other = replace(PROFILE, threshold=0.7)
    strange = replace(
        summary(segment="bb" * 32),
        panes={
            at: replace(one, counts=replace(one.counts, profile=other.digest))
            for at, one in summary().panes.items()
        },
    )
    foreign = put(encode(strange), 0, "bb" * 32)
    rows = table(records(values(np.random.default_rng(9), 5), START + DAY, START + 2 * DAY), SOURCE)
    uncounted = put(parquet_bytes(rows), 1, "cc" * 32, "predictions")
    told = read_window(store, MODEL, PROFILE, START, START + 2 * DAY, tmp_path)
    assert (told.unsummed, told.uncounted, told.foreign) == ((uncounted,), 1, (foreign,))
    assert len(told.damaged) == 1
    assert told.panes.keys() == read.panes.keys()
    # The window cuts panes through: their rows are neither in nor out.
    cut = read_window(store, MODEL, PROFILE, START + HOUR / 2, START + DAY, tmp_path)
    assert len(cut.foreign) == 3
    assert datetime(2026, 3, 1, tzinfo=UTC) not in cut.panes
