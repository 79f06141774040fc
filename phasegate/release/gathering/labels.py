"""What became of the events, as far as it is known at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.release.gathering.label_files import label_files
from phasegate.release.gathering.rows import literal, quoted
from phasegate.release.policy import Labels

_READERS = {
    # Text as it is written: an id such as 007 is no number.
    "csv": "read_csv([{}], all_varchar = true, header = true, union_by_name = true)",
    "parquet": "read_parquet([{}], union_by_name = true, hive_partitioning = false)",
}
_KEYS = ("varchar", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint")
_KEYS += ("uinteger", "ubigint", "hugeint", "uhugeint", "uuid")

# True and yes are 1, as Python's bool is.
_NUMBER = "coalesce(try_cast(text AS DOUBLE), try_cast(text AS BOOLEAN)::INTEGER::DOUBLE)"


class LabelSource:
    """Labels of requests, in CSV and Parquet files.

    A row's label is that of its request: the ids are equal as texts, and nothing else is tried.

    Args:
        labels: of the policy.
        folder: for files from a bucket.
    """

    def __init__(self, labels: Labels, folder: Path) -> None:
        self._labels, self._folder = labels, folder

    def join(
        self,
        connection: duckdb.DuckDBPyConnection,
        rows: duckdb.DuckDBPyRelation,
        now: datetime,
    ) -> duckdb.DuckDBPyRelation:
        """The rows with one more column: ``label``, a boolean.

        It is null of events that are younger than the labels' delay, whatever their files say
        already: what is known early is not known of all alike. It is null where labels of one
        request differ, or none of them says anything. A request that has none at all has, when its
        time has come, what the policy takes absent labels for.

        Args:
            connection: of the relation.
            rows: with the columns request_id and event_time.
            now: event time.

        Raises:
            BadInput: files or columns are not there, or a label is not what the policy expects.
            Unavailable: their bucket did not answer.
        """
        if not self._labels.source:
            return rows.project("*, NULL::BOOLEAN AS label")
        mature = microseconds(now) - self._labels.delay // timedelta(microseconds=1)
        absent = "false" if self._labels.absent == "negative" else "NULL"
        known = self.known(connection).set_alias("known")
        return (
            rows.set_alias("rows")
            .join(known, "rows.request_id = known.labelled", how="left")
            .project(
                f"""rows.*, CASE WHEN epoch_us(rows.event_time) > {mature} THEN NULL
                    WHEN known.labelled IS NULL THEN {absent}
                    ELSE known.label END::BOOLEAN AS label"""
            )
        )

    def known(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        """One row for each request that the files name, mature or not.

        Columns are labelled (its id), label (a boolean; null where its labels differ, or none says
        anything) and contradictory (whether they differ).

        Raises:
            BadInput, Unavailable: as `join`.
        """
        try:
            texts = self._texts(connection)
            self._check(texts)
            return texts.project(f"labelled, {self._meaning()} AS label").aggregate(
                """labelled, CASE WHEN min(label) = max(label) THEN min(label) END AS label,
                coalesce(min(label) <> max(label), false) AS contradictory""",
                "labelled",
            )
        except duckdb.Error as error:
            raise self._unusable(f"cannot be read ({str(error).splitlines()[0][:300]})") from None

    def _texts(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        """All rows of the files as texts: labelled, text."""
        found: duckdb.DuckDBPyRelation | None = None
        for kind, files in label_files(self._labels.source, self._folder).items():
            paths = ", ".join(literal(str(file)) for file in files)
            relation = connection.sql(f"FROM {_READERS[kind].format(paths)}")
            types = dict(zip(relation.columns, relation.types, strict=True))
            for name in (self._labels.key, self._labels.column):
                if name not in types:
                    raise self._unusable(
                        f"have no column '{name}'", f"one of {', '.join(relation.columns)}"
                    )
            if str(types[self._labels.key].id) not in _KEYS:
                raise self._unusable(
                    f"have ids of type {types[self._labels.key]} in '{self._labels.key}'",
                    "texts or whole numbers, equal to the ids of requests",
                )
            key, column = (quoted(name) for name in (self._labels.key, self._labels.column))
            part = relation.project(
                f"{key}::VARCHAR AS labelled, nullif(trim({column}::VARCHAR), '') AS text"
            ).filter("labelled IS NOT NULL")
            found = part if found is None else found.union(part)
        assert found is not None, "label_files found none"
        return found

    def _check(self, texts: duckdb.DuckDBPyRelation) -> None:
        if isinstance(self._labels.positive, str):
            return
        unread = texts.filter(f"text IS NOT NULL AND {_NUMBER} IS NULL")
        wrong, example = unread.aggregate("count(*), min(text)").fetchall()[0]
        if wrong:
            raise self._unusable(
                f"have {wrong:,} labels in '{self._labels.column}' like '{example[:40]}'",
                f"values of which {self._labels.positive!r} means yes",
            )

    def _meaning(self) -> str:
        positive = self._labels.positive
        if isinstance(positive, str):
            return f"text = {literal(positive.strip())}"
        return f"CASE WHEN NOT isnan({_NUMBER}) THEN {_NUMBER} = {float(positive)!r}::DOUBLE END"

    def _unusable(self, what: str, expected: str | None = None) -> BadInput:
        return BadInput(f"labels {what}", where=self._labels.source, expected=expected)
