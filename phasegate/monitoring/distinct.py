"""Each row of the prediction log once, however often it was delivered, sealed or asked again."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

KEY = ("model_digest", "request_id", "row")
USERS = ("champion", "challenger")  # a shadow's answers are nobody's traffic


def distinct_rows(table: pa.Table, pane: timedelta | None = None) -> pa.Table:
    """The table without repeated rows: one of each model digest, request id and row number.

    A segment that was sealed twice, or a request that was delivered twice, counts once: an answer
    before a failure, and the earliest of either.

    Args:
        table: with the columns `model_digest`, `request_id` and `row`.
        pane: where there is one, rows are told apart by the pane of their event time as well.
    """
    keys = table.select(KEY).append_column("_at", pa.array(np.arange(len(table))))
    by = list(KEY)
    if pane is not None:
        of = table["event_time"].cast(pa.int64()).to_numpy() // (pane // timedelta(microseconds=1))
        keys, by = keys.append_column("_pane", pa.array(of)), [*by, "_pane"]
    first = keys.group_by(by).aggregate([("_at", "min")])["_at_min"]
    if len(first) == len(table):
        return table
    order = _preference(table)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    best = keys.append_column("_rank", pa.array(ranks)).group_by(by).aggregate([("_rank", "min")])
    return table.take(pa.array(np.sort(order[best["_rank_min"].to_numpy()])))


def _preference(table: pa.Table) -> np.ndarray:
    """Positions of rows, int64 [rows]: of two that are the same, the one that counts comes first.

    As `phasegate.monitoring.drift.logged` puts them.
    """
    failed = np.zeros(len(table), np.int8)
    if "error" in table.column_names:
        failed = table["error"].is_valid().to_numpy().astype(np.int8)
    names = [name for name in ("event_time", "latency_us", "score", "decision")
             if name in table.column_names]  # fmt: skip
    sortable = table.select(names).append_column("_failed", pa.array(failed))
    sortable = sortable.append_column("_at", pa.array(np.arange(len(table))))
    by = [(name, "ascending") for name in ("_failed", *names, "_at")]
    return pc.sort_indices(sortable, sort_keys=by).to_numpy().astype(np.int64)
