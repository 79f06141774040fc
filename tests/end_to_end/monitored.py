"""A small model under monitoring: events day by day, and the log that serving them leaves."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.clock import microseconds
from phasegate.models.model import Model
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, table

START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ROWS = 400  # a day
NUMERIC = ("amount", "distance")

PROJECT = """\
version: 1
name: watched
data:
  source: events/*.parquet
  time: event_time
  key: id
  entity: customer
  label: {column: bad, delay: 1d}
features:
  numeric: [amount, distance]
  categorical: [channel]
training:
  rounds: 30
  threshold: {maximize: f1}
evaluation:
  bootstrap: {replicates: 100}
  gates:
    - {metric: roc_auc, min: 0.6}
serving: {rows: 30}
release:
  labels: {source: events}
monitoring:
  performance: {window: 2d, floor: FLOOR}
  retraining: {history: 40d, cooldown: 7d}
"""

Change = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]


def day(number: int) -> datetime:
    """Start of a day, counted from 0."""
    return START + number * DAY


def events(number: int, noise: float = 0.0) -> dict[str, np.ndarray]:
    """Events of a day, by column, in order of time.

    Args:
        noise: share of rows whose label has nothing to do with what is known of them.
    """
    random = np.random.default_rng(number)
    amount = np.round(random.lognormal(3.0, 0.8, ROWS), 2)
    distance = np.round(random.gamma(2.0, 5.0, ROWS), 3)
    channel = random.choice(["web", "app", "shop"], ROWS)
    drive = 2.5 * (np.log(amount) - 3.0) / 0.8 + 1.5 * (distance - 10) / 7 + (channel == "web")
    bad = random.random(ROWS) < 1 / (1 + np.exp(-2.5 * (drive - 2.5)))
    blind = random.random(ROWS) < noise
    bad = np.where(blind, random.random(ROWS) < 0.2, bad)
    seconds = np.sort(random.choice(86_400, ROWS, replace=False))
    return {
        "id": np.array([f"e{number}-{row}" for row in range(ROWS)]),
        "event_time": np.array([day(number) + timedelta(seconds=int(s)) for s in seconds]),
        "customer": np.array([f"c{one}" for one in random.integers(0, 150, ROWS)]),
        "amount": amount,
        "distance": distance,
        "channel": channel,
        "bad": bad.astype(np.int8),
    }


def write_events(folder: Path, number: int, columns: dict[str, np.ndarray]) -> None:
    """Add a day to the raw events, labels among them."""
    kinds = {"event_time": pa.timestamp("us", tz="UTC")}
    arrays = {name: pa.array(values.tolist(), kinds.get(name)) for name, values in columns.items()}
    (folder / "events").mkdir(exist_ok=True)
    pq.write_table(pa.table(arrays), folder / "events" / f"day-{number:03d}.parquet")


def answered(
    model: Model, number: int, columns: dict[str, np.ndarray], change: Change | None = None
) -> tuple[Source, list[Prediction]]:
    """What a server would log of a day's events.

    Args:
        change: makes of the right features those that are served.
    """
    served = change(columns) if change else columns
    scores = model.score(
        model.matrix(pa.table({name: served[name] for name in (*NUMERIC, "channel")}))
    )
    decisions = model.decide(scores)
    records = [
        Prediction(
            str(columns["id"][row]),
            microseconds(columns["event_time"][row]),
            str(columns["customer"][row]),
            "champion",
            900,
            None,
            struct.pack("<2d", *(served[name][row] for name in NUMERIC)),
            [[str(served["channel"][row])]],
            struct.pack("<d", scores[row]),
            bytes([decisions[row]]),
        )
        for row in range(len(scores))
    ]
    source = Source(
        model=model.name, model_digest=model.digest, project_version="1", numeric=NUMERIC,
        text=("channel",), writer=f"test-{number}-f00",
    )  # fmt: skip
    return source, records


def serve(
    store: Path, model: Model, number: int, columns: dict[str, np.ndarray], change: Change | None
) -> None:
    """Answer a day's events, and seal what the server and its sidecar would have logged.

    Args:
        change: makes of the right features those that are served.
    """
    source, records = answered(model, number, columns, change)
    for name, part in partitions(table(records, source), source, f"{number:064d}"):
        file = store / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(parquet_bytes(part))
