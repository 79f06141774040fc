"""Windows of the prediction log as counts: each answer to a user once, whatever files it lies in.

DuckDB finds what is repeated and puts only that in order; the rest is counted as it is read, one
window at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from pathlib import Path

import duckdb

from phasegate.errors import BadInput
from phasegate.monitoring.counting import count
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.summaries import WindowSummaries, read_window
from phasegate.store.named import NamedFiles

_MEMORY = "2GB"
_USERS = "role IN ('champion', 'challenger')"


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Counts of one window.

    Attributes:
        since, until: of event time.
        counts: of the model's rows.
        traffic: rows of all models that answered users; None where only this one was read.
    """

    since: datetime
    until: datetime
    counts: WindowCounts
    traffic: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Gathered:
    """What was read: windows in order of time, and what was left out, a sentence each."""

    windows: tuple[Window, ...]
    notes: tuple[str, ...]


def spans(since: datetime, until: datetime, width: timedelta) -> list[tuple[datetime, datetime]]:
    """Windows of a span; the last one ends with it, if need be early.

    Raises:
        BadInput: there is no time to cut.
    """
    if width <= timedelta(0) or since >= until:
        raise BadInput(
            "drift cannot be judged over no time", where="monitoring policy",
            expected="drift.window above 0, and a window that ends after it begins",
        )  # fmt: skip
    found = []
    while since < until:
        found.append((since, min(since + width, until)))
        since += width
    return found


def from_log(
    files: Sequence[Path],
    profile: Profile,
    width: timedelta,
    *,
    since: datetime,
    until: datetime,
    folder: Path,
) -> Gathered:
    """Read windows from stored tables.

    Of a row that was logged more than once, an answer counts before a failure, and the earliest
    of either.

    Args:
        files: stored tables of the log, of all models, under the names that the store gives them.
        profile: of the model that is judged.
        width: of a window.
        since, until: event time, from and before.
        folder: for what does not fit into memory.

    Raises:
        BadInput: a file cannot be read.
    """
    own = [one for one in files if one.parent.name == f"model={profile.model_digest[:12]}"]
    connection = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(folder)})
    try:
        windows = [
            _window(connection, files, own, profile, *span) for span in spans(since, until, width)
        ]
        notes = _notes(connection, files, own, profile, since, until)
    except duckdb.Error as error:
        raise BadInput(
            f"the prediction log cannot be read ({str(error).splitlines()[0][:300]})",
            where="detect_drift",
        ) from None
    finally:
        connection.close()
    repeated = sum(rows for _, rows in windows)
    if repeated:
        notes.insert(0, f"{repeated:,} rows were logged again, and counted once.")
    return Gathered(tuple(one for one, _ in windows), tuple(notes))


def from_summaries(
    store: NamedFiles, model: str, profile: Profile, width: timedelta, *, since: datetime,
    until: datetime,
) -> Gathered:  # fmt: skip
    """Read windows from what sidecars have counted.

    Raises:
        BadInput: the store did not answer, or refused.
    """
    windows, notes = [], []
    for start, end in spans(since, until, width):
        found = read_window(store, model, profile, start, end)
        counts = reduce(add, found.panes.values(), WindowCounts.none(profile))
        windows.append(Window(start, end, counts, None))
        notes += [f"{start:%Y-%m-%d %H:%M}: {one}" for one in _left_out(found)]
    return Gathered(tuple(windows), tuple(notes))


def _left_out(found: WindowSummaries) -> list[str]:
    said = []
    if found.duplicates:
        said.append(f"{found.duplicates:,} rows came again, and were counted once.")
    if found.uncounted:
        said.append(f"{len(found.uncounted):,} files of the log have no summary.")
    if found.foreign:
        said.append(f"{len(found.foreign):,} summaries are of another profile or cut by it.")
    return said + [f"A summary cannot be read: {one}" for one in found.damaged]


def _window(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], own: Sequence[Path],
    profile: Profile, since: datetime, until: datetime,
) -> tuple[Window, int]:  # fmt: skip
    """A window, and how many rows of its model were repeated."""
    logged = f"{_USERS} AND {_between(since, until)}"
    traffic = sum(
        _number(
            connection,
            f'SELECT count(*) FROM (SELECT DISTINCT model_digest, request_id, "row" '
            f"FROM {_table(part)} WHERE error IS NULL AND {logged})",
        )
        for part in _by_model(files)
    )
    if not own:
        return Window(since, until, WindowCounts.none(profile), traffic), 0
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW logged AS
        SELECT request_id, "row", event_time, score, decision, error, latency_us, features
        FROM {_table(own)} WHERE model_digest = {_text(profile.model_digest)} AND {logged}"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE repeated AS SELECT request_id, "row", count(*) AS times
        FROM logged GROUP BY ALL HAVING count(*) > 1"""
    )
    rows = connection.sql(
        """FROM logged ANTI JOIN repeated USING (request_id, "row")
        UNION ALL BY NAME
        (FROM logged SEMI JOIN repeated USING (request_id, "row")
        QUALIFY 1 = row_number() OVER (
            PARTITION BY request_id, "row"
            ORDER BY error IS NOT NULL, event_time, latency_us, score, decision, hash(features)
        ))"""
    )
    table = rows.to_arrow_table()
    again = _number(connection, "SELECT coalesce(sum(times - 1), 0) FROM repeated")
    return Window(since, until, count(profile, table), traffic), again


def _notes(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], own: Sequence[Path],
    profile: Profile, since: datetime, until: datetime,
) -> list[str]:  # fmt: skip
    """What the files hold besides the windows."""
    inside, digest = _between(since, until), _text(profile.model_digest)
    notes = []
    others = sum(
        _number(connection, f"SELECT count(*) FROM {_table(part)} "
                f"WHERE {_USERS} AND {inside} AND model_digest <> {digest}")
        for part in _by_model(files)
    )  # fmt: skip
    shadows = failed = outside = 0
    if own:
        table = f"{_table(own)} WHERE model_digest = {digest} AND"
        shadows = _number(connection, f"SELECT count(*) FROM {table} NOT ({_USERS}) AND {inside}")
        failed = _number(
            connection,
            f"SELECT count(*) FROM {table} {_USERS} AND {inside} AND error IS NOT NULL",
        )
        outside = _number(connection, f"SELECT count(*) FROM {table} {_USERS} AND NOT ({inside})")
    for number, words in (
        (others, "rows of other models answered users; they are judged with their own reference."),
        (shadows, "rows are copies that answered nobody, and do not count."),
        (failed, "requests failed: they have no features and no score."),
        (outside, "rows in these files have an event time outside the window, and do not count."),
    ):
        if number:
            notes.append(f"{number:,} {words}")
    return notes


def _by_model(files: Sequence[Path]) -> list[list[Path]]:
    """Files of one model together: others may have features of the same names and other types."""
    parts: dict[str, list[Path]] = {}
    for file in files:
        parts.setdefault(file.parent.name, []).append(file)
    return [parts[name] for name in sorted(parts)]


def _table(files: Sequence[Path]) -> str:
    names = ", ".join(_text(str(one)) for one in sorted(files))
    return f"read_parquet([{names}], union_by_name = true, hive_partitioning = false)"


def _between(since: datetime, until: datetime) -> str:
    first, last = (one.astimezone(UTC).isoformat() for one in (since, until))
    return f"(event_time >= '{first}'::TIMESTAMPTZ AND event_time < '{last}'::TIMESTAMPTZ)"


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(connection.execute(sql).fetchall()[0][0])


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
