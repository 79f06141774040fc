"""CSV files to typed Parquet: streaming, in row order, the same bytes whatever the threads.

DuckDB reads and writes: on two cores it was no slower to Parquet than pyarrow or Polars, its bytes
do not depend on the number of threads, and its errors name line and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from components.ingest.csv_errors import explain, wrong_value
from components.ingest.csv_header import LINE_LIMIT, read_header
from components.ingest.csv_types import (
    FIELDS,
    ColumnType,
    Kind,
    conversion,
    infer,
    inference,
    is_bad,
    literal,
    quoted,
    reader_type,
    widest,
)
from components.ingest.source_file import SourceFile
from phasegate.errors import BadInput
from phasegate.progress import Progress
from phasegate.store.copying import no_room

if TYPE_CHECKING:
    import duckdb

_SAMPLE_ROWS = 10_000
_MEMORY = "1GiB"
_REFUSED = "phasegate refused column "


class CsvTable:
    """CSV files that make one table.

    Args:
        files: in row order.
        options: the data section's csv part: delimiter and nulls.
        time: the time column, whose values must all be there.
        workspace: folder for temporary files.
        threads: of DuckDB.

    Raises:
        BadInput: see `read_header`; also headers that differ between files.
    """

    def __init__(
        self,
        files: Sequence[SourceFile],
        options: dict,
        time: str | None,
        workspace: Path,
        threads: int,
    ) -> None:
        import duckdb

        self._files = files
        self._delimiter = options.get("delimiter", ",")
        self._nulls = options.get("nulls", ["", "NA"])
        self._time = time
        self._workspace = workspace
        self.columns = self._read_headers()
        self._connection: duckdb.DuckDBPyConnection = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": _MEMORY,
                "temp_directory": str(workspace / "spill"),
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )

    def convert(self, progress: Progress) -> list[Path]:
        """Write one Parquet file for each CSV file, into the workspace.

        Types come from each file's first rows; a later value that needs a wider number widens its
        column in all files, and any other disagreement is an error.

        Raises:
            BadInput: a line or value that does not fit, with its file, line and column.
        """
        types = self._infer_all()
        self._check_time(types)
        while True:
            try:
                return [
                    self._convert_one(file, number, types, progress)
                    for number, file in enumerate(self._files)
                ]
            except _Widened as widened:
                types[widened.column] = widened.to

    def close(self) -> None:
        """Give DuckDB's memory back."""
        self._connection.close()

    def _read_headers(self) -> list[str]:
        first, *others = self._files
        columns = read_header(first.path, first.name, self._delimiter)
        for file in others:
            theirs = read_header(file.path, file.name, self._delimiter)
            if theirs != columns:
                pairs = zip([*columns, None], [*theirs, None], strict=False)
                ours, other = next(pair for pair in pairs if pair[0] != pair[1])
                raise BadInput(
                    f"mixed schema: column '{other}' stands where {first.name} has '{ours}'",
                    where=file.name,
                    fix="Give all files the same header",
                )
        return columns

    def _infer_all(self) -> dict[str, ColumnType]:
        types: dict[str, ColumnType] = {}
        for file in self._files:
            first_rows = self._infer(file, self.columns, _SAMPLE_ROWS)
            for name in self.columns:
                found = first_rows[name]
                if found.kind is Kind.EMPTY:
                    found = self._infer(file, [name], None)[name]
                known = types.get(name, found)
                wider = widest(known, found)
                if wider is None and name != self._time:
                    raise self._first_bad(file, name, known)
                types[name] = wider or known
        return types

    def _infer(
        self, file: SourceFile, names: Sequence[str], rows: int | None
    ) -> dict[str, ColumnType]:
        """Types of columns, from the file's first rows or (None) from all."""
        source = f"SELECT {', '.join(map(quoted, names))} FROM {self._as_text(file)}"
        counting = f"SELECT {inference(names)} FROM"
        if rows is None:
            query = f"{counting} ({source})"
        else:
            # Under the aggregates, the limit would not stop the reader early.
            sample = f"CREATE OR REPLACE TEMP TABLE first_rows AS {source} LIMIT {rows}"
            query = f"{sample}; {counting} first_rows"
        counts = self._one(file, query, {})
        return {name: infer(counts[FIELDS * i : FIELDS * (i + 1)]) for i, name in enumerate(names)}

    def _check_time(self, types: dict[str, ColumnType]) -> None:
        if self._time is None:
            return
        found = types[self._time]
        if found.kind is Kind.DATE:
            types[self._time] = ColumnType(Kind.TIMESTAMP)
        elif found.kind is Kind.TEXT:
            # Blame the first value that is no time, or that has another zone than the first row.
            raise self._first_bad(self._files[0], self._time, self._expected_time())
        elif found.kind is not Kind.TIMESTAMP:
            value = self._first_values(self._files[0], self._time, "true")
            raise BadInput(
                f"the column holds {found.kind} (line 2: '{value[1] if value else ''}'), not times",
                where=f"time column '{self._time}' of {self._files[0].name}",
                expected="times such as 2026-01-31 12:00:00",
                fix="Convert the column, or set data.time to null",
            )

    def _expected_time(self) -> ColumnType:
        file = self._files[0]
        name = quoted(self._time or "")
        first = f"(SELECT {name} FROM {self._as_text(file)} WHERE {name} IS NOT NULL LIMIT 1)"
        found = infer(self._one(file, f"SELECT {inference([self._time or ''])} FROM {first}", {}))
        return found if found.kind is Kind.TIMESTAMP else ColumnType(Kind.TIMESTAMP)

    def _convert_one(
        self, file: SourceFile, number: int, types: dict[str, ColumnType], progress: Progress
    ) -> Path:
        target = self._workspace / f"part-{number:05d}.parquet"
        target.unlink(missing_ok=True)
        columns = ", ".join(
            f"{self._converted(i, name, types[name])} AS {quoted(name)}"
            for i, name in enumerate(self.columns)
        )
        readers = {name: reader_type(found.kind) for name, found in types.items()}
        progress(number / len(self._files), f"reading {file.name}")
        self._one(
            file,
            f"COPY (SELECT {columns} FROM {self._read(file, readers)})"
            # Building large dictionaries costs more time than they save room.
            f" TO {literal(str(target))}"
            " (FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1000)",
            types,
        )
        return target

    def _converted(self, number: int, name: str, found: ColumnType) -> str:
        refused = f"error('{_REFUSED}{number}.')"
        typed = conversion(name, found, refused)
        if name == self._time:
            return f"CASE WHEN {quoted(name)} IS NULL THEN {refused} ELSE {typed} END"
        return typed

    def _one(self, file: SourceFile, query: str, types: dict[str, ColumnType]) -> tuple:
        """Run a query that gives one row; its failure is explained.

        Raises:
            BadInput: the file's contents do not fit.
            _Widened: they would, with a wider type.
        """
        import duckdb

        try:
            return self._connection.execute(query).fetchone() or ()
        except duckdb.Error as error:
            message = str(error)
            if _REFUSED in message:
                name = self.columns[int(message.split(_REFUSED)[1].split(".", maxsplit=1)[0])]
                self._widen(file, name, types[name])
                raise self._first_bad(file, name, types[name]) from None
            if "No space left" in message or "File too large" in message:
                raise no_room(self._workspace, file.path.stat().st_size) from None
            problem = explain(message, file.path, file.name, types)
        raise problem

    def _widen(self, file: SourceFile, name: str, known: ColumnType) -> None:
        found = self._infer(file, [name], None)[name]
        wider = widest(known, found)
        if wider is not None and wider != known:
            raise _Widened(name, wider)

    def _first_bad(self, file: SourceFile, name: str, expected: ColumnType) -> BadInput:
        condition = is_bad(name, expected, required=name == self._time)
        found = self._first_values(file, name, condition)
        if found is None:
            return BadInput(f"column '{name}' does not hold {expected} only", where=file.name)
        row, value = found
        if name == self._time and value is not None:
            single = f"(SELECT {literal(value)} AS {quoted(name)})"
            other = infer(self._one(file, f"SELECT {inference([name])} FROM {single}", {}))
            if other.kind is Kind.TIMESTAMP and other.zone != expected.zone:
                return BadInput(
                    f"mixed time zones: row {row} has '{value}', the rows before have"
                    f" {expected.zone.strip() or 'no zone'}",
                    where=f"time column '{name}' of {file.name}",
                    fix="Write all times in one zone, best UTC",
                )
        return wrong_value(file.name, name, f"row {row}", value, expected)

    def _first_values(
        self, file: SourceFile, name: str, condition: str
    ) -> tuple[int, str | None] | None:
        """Row number (from 1, without the header) and text of the first row that qualifies."""
        rows = f"SELECT row_number() OVER () AS r, {quoted(name)} FROM {self._as_text(file)}"
        found = self._one(
            file, f"SELECT r, {quoted(name)} FROM ({rows}) WHERE {condition} ORDER BY r LIMIT 1", {}
        )
        return (found[0], found[1]) if found else None

    def _as_text(self, file: SourceFile) -> str:
        return self._read(file, dict.fromkeys(self.columns, "VARCHAR"))

    def _read(self, file: SourceFile, readers: dict[str, str]) -> str:
        columns = ", ".join(f"{literal(name)}: {literal(readers[name])}" for name in self.columns)
        nulls = ", ".join(literal(null) for null in self._nulls)
        return (
            f"read_csv({literal(_escaped(file.path))}, auto_detect=false, header=true,"
            f" delim={literal(self._delimiter)}, quote='\"', escape='\"', strict_mode=true,"
            f" nullstr=[{nulls}], max_line_size={LINE_LIMIT}, columns={{{columns}}})"
        )


class _Widened(Exception):
    """A column needs a wider type than its first rows showed."""

    def __init__(self, column: str, to: ColumnType) -> None:
        self.column, self.to = column, to


def _escaped(path: Path) -> str:
    """A path that DuckDB does not take for a glob."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
