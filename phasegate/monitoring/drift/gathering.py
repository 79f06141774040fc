"""Windows of a model's predictions as counts, from the log's rows or from sidecars' summaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from phasegate.errors import BadInput
from phasegate.monitoring.counting import merged
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift.logged import (
    USERS,
    answered,
    between,
    by_model,
    connect,
    count_logged,
    number_of,
    table_of,
    text_of,
)
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.summed import WindowSummaries, days, log_paths, read_window
from phasegate.store.named import NamedFiles


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
    windows, repeated = [], 0
    with _reading(folder) as connection:
        for start, end in spans(since, until, width):
            traffic = answered(connection, of_days(files, start, end), start, end)
            counts, again = count_logged(connection, of_days(own, start, end), profile, start, end)
            windows.append(Window(start, end, counts, traffic))
            repeated += again
        notes = _notes(connection, files, own, profile, since, until)
    if repeated:
        notes.insert(0, f"{repeated:,} rows were logged again, and counted once.")
    return Gathered(tuple(windows), tuple(notes))


def from_summaries(
    store: NamedFiles, model: str, profile: Profile, width: timedelta, *, since: datetime,
    until: datetime, folder: Path,
) -> Gathered:  # fmt: skip
    """Read windows from what sidecars have counted: the same ones as from the log.

    Segments that share rows, or have no summary, are counted from the log.

    Args:
        folder: for what is fetched, or does not fit into memory.

    Raises:
        BadInput: the store did not answer, or refused; or a file of the log cannot be read.
    """
    windows, notes = [], []
    with _reading(folder) as connection:
        for start, end in spans(since, until, width):
            found = read_window(store, model, profile, start, end, folder / "unsummed")
            own, gone = log_paths(store, found.unsummed, folder / "unsummed")
            others, _ = log_paths(store, found.others_unsummed, folder / "unsummed")
            counts, again = count_logged(connection, own, profile, start, end)
            counts = merged(profile, [*found.panes.values(), counts])
            traffic = counts.rows + found.others + answered(connection, others, start, end)
            windows.append(Window(start, end, counts, traffic))
            said = _left_out(found, found.duplicates + again, gone)
            notes += [f"{start:%Y-%m-%d %H:%M}: {one}" for one in said]
    return Gathered(tuple(windows), tuple(notes))


def of_days(files: Sequence[Path], since: datetime, until: datetime) -> list[Path]:
    """Files of the days that a span of event time has a part of.

    Args:
        files: ``.../date=YYYY-MM-DD/model=DIGEST/NAME``, each with rows of that day in UTC.
    """
    names = {f"date={day}" for day in days(since, until)}
    return [one for one in files if one.parents[1].name in names]


@contextmanager
def _reading(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection; what goes wrong while the log is read is bad input.

    Raises:
        BadInput: a file of the log cannot be read.
    """
    connection = connect(folder)
    try:
        yield connection
    except duckdb.Error as error:
        raise BadInput(
            f"the prediction log cannot be read ({str(error).splitlines()[0][:300]})",
            where="detect_drift",
        ) from None
    finally:
        connection.close()


def _left_out(found: WindowSummaries, repeated: int, gone: Sequence[str]) -> list[str]:
    said = []
    if repeated:
        said.append(f"{repeated:,} rows were logged again, and counted once.")
    if gone:
        said.append(
            f"{len(gone):,} segments share rows with others, and the log does not have them any "
            "more: they are not counted."
        )
    if found.uncounted:
        said.append(
            f"{found.uncounted:,} files of the log have no summary, and were counted themselves."
        )
    if found.foreign:
        said.append(f"{len(found.foreign):,} summaries are of another profile or cut by it.")
    return said + [f"A summary cannot be read: {one}" for one in found.damaged]


def _notes(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], own: Sequence[Path],
    profile: Profile, since: datetime, until: datetime,
) -> list[str]:  # fmt: skip
    """What the files hold besides the windows."""
    inside, digest = between(since, until), text_of(profile.model_digest)
    notes = []
    others = sum(
        number_of(connection, f"SELECT count(*) FROM {table_of(part)} "
                f"WHERE {USERS} AND {inside} AND model_digest <> {digest}")
        for part in by_model(files)
    )  # fmt: skip
    shadows = failed = outside = 0
    if own:
        table = f"{table_of(own)} WHERE model_digest = {digest} AND"
        shadows = number_of(connection, f"SELECT count(*) FROM {table} NOT ({USERS}) AND {inside}")
        failed = number_of(
            connection,
            f"SELECT count(*) FROM {table} {USERS} AND {inside} AND error IS NOT NULL",
        )
        outside = number_of(connection, f"SELECT count(*) FROM {table} {USERS} AND NOT ({inside})")
    for number, words in (
        (others, "rows of other models answered users; they are judged with their own reference."),
        (shadows, "rows are copies that answered nobody, and do not count."),
        (failed, "requests failed: they have no features and no score."),
        (outside, "rows in these files have an event time outside the window, and do not count."),
    ):
        if number:
            notes.append(f"{number:,} {words}")
    return notes
