"""A table's first rows as reference, and windows of the rest held against it as they come.

Rows have no clock here: a window counts as a day, whatever its rows, so that a budget of false
alarms "in 30 days" is one in 30 windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.models.encoding import CATEGORICAL, NUMERIC, Input
from phasegate.monitoring.columns import is_text, numbers
from phasegate.monitoring.counting import count, count_panes
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift.calibration import Calibration, calibrate
from phasegate.monitoring.drift.judge import judge
from phasegate.monitoring.drift.judgement import DriftJudgement
from phasegate.monitoring.policy import DAY, CalibratedRule, DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.profiling import kinds, table_profile

START = datetime(2000, 1, 1, tzinfo=UTC)
PANES = 8
SEED = 1


@dataclass(frozen=True, eq=False, slots=True)
class Watch:
    """What windows are held against.

    Attributes:
        profile: of the first rows.
        calibration: of windows among them.
        rules: windows last a day.
        window: rows of a window.
        reference: rows of the reference.
    """

    profile: Profile
    calibration: Calibration
    rules: DriftRules
    window: int
    reference: int


@dataclass(frozen=True, eq=False, slots=True)
class JudgedWindow:
    """A window of rows.

    Attributes:
        first, last: numbers of its rows in the table's order, from 1.
        counts: of them.
        judgement: of the counts.
    """

    first: int
    last: int
    counts: WindowCounts
    judgement: DriftJudgement


def watch(reference: pa.Table, name: str, window: int, false_alarms: float) -> Watch:
    """A reference from a table's first rows, calibrated on windows among them.

    Args:
        reference: the rows; text columns of nothing but numbers are numeric.
        name: of the table.
        window: rows of a window.
        false_alarms: budget in 30 windows without drift.

    Raises:
        BadInput: fewer than two windows of rows, or no column to compare.
    """
    if len(reference) < 2 * window:
        raise BadInput(
            f"{len(reference):,} reference rows are no two windows of {window:,}", where=name,
            expected=f"at least {2 * window:,} rows to compare with",
            fix="give a table with more rows, a larger --reference, or a smaller --window",
        )  # fmt: skip
    columns = columns_of(reference)
    if not columns:
        raise BadInput("has no column of numbers or categories", where=name)
    budget = CalibratedRule(false_alarms=false_alarms)
    rules = DriftRules(
        window=DAY,
        pane=DAY // PANES if window % PANES == 0 else DAY,
        calibrated=replace(budget, min_rows=min(budget.min_rows, window)),
    )
    times = _times(np.arange(len(reference)), window)
    profile = table_profile(reference, columns, name=name, times=times)
    panes = count_panes(profile, _logged(reference, profile, times), rules.pane)
    calibration = calibrate(profile, panes, rules, seed=SEED)
    return Watch(profile, calibration, rules, window, len(reference))


def columns_of(table: pa.Table) -> tuple[Input, ...]:
    """Columns and how they are compared: text is numeric where all that is there is a number."""
    return tuple(
        _as_numbers(table, one) if one.kind == CATEGORICAL else one for one in kinds(table)
    )


def judged(watched: Watch, pieces: Iterable[pa.Table]) -> Iterator[JudgedWindow]:
    """Each whole window of the rows behind the reference, judged as soon as it has come.

    A last window that is not full is left out.

    Args:
        watched: the reference.
        pieces: of the rows behind it, in order.
    """
    first, held = watched.reference, []
    for piece in pieces:
        held.append(piece)
        rows = pa.concat_tables(held)
        while len(rows) >= watched.window:
            yield _judge(watched, rows.slice(0, watched.window), first)
            rows, first = rows.slice(watched.window), first + watched.window
        held = [rows]


def _judge(watched: Watch, rows: pa.Table, first: int) -> JudgedWindow:
    counts = count(watched.profile, _logged(rows, watched.profile))
    since = START + DAY * (first // watched.window)
    found = judge(
        watched.profile, watched.calibration, counts, watched.rules, since=since, until=since + DAY
    )
    return JudgedWindow(first + 1, first + len(rows), counts, found)


def _as_numbers(table: pa.Table, column: Input) -> Input:
    values = table[column.name]
    if not is_text(values.type) or values.null_count == len(values):
        return column
    _, invalid = numbers(values)
    return Input(column.name, NUMERIC) if invalid is None else column


def _times(rows: Sequence[int] | np.ndarray, window: int) -> np.ndarray:
    """Microseconds: each window fills a day evenly."""
    day, numbers_of = DAY // timedelta(microseconds=1), np.asarray(rows, np.int64)
    start = int(START.timestamp()) * 1_000_000
    return start + numbers_of // window * day + numbers_of % window * (day // window)


def _logged(rows: pa.Table, profile: Profile, times: np.ndarray | None = None) -> pa.Table:
    names = [one.name for one in profile.features]
    columns = [rows[name].combine_chunks() for name in names]
    arrays = [one.chunk(0) if isinstance(one, pa.ChunkedArray) else one for one in columns]
    table = {"features": pa.StructArray.from_arrays(arrays, names=names)}
    if times is not None:
        table["event_time"] = pa.array(times, pa.timestamp("us", tz="UTC"))
    return pa.table(table)
