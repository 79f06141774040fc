"""Simulated card transactions, their features as training has them, and as a server computes them.

Run as a program it is one of several servers of the same history: it writes what it computed.
"""

from __future__ import annotations

import heapq
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from phasegate.features.definitions import FeatureDefinitions
from phasegate.online import OnlineFeatures, SqliteHistory
from phasegate.simulation import Simulation, write

from .streams import rows_of

PROJECT = Path(__file__).parents[2] / "examples" / "card-fraud.yaml"
# Longer than the longest window and its delay, 37 days.
SIMULATION = Simulation(date(2026, 1, 25), 50, customers=25, terminals=20)


def definitions() -> FeatureDefinitions:
    """The features of the example project."""
    project = yaml.safe_load(PROJECT.read_text())
    return FeatureDefinitions.parse(project["features"], project["data"])


def simulated(folder: Path) -> tuple[Path, ...]:
    """Parts of about 2,500 transactions."""
    return write(SIMULATION, folder).files


def events_of(parts: Sequence[Path]) -> list[dict[str, Any]]:
    """Transactions in order of time; times are microseconds."""
    table = pa.concat_tables([pq.read_table(part) for part in parts])
    for name in ("event_time", "label_time"):
        times = pc.cast(table[name], pa.timestamp("us", "UTC")).cast(pa.int64())
        table = table.set_column(table.schema.get_field_index(name), name, times)
    return table.sort_by("event_time").to_pylist()


def streamed(
    events: Sequence[dict[str, Any]], features: OnlineFeatures, *, after: Sequence[dict] = ()
) -> list[dict[str, Any]]:
    """The features of events, each computed, then recorded; labels come at their own times.

    Args:
        after: the events before these, whose labels may still arrive.
    """
    names = [name for name, _ in features.inputs]
    waiting = [
        (event["label_time"], str(event["transaction_id"]), event["is_fraud"])
        for event in after
        if event["label_time"] > after[-1]["event_time"]
    ]
    heapq.heapify(waiting)
    rows = []
    for event in events:
        labels = {}
        while waiting and waiting[0][0] <= event["event_time"]:
            _, name, label = heapq.heappop(waiting)
            labels[name] = label
        assert features.add_labels(labels) == []
        name = str(event["transaction_id"])
        read = features.read({column: [event[column]] for column in names}, [name])
        computed = features.compute(read)
        assert not computed.unlabelled.any()
        rows += rows_of(computed)
        features.record(read)
        heapq.heappush(waiting, (event["label_time"], name, event["is_fraud"]))
    return rows


def main(path: str, output: str, *parts: str) -> None:
    """Stream the parts through the history at `path`; write the features as JSON."""
    with SqliteHistory(Path(path)) as past:
        features = OnlineFeatures(definitions(), past)
        sys.stdin.readline()
        rows = streamed(events_of([Path(part) for part in parts]), features)
    Path(output).write_text(json.dumps(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
