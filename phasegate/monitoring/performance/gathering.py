"""Tallies of a log's windows, by DuckDB: what leaves it does not grow with traffic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from phasegate.clock import microseconds
from phasegate.errors import BadInput, Unavailable
from phasegate.monitoring.performance import statements
from phasegate.monitoring.performance.statements import Windows
from phasegate.monitoring.performance.tally import WindowTally
from phasegate.monitoring.performance.tallying import read_tallies
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.profile import Profile
from phasegate.release.gathering.labels import LabelSource

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MEMORY = "2GB"


@dataclass(frozen=True, eq=False, slots=True)
class Gathered:
    """What was found.

    Attributes:
        tallies: of each window and model that answered in it, in order of time, then digest.
        problems: what is wrong with labels or log, each in a sentence.
    """

    tallies: tuple[WindowTally, ...]
    problems: tuple[str, ...]


def windows_of(width: timedelta, history: datetime, until: datetime) -> Windows:
    """Windows of a history: the same ones whenever it is looked.

    They are aligned to the epoch. The first one is the first that lies in the history whole, or the
    last one if none does; the last one ends at ``until``.

    Raises:
        BadInput: there is no time to cut.
    """
    if width <= timedelta(0) or history >= until:
        raise BadInput(
            "performance cannot be measured over no time",
            where="monitoring policy",
            expected="performance.window and retraining.history above 0",
        )
    first = -((_EPOCH - history) // width)  # rounded up
    last = (until - _EPOCH - timedelta(microseconds=1)) // width
    return Windows(_EPOCH + min(first, last) * width, until, width)


def gather(
    files: Sequence[Path],
    policy: MonitoringPolicy,
    profile: Profile,
    *,
    history: datetime,
    until: datetime,
    now: datetime,
    folder: Path,
    threads: int | None = None,
) -> Gathered:
    """Read log and labels over a history.

    Only answers that users got count: roles champion and challenger, each (model_digest,
    request_id, row) once, by the earliest. Labels that cannot be used are a problem that is said,
    and take nothing but the labels away.

    Args:
        files: stored tables of the prediction log, under the names that the store gives them.
        policy: with windows and labels.
        profile: on whose bins the scores of its own model are summed.
        history: event time that whole windows are after.
        until: event time that rows are before.
        now: event time of the look, by which labels are mature or not.
        folder: for labels from a bucket, and what does not fit into memory.
        threads: of DuckDB; None for one for each core.

    Raises:
        BadInput: the log cannot be read, or the policy's windows are none.
        Unavailable: the labels' bucket did not answer.
    """
    windows = windows_of(policy.performance.window, history, until)
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(folder, threads) as connection:
        digests = statements.answers(connection, files, windows)
        problems = _read_labels(connection, policy, folder)
        mature = microseconds(now) - policy.labels.delay // timedelta(microseconds=1)
        is_negative = policy.labels.absent == "negative"
        statements.join_labels(
            connection, mature, is_negative and not problems, policy.performance.min_rows
        )
        problems = problems or _unmatched(connection, policy, windows)
        tallies = read_tallies(connection, digests, windows, profile, policy.performance.metric)
    return Gathered(tallies, tuple(problems))


def _read_labels(
    connection: duckdb.DuckDBPyConnection, policy: MonitoringPolicy, folder: Path
) -> list[str]:
    """Fill the table of known labels; what is wrong with them."""
    if not policy.labels.source:
        statements.no_labels(connection)
        return ["No labels are declared: performance is estimated only, and never checked."]
    try:
        known = LabelSource(policy.labels, folder).known(connection)
        try:
            known.to_table("known")
        except duckdb.Error as error:
            raise BadInput(
                f"labels cannot be read ({str(error).splitlines()[0][:300]})",
                where=policy.labels.source,
            ) from None
    except Unavailable:
        raise
    except BadInput as error:
        connection.execute("DROP TABLE IF EXISTS known")
        statements.no_labels(connection)
        return [f"Labels cannot be used: {error}"]
    return []


def _unmatched(
    connection: duckdb.DuckDBPyConnection, policy: MonitoringPolicy, windows: Windows
) -> list[str]:
    """Labels of requests that nobody knows, and windows that no label reached."""
    found = statements.reach(connection)
    if found.mature and found.labels and not found.matched:
        return [
            f"{policy.labels.source}: {found.labels:,} requests have labels in column"
            f" '{policy.labels.key}', and none of them is one of the {found.mature:,} logged rows"
            f" that are old enough (a label: '{found.label_example}', a logged id:"
            f" '{found.logged_example}'). Check that labels.key holds the ids of requests."
        ]
    if found.mature and not found.labels:
        return [f"{policy.labels.source}: the label files name no request."]
    if found.silent:
        first = windows.start(found.silent[0])
        return [
            f"No label names any request of {len(found.silent)} of the windows, the first from"
            f" {first:%Y-%m-%d %H:%M}: absent labels are not taken for negative there."
        ]
    return []


@contextmanager
def _opened(folder: Path, threads: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, str | int] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": "false",
    }
    if threads is not None:
        settings["threads"] = threads
    try:
        with duckdb.connect(config=settings) as connection:
            yield connection
    except duckdb.Error as error:
        text = (str(error).splitlines() or [""])[0]
        raise BadInput(f"the prediction log cannot be read ({text[:300]})") from None
