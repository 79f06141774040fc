"""Small relations of pairs and answers, drawn by Hypothesis, with features of both kinds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

START = datetime(2025, 3, 1, tzinfo=UTC)

_FEATURES = pa.struct([("amount", pa.float64()), ("category", pa.string())])
_COMMON = [
    ("request_id", pa.string()),
    ("row", pa.int32()),
    ("event_time", pa.timestamp("us", tz="UTC")),
    ("entity", pa.string()),
]
_LAST = [("features", _FEATURES), ("label", pa.bool_())]
_ROLES = ("champion", "challenger")
PAIRS = pa.schema(
    [
        *_COMMON,
        *((f"{role}_score", pa.float64()) for role in _ROLES),
        *((f"{role}_decision", pa.int8()) for role in _ROLES),
        *((f"{role}_latency_us", pa.int64()) for role in _ROLES),
        *_LAST,
    ]
)
ANSWERS = pa.schema(
    [
        *_COMMON,
        ("role", pa.string()),
        ("score", pa.float64()),
        ("decision", pa.int8()),
        ("latency_us", pa.int64()),
        ("error", pa.string()),
        *_LAST,
    ]
)

scores = st.floats(0, 1)
decisions = st.integers(0, 1)
latencies = st.integers(0, 10**10) | st.integers(500, 2000)
amounts = st.none() | st.floats(-1000, 1000)
labels = st.none() | st.booleans()
entities = st.none() | st.sampled_from(["a", "b", "c", "d", "request 1"])
times = st.integers(0, 10).map(lambda second: START + timedelta(seconds=second))


@st.composite
def pairs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of PAIRS: requests of one to three rows."""
    rows = []
    for number in range(draw(st.integers(0, 12))):
        common = {
            "request_id": f"{number}",
            "event_time": draw(times),
            "entity": draw(entities),
            "champion_latency_us": draw(latencies),
            "challenger_latency_us": draw(latencies),
            "label": draw(labels),
        }
        for row in range(draw(st.integers(1, 3))):
            own = {f"{role}_score": draw(scores) for role in _ROLES}
            own |= {f"{role}_decision": draw(decisions) for role in _ROLES}
            rows.append({**common, **own, "row": row, "features": draw(features())})
    return draw(st.permutations(rows))


@st.composite
def features(draw: st.DrawFn) -> dict[str, Any]:
    return {"amount": draw(amounts), "category": draw(st.none() | st.sampled_from("xyz"))}


@st.composite
def answers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of ANSWERS: the champion's, the challenger's, and those of requests that both met."""
    rows = []
    for number in range(draw(st.integers(0, 14))):
        common = {
            "request_id": f"{number}",
            "event_time": draw(times),
            "entity": draw(entities),
            "label": draw(labels),
        }
        count = draw(st.integers(1, 2))
        cells = [draw(features()) for _ in range(count)]
        for role in draw(st.sampled_from([_ROLES, _ROLES[:1], _ROLES[1:]])):
            which = draw(st.sampled_from(["answer", "failure", "both"]))
            latency = draw(latencies)
            own = {**common, "role": role, "latency_us": latency}
            if which != "answer":
                empty = {"score": None, "decision": None, "features": None}
                rows.append({**own, **empty, "row": 0, "error": "internal"})
            if which != "failure":
                for row in range(count):
                    given = {"score": draw(scores), "decision": draw(decisions), "error": None}
                    rows.append({**own, **given, "row": row, "features": cells[row]})
    return draw(st.permutations(rows))


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """The rows as Arrow."""
    return pa.Table.from_pylist(rows, schema=schema)
