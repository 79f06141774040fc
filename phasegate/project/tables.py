"""Which files make a table, and how they are laid out: told apart by content, not by hope."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from phasegate.errors import BadInput

if TYPE_CHECKING:
    import duckdb

_PARQUET = b"PAR1"
_BLOCK = 1 << 20
_SUFFIXES = (".parquet", ".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class Layout:
    """Files of a table and how to read them.

    Attributes:
        format: csv, parquet or delta.
        delimiter: between two fields of a CSV.
    """

    files: tuple[Path, ...]
    format: str
    delimiter: str = ","

    def relation(self, nulls: Sequence[str], *, as_text: bool = False) -> str:
        """SQL that scans the table; `nulls` are the texts that mean missing in a CSV."""
        names = "[" + ", ".join(_literal(str(path)) for path in self.files) + "]"
        if self.format != "csv":
            return f"read_parquet({names})"
        # -1: types are decided by the whole file, so that a late odd value does not fail the scan.
        # Without skip=0 and comment='' DuckDB drops rows that it takes for a preamble or comments.
        markers = "[" + ", ".join(_literal(text) for text in ("", *nulls)) + "]"
        return (
            f"read_csv({names}, header=true, delim={_literal(self.delimiter)}, nullstr={markers}, "
            f"skip=0, comment='', sample_size=-1, all_varchar={str(as_text).lower()})"
        )


def lay_out(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], delimiter: str | None = None
) -> Layout:
    """Find the files of a table and their format, and a CSV's delimiter if none is given.

    Args:
        paths: files, folders, globs, or one Delta table's folder.
    Raises:
        BadInput: when files are missing, empty, not UTF-8, no table, or of several formats.
    """
    if len(paths) == 1 and (paths[0] / "_delta_log").is_dir():
        return Layout(_delta_files(paths[0]), "delta")
    files = tuple(file for path in paths for file in _expand(path))
    formats = {file: "parquet" if _starts_as_parquet(file) else "csv" for file in files}
    if len(set(formats.values())) > 1:
        raise BadInput(
            "the files are of several formats",
            where=", ".join(f"{file.name} ({kind})" for file, kind in list(formats.items())[:4]),
            expected="either CSV or Parquet",
        )
    if set(formats.values()) == {"parquet"}:
        return Layout(files, "parquet")
    for file in files:
        _check_text(file)
    delimiter = delimiter or _sniff_delimiter(connection, files[0])
    _check_header(files[0], delimiter)
    return Layout(files, "csv", delimiter)


def _expand(path: Path) -> list[Path]:
    if str(path).startswith(("gs:/", "s3:/", "http:/", "https:/")):
        raise BadInput(
            "is not on this machine", where=str(path), expected="a local table to look at",
            fix="copy one file of it here, and set data.source in the project file afterwards",
        )  # fmt: skip
    if path.suffix == ".dvc":
        raise BadInput(
            "is a DVC pointer, not a table", where=str(path),
            fix="give the file that it points to, and set data.source to the pointer afterwards",
        )  # fmt: skip
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    elif path.is_file():
        found = [path]
    else:
        found = sorted(Path(name) for name in glob(str(path))) if has_magic(str(path)) else []
    if not found:
        expected = (
            f"files ending in {', '.join(_SUFFIXES)}" if path.is_dir() else "a CSV or Parquet file"
        )
        raise BadInput(
            "there is no data" if path.is_dir() else "there is no such file",
            where=str(path), expected=expected,
        )  # fmt: skip
    return found


def _starts_as_parquet(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=str(file)) from None
    if not start:
        raise BadInput("is empty", where=str(file), expected="a header and rows")
    if file.suffix == ".parquet" and start != _PARQUET:
        raise BadInput(
            "is not a Parquet file, or is damaged", where=str(file),
            expected=f"a file that begins with {_PARQUET.decode()}",
        )  # fmt: skip
    return start == _PARQUET


def _check_text(file: Path) -> None:
    """The whole file is UTF-8 text; read in blocks."""
    decoder, offset = codecs.getincrementaldecoder("utf-8")(), 0
    with file.open("rb") as stream:
        while True:
            block = stream.read(_BLOCK)
            if b"\0" in block:
                raise BadInput(
                    f"is not text: byte {offset + block.index(0)} is zero", where=str(file),
                    expected="a CSV file in UTF-8, or a Parquet file",
                )  # fmt: skip
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise BadInput(
                    f"is not UTF-8 at byte {offset - pending + error.start}", where=str(file),
                    expected="text in UTF-8",
                    fix="convert it, for example: iconv -f LATIN1 -t UTF-8 IN > OUT",
                ) from None  # fmt: skip
            if not block:
                return
            offset += len(block)


def _sniff_delimiter(connection: duckdb.DuckDBPyConnection, file: Path) -> str:
    import duckdb

    no_table = BadInput(
        "no delimiter cuts its lines into columns", where=str(file),
        expected="a header line and rows with equally many fields, two or more",
        fix="if it is a table, name its delimiter",
    )  # fmt: skip
    try:
        row = connection.execute(
            "SELECT Delimiter, len(Columns) "
            f"FROM sniff_csv({_literal(str(file))}, skip=0, comment='')"
        ).fetchone()
    except duckdb.Error:
        raise no_table from None
    if row is None or row[1] < 2:
        raise no_table
    return row[0]


def _check_header(file: Path, delimiter: str) -> None:
    """The first line names the columns, each once; DuckDB would silently rename the second."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader([stream.readline(_BLOCK)], delimiter=delimiter), [])
    if any(_is_number(name) for name in names):
        raise BadInput(
            f"its first line holds values, not names of columns: {delimiter.join(names)[:60]}",
            where=str(file), expected="a header line", fix="add one",
        )  # fmt: skip
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput(
            f"the column '{twice}' is there twice", where=str(file),
            expected="a name of its own for every column",
        )  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        float(text.strip())
    except ValueError:
        return False
    return True


def _delta_files(folder: Path) -> tuple[Path, ...]:
    from deltalake import DeltaTable

    return tuple(
        Path(uri.removeprefix("file://")) for uri in sorted(DeltaTable(folder).file_uris())
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
