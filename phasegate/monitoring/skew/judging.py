"""Served and recomputed features, column by column: what differs, and since when."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from phasegate.features.definitions import FeatureColumn
from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.comparison import different
from phasegate.monitoring.skew.explaining import Difference, chosen_rows, explain
from phasegate.monitoring.skew.recomputation import Recomputed
from phasegate.monitoring.skew.report import DifferingRow, FeatureSkew, SkewReport
from phasegate.monitoring.skew.served import Served

FIRST = 5

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HASH = "^[0-9a-f]{32}$"


def judge_skew(
    served: Served,
    recomputed: Recomputed,
    rules: SkewRules,
    *,
    model_digest: str,
    since: datetime,
    until: datetime,
) -> SkewReport:
    """Compare row by row.

    Args:
        served: rows of the log.
        recomputed: the same rows, in the same order.
        rules: what is no difference, and how much of it alerts.
        model_digest, since, until: of the report.
    """
    matched = recomputed.matched
    rows = served.rows.take(pa.array(matched))
    times = recomputed.times[matched]
    features: dict[str, FeatureSkew] = {}
    differences: list[Difference] = []
    problems: list[str] = [*_unmatched(served, matched), *recomputed.events.problems]
    problems += _other_times(rows["_time"].to_numpy(), times)
    for column in recomputed.definitions.columns if len(matched) else ():
        if column.name in recomputed.events.uncomputable:
            continue
        values = recomputed.column(column.name)
        if unlike := _incomparable(column, rows, values):
            problems.append(unlike)
            continue
        differing = different(rows[column.name], values, rules.tolerance)
        features[column.name] = _feature(column.name, differing, rows, values, times, rules)
        if differing.any():
            sampled = chosen_rows(differing)
            differences.append(
                Difference(
                    column,
                    rows[column.name].take(sampled),
                    values.take(sampled),
                    differing[sampled],
                    sampled,
                )
            )
    for name, cause in explain(differences, recomputed, times, rules).items():
        features[name] = replace(features[name], cause=cause)
    if served.logged and not features:
        problems.append("No feature of any row could be compared.")
    return SkewReport(
        model_digest=model_digest,
        since=since,
        until=until,
        rows=len(matched),
        unmatched=len(served.rows) + served.several - len(matched),
        features=tuple(features.values()),
        problems=tuple(problems),
        alert=any(one.alert for one in features.values()) or bool(served.logged and not features),
    )


def not_compared(
    model_digest: str, since: datetime, until: datetime, problem: str, *, logged: int, alert: bool
) -> SkewReport:
    """The report of a window of which nothing was compared, and why."""
    return SkewReport(model_digest, since, until, 0, logged, (), (problem,), alert)


def _feature(
    name: str,
    differing: NDArray[np.bool_],
    rows: pa.Table,
    recomputed: pa.ChunkedArray,
    times: NDArray[np.int64],
    rules: SkewRules,
) -> FeatureSkew:
    where = np.flatnonzero(differing)
    where = where[np.argsort(times[where], kind="stable")]
    count = len(where)
    return FeatureSkew(
        feature=name,
        rows=len(differing),
        differing=count,
        since=moment(times[where[0]]) if count else None,
        until=moment(times[where[-1]]) if count else None,
        first=tuple(
            DifferingRow(
                rows["_request_id"][place].as_py(),
                rows["_row"][place].as_py(),
                moment(times[place]),
                _shown(rows[name][place].as_py()),
                _shown(recomputed[place].as_py()),
            )
            for place in where[:FIRST].tolist()
        ),
        cause=None,
        distance=math.nan,
        alert=bool(count) and count >= rules.share * len(differing),
    )


def _incomparable(column: FeatureColumn, rows: pa.Table, recomputed: pa.ChunkedArray) -> str:
    """Why a feature's values in the log cannot be compared; empty where they can."""
    name = column.name
    if name not in rows.column_names:
        return f"{name} is not in the log (dropped, or served under another name): not compared."
    served = rows[name]
    wanted = pa.types.is_floating if column.kind == "numeric" else pa.types.is_string
    hashed = pa.types.is_string(served.type) and _all_hashes(served)
    if hashed and not (pa.types.is_string(recomputed.type) and _all_hashes(recomputed)):
        return f"{name} is logged as a keyed hash: not compared."
    if not wanted(served.type):
        return f"{name} is logged as {served.type}, but is {column.kind}: not compared."
    return ""


def _all_hashes(values: pa.ChunkedArray) -> bool:
    present = values.drop_null()
    return len(present) > 0 and bool(pc.all(pc.match_substring_regex(present, _HASH)).as_py())


def _unmatched(served: Served, matched: NDArray[np.int64]) -> list[str]:
    problems = []
    if served.several:
        problems.append(
            f"{served.several:,} rows are of requests for more than one row: their id names no "
            "single event."
        )
    if lacking := len(served.rows) - len(matched):
        ids = served.rows["_request_id"]
        without = np.setdiff1d(np.arange(len(served.rows)), matched)[:3]
        examples = ", ".join(repr(ids[place].as_py()) for place in without.tolist())
        problems.append(
            f"{lacking:,} of {len(served.rows):,} rows have no raw event of their own, such as "
            f"{examples}."
        )
    return problems


def _other_times(logged: NDArray[np.int64], events: NDArray[np.int64]) -> list[str]:
    """Rows that were asked as of another time than the event's: a wrong clock or time zone."""
    difference = logged - events
    wrong = difference != 0
    if not wrong.any():
        return []
    values, counts = np.unique(difference[wrong], return_counts=True)
    usual = int(values[np.argmax(counts)])
    return [
        f"{int(wrong.sum()):,} rows were logged at another time than their event's, most of them "
        f"by {usual / 3_600_000_000:+.6g} hours ({int(counts.max()):,} rows)."
    ]


def _shown(value: float | str | None) -> str:
    return "" if value is None else str(value)


def moment(microseconds: int) -> datetime:
    """A time from microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(microseconds))
