"""Simulated events, the requests about them, and features served wrongly on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.detection import Detected, detect
from phasegate.simulation import Simulation, simulate_day

DATA: dict[str, Any] = {
    "time": "event_time",
    "key": "transaction_id",
    "entity": "customer_id",
    "label": {"column": "is_fraud", "positive": 1, "delay": "2d"},
}
FEATURES: dict[str, Any] = {
    "numeric": ["amount", "distance_km"],
    "categorical": ["category", "channel"],
    "calendar": {"column": "event_time", "parts": ["hour", "weekday"]},
    "windows": [
        {
            "entity": "customer_id",
            "value": "amount",
            "aggregates": ["count", "sum", "mean"],
            "over": ["1d", "7d"],
        },
        {
            "entity": "terminal_id",
            "value": "is_fraud",
            "aggregates": ["count", "mean"],
            "over": ["5d"],
            "delay": "2d",
        },
    ],
}
DEFINITIONS = FeatureDefinitions.parse(FEATURES, DATA)
DIGEST = "ab" * 32
SINCE, UNTIL = datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)


def simulated(*, gaps: float = 0.05, days: int = 10, customers: int = 150) -> pa.Table:
    """Events from 1 March 2026; some distances are missing."""
    simulation = Simulation(
        start=date(2026, 3, 1), days=days, customers=customers, terminals=40, seed=11
    )
    events = pa.concat_tables([simulate_day(simulation, day) for day in simulation.dates()])
    gone = np.random.default_rng(3).random(events.num_rows) < gaps
    place = events.schema.get_field_index("distance_km")
    kept = pc.if_else(pa.array(gone), pa.scalar(None, pa.float64()), events["distance_km"])
    return events.set_column(place, "distance_km", kept)


@dataclass(frozen=True)
class World:
    """Events, and what was served of those in the window.

    Attributes:
        events: raw.
        served: as the log has it: features as columns, and _id and _time.
    """

    events: pa.Table
    served: pa.Table

    def with_served(self, **columns: Any) -> World:
        """The world in which features were served otherwise."""
        table = self.served
        for name, values in columns.items():
            made = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
            table = table.set_column(table.schema.get_field_index(name), name, made)
        return replace(self, served=table)

    def column(self, name: str) -> np.ndarray:
        """What is served of a numeric feature, with NaN for what is missing."""
        return self.served[name].to_numpy().astype(float)


def clean_world(folder: Path, events: pa.Table | None = None) -> World:
    """Events, and their features as the training pipeline computes them."""
    events = simulated() if events is None else events
    return World(events, _features(events, folder, DEFINITIONS))


def features_as(world: World, folder: Path, features: Mapping[str, Any]) -> pa.Table:
    """What other definitions would have served."""
    data = {**DATA, "label": {**DATA["label"], "delay": "0d"}}
    return _features(world.events, folder, FeatureDefinitions.parse(features, data))


def over_past(world: World, entity: str, value: str, since: str, until: str) -> pa.Table:
    """Count (n) and sum (total) over past events, straight from their definition in SQL.

    Args:
        world: whose events and requests.
        entity: column.
        value: column.
        since, until: conditions on event e of request r, such as "e.t < r.t".
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("given", world.events)
        connection.register("served", world.served.select(["_id", "_time"]))
        return connection.sql(
            f"""WITH e AS (SELECT transaction_id AS id, {entity} AS entity, {value} AS v,
                    epoch_us(event_time) AS t FROM given),
                r AS (SELECT s._id AS id, e.entity, e.t FROM served AS s
                    JOIN e ON e.id::VARCHAR = s._id)
            SELECT r.id, count(e.v) AS n, coalesce(sum(e.v), 0)::DOUBLE AS total
            FROM r LEFT JOIN e ON e.entity = r.entity AND {since} AND {until}
            GROUP BY r.id, r.t ORDER BY r.t, r.id"""
        ).to_arrow_table()


def write_log(world: World, folder: Path, **columns: Any) -> list[Path]:
    """The served rows as a stored table of the prediction log, with some other columns."""
    names = [name for name in world.served.column_names if not name.startswith("_")]
    rows = len(world.served)
    struct = pa.StructArray.from_arrays(
        [world.served[name].combine_chunks() for name in names], names=names
    )
    table = pa.table(
        {
            "request_id": world.served["_id"],
            "row": pa.array(np.zeros(rows, np.int32)),
            "event_time": world.served["_time"]
            .cast(pa.timestamp("us"))
            .cast(pa.timestamp("us", tz="UTC")),
            "entity": pa.nulls(rows, pa.string()),
            "role": pa.array(["champion"] * rows),
            "model_digest": pa.array([DIGEST] * rows),
            "score": pa.array(np.zeros(rows)),
            "decision": pa.array(np.zeros(rows, np.int8)),
            "latency_us": pa.array(np.zeros(rows, np.int64)),
            "error": pa.nulls(rows, pa.string()),
            "features": struct,
        }
    )
    for name, values in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    path = folder / "predictions/fraud/date=2026-03-09" / f"model={DIGEST[:12]}" / "a.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return [path]


def detected(world: World, folder: Path, **rules: Any) -> Detected:
    """What is found in a world."""
    folder.mkdir(exist_ok=True, parents=True)
    pq.write_table(world.events, folder / "raw.parquet")
    return detect(
        write_log(world, folder),
        lambda: {"parquet": [folder / "raw.parquet"]},
        DATA,
        DEFINITIONS,
        SkewRules(events="raw.parquet", **rules),
        key="transaction_id",
        model_digest=DIGEST,
        since=SINCE,
        until=UNTIL,
        folder=folder,
        threads=1,
    )


def _features(events: pa.Table, folder: Path, definitions: FeatureDefinitions) -> pa.Table:
    part, output = folder / "given.parquet", folder / "served.parquet"
    pq.write_table(events, part)
    compute_features([part], definitions, output, threads=1)
    table = pq.read_table(output)
    ids = events["transaction_id"].take(table["_row"]).cast(pa.string())
    table = table.append_column("_id", ids)
    first, last = (int(time.timestamp() * 1e6) for time in (SINCE, UNTIL))
    time = table["_time"]
    table = table.filter(pc.and_(pc.greater_equal(time, first), pc.less(time, last))).drop(
        ["_row", "_label", "_entity"]
    )
    return table.sort_by([("_time", "ascending"), ("_id", "ascending")])
