"""Simulated events, requests about them as the prediction log has them, and a look at both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from phasegate.clock import microseconds
from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.detection import detect
from phasegate.monitoring.skew.report import CauseKind, SkewReport
from phasegate.simulation import Simulation, simulate_day

PROJECT = yaml.safe_load((Path(__file__).parents[2] / "examples/card-fraud.yaml").read_text())
DATA, FEATURES = PROJECT["data"], PROJECT["features"]
DEFINITIONS = FeatureDefinitions.parse(FEATURES, DATA)
DIGEST = "ab" * 32
THREADS = 2
_GAPS = 0.05


@dataclass(frozen=True)
class Fault:
    """What is served instead: columns by feature, and the kind of cause that this is."""

    kind: CauseKind
    plant: Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class World:
    """Raw events, and what was served of those in the window: features, _id and _time."""

    events: pa.Table
    served: pa.Table
    folder: Path

    def planted(self, fault: Fault, share: float) -> tuple[World, set[str]]:
        """The world with a fault in a share of the requests, and the features that it touches."""
        hit = pa.array(np.random.default_rng(1).random(len(self.served)) < share)
        served, columns = self.served, fault.plant(self)
        for name, values in columns.items():
            place, kind = served.schema.get_field_index(name), served[name].type
            column = pa.chunked_array(
                [
                    values.combine_chunks()
                    if isinstance(values, pa.ChunkedArray)
                    else pa.array(values, kind, from_pandas=True)
                ]
            )
            served = served.set_column(place, name, pc.if_else(hit, column, served[name]))
        return replace(self, served=served), set(columns)


def simulated(start: date, days: int, customers: int, folder: Path) -> Path:
    """A Parquet file of simulated transactions."""
    simulation = Simulation(start, days, customers=customers, terminals=max(customers // 5, 20))
    rng, path = np.random.default_rng(3), folder / "events.parquet"
    with pq.ParquetWriter(path, simulate_day(simulation, start).schema) as writer:
        for day in simulation.dates():
            table = simulate_day(simulation, day)
            gone = pa.array(rng.random(len(table)) < _GAPS)
            kept = pc.if_else(gone, pa.scalar(None, pa.float64()), table["distance_km"])
            place = table.schema.get_field_index("distance_km")
            writer.write_table(table.set_column(place, "distance_km", kept))
    return path


def features_of(
    events: Path, folder: Path, since: datetime, until: datetime, definitions: FeatureDefinitions
) -> pa.Table:
    """Features of a window's events, as the training pipeline computes them, with _id, _time."""
    output = folder / "served.parquet"
    compute_features([events], definitions, output, threads=THREADS)
    table = pq.read_table(output)
    ids = pq.read_table(events, columns=["transaction_id"])["transaction_id"]
    table = table.append_column("_id", ids.take(table["_row"]).cast(pa.string()))
    within = pc.and_(
        pc.greater_equal(table["_time"], microseconds(since)),
        pc.less(table["_time"], microseconds(until)),
    )
    return table.filter(within).drop(["_row", "_label", "_entity"])


def clean_world(events: Path, folder: Path, since: datetime, until: datetime, rows: int) -> World:
    """At most so many requests, served rightly."""
    served = features_of(events, folder, since, until, DEFINITIONS)
    return World(pq.read_table(events), served.slice(0, rows).combine_chunks(), folder)


def write_log(world: World, folder: Path) -> list[Path]:
    """Stored tables of the prediction log, one for each hundred thousand requests."""
    files = []
    for start in range(0, len(world.served), 100_000):
        served = world.served.slice(start, 100_000)
        names = [name for name in served.column_names if not name.startswith("_")]
        rows = len(served)
        columns = [served[name].combine_chunks() for name in names]
        struct = pa.StructArray.from_arrays(columns, names=names)
        table = pa.table(
            {
                "request_id": served["_id"],
                "row": pa.array(np.zeros(rows, np.int32)),
                "event_time": served["_time"]
                .cast(pa.timestamp("us"))
                .cast(pa.timestamp("us", tz="UTC")),
                "role": pa.array(["champion"] * rows),
                "model_digest": pa.array([DIGEST] * rows),
                "error": pa.nulls(rows, pa.string()),
                "features": struct,
            }
        )
        path = folder / "log" / f"model={DIGEST[:12]}" / f"{start:08}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, compression="zstd")
        files.append(path)
    return files


def look(
    log: Sequence[Path], events: Sequence[Path], folder: Path, since: datetime, until: datetime
) -> SkewReport:
    """What is found, in all rows."""
    scratch = folder / "look"
    scratch.mkdir(exist_ok=True)
    return detect(
        log,
        lambda: {"parquet": events},
        DATA,
        DEFINITIONS,
        SkewRules(rows=10**9),
        key="transaction_id",
        model_digest=DIGEST,
        since=since,
        until=until,
        folder=scratch,
        threads=THREADS,
    ).report
