"""Raw events as one Parquet file that features are computed from as they are for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions
from phasegate.release.gathering.rows import literal, quoted

KEY = "_key"
MARGIN = timedelta(days=2)
"""Before the widest window and after the last request: what shifted windows would have seen."""

_PARQUET = "read_parquet([{}], union_by_name = true, hive_partitioning = false)"
_CSV = (
    "read_csv([{}], header = true, union_by_name = true, sample_size = -1, "
    "delim = {}, nullstr = [{}], types = {{{}: 'VARCHAR'}})"
)


@dataclass(frozen=True)
class RawEvents:
    """Events that the requests of a window have their features from.

    Attributes:
        part: Parquet file of the columns that features depend on, and the key as text, `KEY`.
        rows: of it.
        uncomputable: features that need what the events do not say.
        problems: what is wrong with the events, each in a sentence.
    """

    part: Path
    rows: int
    uncomputable: frozenset[str]
    problems: tuple[str, ...]


def write_events(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[Path]],
    data: Mapping[str, Any],
    definitions: FeatureDefinitions,
    key: str,
    since: datetime,
    until: datetime,
    part: Path,
) -> RawEvents:
    """Write the events of a window and of the past that its features see.

    An event that is there twice is counted once. One whose key has several events that differ has
    no features that could be compared: its key is left out, and it counts as the first of them. A
    label that is not known yet is taken for negative; a window over labels sees none that young.

    Args:
        connection: to read with; its time zone is set to UTC.
        files: of the events, by kind: csv, parquet.
        data: data section of the project file.
        definitions: of the features.
        key: column that request ids are taken from.
        since: first event time of the window.
        until: event time that it is before.
        part: file to write.

    Raises:
        BadInput: the files cannot be read, or lack a column.
    """
    try:
        return _written(connection, files, data, definitions, key, (since, until), part)
    except duckdb.Error as error:
        text = (str(error).splitlines() or [""])[0]
        raise BadInput(f"the raw events cannot be read ({text[:300]})") from None


def _written(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[Path]],
    data: Mapping[str, Any],
    definitions: FeatureDefinitions,
    key: str,
    window: tuple[datetime, datetime],
    part: Path,
) -> RawEvents:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW given AS {_reading(files, data, key)}")
    types = {name: str(kind) for name, kind, *_ in connection.execute("DESCRIBE given").fetchall()}
    label = definitions.label.column
    needed = dict.fromkeys((key, *(name for name in definitions.sources if name != label)))
    if absent := [name for name in needed if name not in types]:
        raise BadInput(
            f"the raw events have no column named {', '.join(repr(name) for name in absent)}",
            expected=f"columns that features are made of; there are {', '.join(types)}",
        )
    columns = ", ".join(quoted(name) for name in needed if name != key or key in _used(definitions))
    chosen = [f"{quoted(key)}::VARCHAR AS {KEY}", *([columns] if columns else [])]
    negative, known = _label(definitions, types)
    chosen.append(f"{known} AS _known")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE seen AS SELECT {', '.join(chosen)} FROM given "
        f"WHERE {_within(definitions, types, *window)}"
    )
    problems = _once_each(connection, [name for name in needed if name in _used(definitions)])
    uncomputable, more = _unlabelled(connection, definitions, types, window[1])
    connection.execute(
        f"COPY (SELECT * EXCLUDE (_known), coalesce(_known, {negative}) AS {quoted(label)} "
        f"FROM seen) TO {literal(str(part))} (FORMAT parquet)"
    )
    ((rows,),) = connection.execute("SELECT count(*) FROM seen").fetchall()
    connection.execute("DROP TABLE seen")
    return RawEvents(part, rows, uncomputable, (*problems, *more))


def _used(definitions: FeatureDefinitions) -> set[str]:
    return set(definitions.sources)


def _reading(files: Mapping[str, Sequence[Path]], data: Mapping[str, Any], key: str) -> str:
    options = data.get("csv") or {}
    nulls = ", ".join(literal(text) for text in options.get("nulls", ["", "NA"]))
    parts = []
    for kind, paths in files.items():
        listed = ", ".join(literal(str(path)) for path in paths)
        if kind == "csv":
            # Ids are texts as they are written: 007 is no number.
            delimiter = literal(options.get("delimiter", ","))
            reader = _CSV.format(listed, delimiter, nulls, literal(key))
        else:
            reader = _PARQUET.format(listed)
        parts.append(f"SELECT * FROM {reader}")
    return " UNION ALL BY NAME ".join(parts)


def _within(
    definitions: FeatureDefinitions, types: Mapping[str, str], since: datetime, until: datetime
) -> str:
    """Condition on the events: as far back as any feature looks."""
    if definitions.time is None:
        return "true"
    time = quoted(definitions.time)
    if not types[definitions.time].startswith(("TIMESTAMP", "DATE")):
        time = f"try_cast({time} AS TIMESTAMPTZ)"
    reach = max((item.delay + item.width for item in definitions.statistics), default=0)
    margin = MARGIN // timedelta(microseconds=1)
    first, last = microseconds(since) - reach - margin, microseconds(until) + margin
    return f"epoch_us({time}) BETWEEN {first} AND {last}"


def _label(definitions: FeatureDefinitions, types: Mapping[str, str]) -> tuple[str, str]:
    """SQL of a label that means no, and of the label as it is, null where it is not known."""
    label, kind = definitions.label, types.get(definitions.label.column)
    if kind is None:
        kind = "VARCHAR" if isinstance(label.positive, str) else "DOUBLE"
        known = f"NULL::{kind}"
    else:
        known = quoted(label.column)
    if kind == "VARCHAR":
        return literal("" if label.positive != "" else "no"), known
    if kind in ("FLOAT", "DOUBLE"):
        known = f"CASE WHEN NOT isnan({known}) THEN {known} END"
    no = 1 if float(label.positive) == 0 else 0
    return f"{no}::{kind}", known


def _once_each(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> tuple[str, ...]:
    """Leave each key one event, and say what was there more often."""
    ((rows, keys),) = connection.execute(
        f"SELECT count({KEY}), count(DISTINCT {KEY}) FROM seen"
    ).fetchall()
    if rows == keys:
        return ()
    content = f"hash({', '.join(quoted(name) for name in columns) or 0})"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE several AS
            SELECT {KEY}, count(*) AS copies, count(DISTINCT {content}) AS kinds
            FROM seen WHERE {KEY} IS NOT NULL GROUP BY {KEY} HAVING count(*) > 1"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE seen AS
            SELECT * EXCLUDE (copies, kinds)
                REPLACE (CASE WHEN coalesce(kinds, 1) = 1 THEN {KEY} END AS {KEY})
            FROM (
                SELECT seen.*, copies, kinds FROM seen LEFT JOIN several USING ({KEY})
                QUALIFY {KEY} IS NULL OR 1 = row_number() OVER (
                    PARTITION BY {KEY} ORDER BY {content}, _known NULLS LAST
                )
            )"""
    )
    ((repeated, several),) = connection.execute(
        "SELECT sum(copies) - count(*), count(*) FILTER (kinds > 1) FROM several"
    ).fetchall()
    connection.execute("DROP TABLE several")
    problems = [f"{repeated:,} raw events are there more than once; each was counted once."]
    if several:
        problems.append(
            f"{several:,} keys have raw events that differ; their requests are not compared."
        )
    return tuple(problems)


def _unlabelled(
    connection: duckdb.DuckDBPyConnection,
    definitions: FeatureDefinitions,
    types: Mapping[str, str],
    until: datetime,
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Features over labels that are not there, and what is wrong with labels."""
    label = definitions.label.column
    over = [window for window in definitions.windows if window.statistic.value == label]
    if not over:
        return frozenset(), ()
    if label not in types:
        names = frozenset(window.name for window in over)
        return names, (f"The raw events have no labels: {', '.join(sorted(names))} not compared.",)
    kind = types[definitions.time or label]
    time = quoted(definitions.time or label)
    if not kind.startswith(("TIMESTAMP", "DATE")):
        time = f"try_cast({time} AS TIMESTAMPTZ)"
    last = microseconds(until) - min(window.statistic.delay for window in over)
    ((count,),) = connection.execute(
        f"SELECT count(*) FROM seen WHERE _known IS NULL AND epoch_us({time}) < {last}"
    ).fetchall()
    if not count:
        return frozenset(), ()
    return frozenset(), (
        f"{count:,} raw events still have no label when windows over it see them; "
        "they were taken for negative.",
    )
