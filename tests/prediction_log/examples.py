"""Sources and records, fixed and drawn."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st

from phasegate.prediction_log.record import DAY_MICROSECONDS as DAY
from phasegate.prediction_log.record import EARLIEST, LATEST, ROLES, Prediction, Source

SECOND = 1_000_000
NOON = 1_750_000_000 * SECOND // DAY * DAY + DAY // 2

SOURCE = Source(
    "fraud", "ab" * 32, "card-fraud/3", ("amount", "mean_7d"), ("category",), "host-1-f00"
)


def prediction(number: int = 0, **changed: Any) -> Prediction:
    """A record of one row that fits SOURCE."""
    fields = {
        "request_id": f"request-{number}",
        "event_time": NOON + number,
        "entity": "customer-7",
        "role": "champion",
        "latency": 800,
        "error": None,
        "numeric": struct.pack("<2d", number, 0.5),
        "categories": [["food"]],
        "scores": struct.pack("<d", number / 1024),
        "decisions": b"\x01",
    }
    return Prediction(**{**fields, **changed})


def failure(number: int = 0, kind: str = "bad_request", **changed: Any) -> Prediction:
    """A record of a failed request."""
    return prediction(
        number,
        **{
            "error": kind,
            "numeric": b"",
            "categories": [],
            "scores": b"",
            "decisions": b"",
            **changed,
        },
    )


texts = st.text(st.characters(codec="utf-8"), max_size=12)
floats = st.floats(width=64)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    names = draw(st.lists(texts.filter(bool), unique=True, min_size=1, max_size=6))
    cut = draw(st.integers(0, len(names)))
    return Source(
        "fraud", "cd" * 32, draw(texts), tuple(names[:cut]), tuple(names[cut:]), "writer-1"
    )


@st.composite
def predictions(draw: st.DrawFn, source: Source, **fixed: Any) -> Prediction:
    error = draw(st.none() | texts)
    rows = draw(st.integers(0, 4)) if error is None else 0
    cells = rows * len(source.numeric)

    def packed(count: int) -> bytes:
        return struct.pack(f"<{count}d", *draw(st.lists(floats, min_size=count, max_size=count)))

    column = st.lists(st.none() | texts, min_size=rows, max_size=rows)
    drawn = {
        "request_id": draw(texts.filter(bool)),
        "event_time": draw(st.integers(EARLIEST, LATEST - 1)),
        "entity": draw(st.none() | texts),
        "role": draw(st.sampled_from(ROLES)),
        "latency": draw(st.integers(0, 2**40)),
        "error": error,
        "numeric": packed(cells),
        "categories": [draw(column) for _ in source.text],
        "scores": packed(rows),
        "decisions": bytes(draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))),
    }
    return Prediction(**{**drawn, **fixed})


@st.composite
def logs(draw: st.DrawFn) -> tuple[Source, list[Prediction]]:
    """A source and some of its records."""
    source = draw(sources())
    return source, draw(st.lists(predictions(source), max_size=5))
