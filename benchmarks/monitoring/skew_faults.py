"""Faults that are planted in served features, each computed from what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.monitoring.skew_world import Fault, World
from phasegate.monitoring.skew.report import CauseKind

HOUR, DAY = 3_600_000_000, 86_400_000_000
_CUSTOMER, _TERMINAL = ("customer_id", "amount"), ("terminal_id", "is_fraud")


def _window(
    prefix: str, entity: tuple[str, str], over: str, start: str, end: str, *names: str
) -> Callable[[World], dict[str, Any]]:
    """Aggregates of past events e of a request's event r from `start` to `end`, in SQL."""

    def plant(world: World) -> dict[str, Any]:
        key, value = entity
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("given", world.events)
            connection.register("served", world.served.select(["_id"]).append_column(
                "place", pa.array(np.arange(len(world.served)))))  # fmt: skip
            found = connection.sql(
                f"""WITH e AS (SELECT transaction_id::VARCHAR AS id, {key} AS entity,
                        {value}::DOUBLE AS v, epoch_us(event_time) AS t FROM given),
                    r AS (SELECT place, entity, t FROM served JOIN e ON id = _id)
                SELECT count(e.v)::DOUBLE AS count, coalesce(sum(e.v), 0) AS sum, avg(e.v) AS mean
                FROM r LEFT JOIN e ON e.entity = r.entity AND e.t {start} AND e.t {end}
                GROUP BY place ORDER BY place"""
            ).to_arrow_table()
        return {f"{prefix}_{name}_{over}": found[name] for name in names}

    return plant


def _map(name: str, change: Callable[[pa.ChunkedArray], Any]) -> Callable[[World], dict[str, Any]]:
    return lambda world: {name: change(world.served[name])}


def _zone(minutes: int) -> Callable[[World], dict[str, Any]]:
    def plant(world: World) -> dict[str, Any]:
        moments = world.served["_time"].cast(pa.timestamp("us"))
        moved = pc.add(moments, pa.scalar(minutes * 60_000_000, pa.duration("us")))
        return {
            "event_time_hour": pc.hour(moved).cast(pa.float64()),
            "event_time_weekday": pc.day_of_week(moved).cast(pa.float64()),
        }

    return plant


def _permuted(column: pa.ChunkedArray) -> list[str]:
    names = sorted(set(column.to_pylist()))
    moved = dict(zip(names, names[1:] + names[:1], strict=True))
    return [moved[name] for name in column.to_pylist()]


def _coded(column: pa.ChunkedArray) -> list[str]:
    names = sorted(set(column.to_pylist()))
    return [str(names.index(name)) for name in column.to_pylist()]


def _stale(world: World) -> dict[str, Any]:
    last: dict[str, float] = {}
    before: dict[str, float | None] = {}
    columns = ["transaction_id", "customer_id", "amount"]
    for row in world.events.sort_by("event_time").select(columns).to_pylist():
        before[str(row["transaction_id"])] = last.get(row["customer_id"])
        last[row["customer_id"]] = row["amount"]
    return {"amount": [before[one] for one in world.served["_id"].to_pylist()]}


def _zeros_missing(column: pa.ChunkedArray) -> Any:
    return pc.if_else(pc.equal(column, 0), pa.scalar(None, pa.float64()), column)


def _mean_for_missing(column: pa.ChunkedArray) -> Any:
    return pc.fill_null(column, pc.mean(column))


_AMOUNTS = ("customer_id_amount", _CUSTOMER)
_FRAUDS = ("terminal_id_is_fraud", _TERMINAL)
_EDGE, _NULL, _ZONE = CauseKind.WINDOW_EDGE, CauseKind.NULL_HANDLING, CauseKind.TIME_ZONE
_ENCODING, _UNIT, _STALE = CauseKind.ENCODING, CauseKind.UNIT, CauseKind.STALE
_ALL = ("count", "sum", "mean")

PLANTED = {
    "the event itself is counted": Fault(
        _EDGE, _window(*_AMOUNTS, "1d", f">= r.t - {DAY}", "<= r.t", *_ALL)
    ),
    "7 days are 8": Fault(_EDGE, _window(*_AMOUNTS, "7d", f">= r.t - {8 * DAY}", "< r.t", *_ALL)),
    "7 days are 6": Fault(_EDGE, _window(*_AMOUNTS, "7d", f">= r.t - {6 * DAY}", "< r.t", *_ALL)),
    "the delay is left out": Fault(
        _EDGE, _window(*_FRAUDS, "7d", f">= r.t - {7 * DAY}", "< r.t", "count", "mean")
    ),
    "the delay is a day short": Fault(
        _EDGE,
        _window(*_FRAUDS, "7d", f">= r.t - {13 * DAY}", f"< r.t - {6 * DAY}", "count", "mean"),
    ),
    "0 for missing": Fault(_NULL, _map("distance_km", lambda one: pc.fill_null(one, 0.0))),
    "-1 for missing": Fault(_NULL, _map("distance_km", lambda one: pc.fill_null(one, -1.0))),
    "mean for missing": Fault(_NULL, _map("distance_km", _mean_for_missing)),
    "missing for 0": Fault(_NULL, _map("customer_id_amount_count_1d", _zeros_missing)),
    "clocks of Berlin": Fault(_ZONE, _zone(60)),
    "clocks of India": Fault(_ZONE, _zone(330)),
    "clocks of New York": Fault(_ZONE, _zone(-300)),
    "windows two hours ago": Fault(
        _ZONE,
        _window(*_AMOUNTS, "7d", f">= r.t - {7 * DAY + 2 * HOUR}", f"< r.t - {2 * HOUR}", *_ALL),
    ),
    "categories in another order": Fault(_ENCODING, _map("category", _permuted)),
    "categories as codes": Fault(_ENCODING, _map("channel", _coded)),
    "upper case": Fault(_ENCODING, _map("category", pc.utf8_upper)),
    "cents": Fault(_UNIT, _map("amount", lambda one: pc.multiply(one, 100.0))),
    "metres": Fault(_UNIT, _map("distance_km", lambda one: pc.multiply(one, 1000.0))),
    "another currency": Fault(_UNIT, _map("amount", lambda one: pc.multiply(one, 1.0837))),
    "scaled": Fault(
        _UNIT, _map("amount", lambda one: pc.divide(pc.subtract(one, 40.0), 25.0))
    ),
    "the previous event's amount": Fault(_STALE, _stale),
    "computed at midnight": Fault(
        _STALE,
        _window(
            *_AMOUNTS, "7d", f">= r.t // {DAY} * {DAY} - {7 * DAY}", f"< r.t // {DAY} * {DAY}",
            *_ALL,
        ),
    ),
}  # fmt: skip
