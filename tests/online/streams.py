"""Events streamed through online features as a server would, and what training computes of them."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from phasegate.features.definitions import FeatureDefinitions
from phasegate.online import Computed, OnlineFeatures, SqliteHistory
from tests.features.tables import AMOUNTS, HOUR, TIMES

Row = dict[str, Any]

SCHEMA = pa.schema(
    {
        "moment": pa.timestamp("us"),
        "customer": pa.string(),
        "terminal": pa.int64(),
        "amount": pa.float64(),
        "points": pa.int32(),
        "channel": pa.string(),
        "online": pa.bool_(),
        "seen": pa.timestamp("us", "Europe/Berlin"),
        "fraud": pa.int64(),
    }
)
LABEL_DELAY = 2 * HOUR
DATA = {"time": "moment", "label": {"column": "fraud", "positive": 1, "delay": "2h"}}

ROWS = st.fixed_dictionaries(
    {
        "moment": TIMES,
        "customer": st.sampled_from([None, "", "a", "ä"]),
        "terminal": st.sampled_from([None, -1, 2**40]),
        "amount": st.one_of(AMOUNTS, st.sampled_from([0.5, 2.5, -0.5, 0.005])),
        "points": st.sampled_from([None, 0, 7, -(2**31)]),
        "channel": st.sampled_from([None, "chip", "NULL"]),
        "online": st.sampled_from([None, True, False]),
        "seen": st.one_of(st.none(), st.integers(-(10**17) // 2, 2 * 10**17)),
        "fraud": st.sampled_from([0, 1]),
    }
)
TABLES = st.lists(ROWS, min_size=1, max_size=25)


def _window(entity: str, value: str) -> st.SearchStrategy[Row]:
    subset = {"min_size": 1, "unique": True}
    return st.fixed_dictionaries(
        {
            "entity": st.just(entity),
            "value": st.just(value),
            "aggregates": st.lists(st.sampled_from(["count", "sum", "mean"]), **subset),
            "over": st.lists(st.sampled_from(["1s", "1h", "3h", "1d", "90000d"]), **subset),
            "delay": st.sampled_from(["2h", "3h"] if value == "fraud" else ["0d", "1h", "3h"]),
            "resolution": st.sampled_from([1e-6, 0.01, 0.3, 1]),
        }
    )


def _chosen(names: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True)


@st.composite
def definitions(draw: st.DrawFn) -> FeatureDefinitions:
    """Any features of SCHEMA, with at least one window."""
    pairs = st.tuples(
        st.sampled_from(["customer", "terminal", "online"]),
        st.sampled_from(["amount", "points", "fraud"]),
    )
    chosen = draw(st.lists(pairs, min_size=1, max_size=4, unique=True))
    column = draw(st.sampled_from(["moment", "seen"]))
    parts = draw(_chosen(["minute_of_day", "hour", "weekday", "day", "month"]))
    return FeatureDefinitions.parse(
        {
            "numeric": draw(_chosen(["amount", "points"])),
            "categorical": draw(_chosen(["channel", "customer", "terminal", "online"])),
            "calendar": {"column": column, "parts": parts} if parts else None,
            "windows": [draw(_window(*pair)) for pair in chosen],
        },
        DATA,
    )


@contextmanager
def history() -> Iterator[SqliteHistory]:
    """A history of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SqliteHistory(Path(folder) / "history.db") as opened,
    ):
        yield opened


def request(rows: Sequence[Row], features: OnlineFeatures) -> dict[str, list[Any]]:
    """The raw columns of rows, with times spelled in every way there is."""
    kinds = dict(features.inputs)
    return {
        name: [
            _spelled(row[name], at) if kind == "time" else row[name] for at, row in enumerate(rows)
        ]
        for name, kind in kinds.items()
    }


def _spelled(time: int | None, at: int) -> int | str | datetime | None:
    if time is None or at % 4 == 0:
        return time
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)
    if at % 4 == 1:
        return moment.isoformat()
    if at % 4 == 2:
        return moment.astimezone(timezone(timedelta(hours=-9, minutes=-30))).isoformat(" ")
    return moment.replace(tzinfo=None)


def rows_of(computed: Computed) -> list[Row]:
    """Computed columns as rows of Python values."""
    columns = {
        name: values.tolist() if isinstance(values, np.ndarray) else values
        for name, values in computed.columns.items()
    }
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def features_only(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """Text that differs wherever two floats differ, signs of zero included; NaN is as null is."""
    return [repr([_missing_as_none(row[name]) for name in names]) for row in rows]


def _missing_as_none(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
