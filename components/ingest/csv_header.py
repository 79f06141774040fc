"""The first line of a CSV file: names, delimiter, encoding; read from a bounded beginning."""

from __future__ import annotations

import codecs
import csv
import itertools
from pathlib import Path

from components.ingest.checks import check_names
from phasegate.errors import BadInput

LINE_LIMIT = 1 << 20
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


def read_header(path: Path, name: str, delimiter: str) -> list[str]:
    """Column names of a CSV file.

    Reads at most 1 MiB, whatever the file's size.

    Raises:
        BadInput: an empty file, a first line without end, no UTF-8, the wrong delimiter, values in
            place of names, names that are empty or repeated.
    """
    with open(path, "rb") as file:
        line = file.readline(LINE_LIMIT)
        following = file.readline(LINE_LIMIT)
    if not line.strip():
        raise BadInput("the file is empty" if not line else "the first line is empty", where=name)
    for number, read in enumerate((line, following), start=1):
        if len(read) >= LINE_LIMIT:
            raise too_long(name, number)
    try:
        text = line.removeprefix(codecs.BOM_UTF8).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise not_utf8(path, name) from None
    columns = next(csv.reader([text], delimiter=delimiter), [])
    _check_delimiter(text, following.decode(errors="replace"), columns, delimiter, name)
    if all(_is_number(column) for column in columns):
        raise BadInput(
            f"the first line holds values ({text[:60]}), not column names",
            where=name,
            fix="Add a header line",
        )
    check_names(columns, name)
    if not following and not line.endswith(b"\n"):
        raise BadInput("the file holds a header and no rows", where=name)
    return columns


def _check_delimiter(
    header: str, following: str, columns: list[str], delimiter: str, name: str
) -> None:
    if len(columns) > 1:
        return
    counts = {
        other: header.count(other)
        for other in _DELIMITERS
        if other != delimiter and header.count(other) and following.count(other)
    }
    if counts:
        likely = max(counts, key=lambda other: counts[other])
        raise BadInput(
            f"only one column is seen: wrong delimiter? {_DELIMITERS[likely]} would give"
            f" {counts[likely] + 1} columns",
            where=name,
            fix=f"Set data.csv.delimiter to {likely!r}",
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def too_long(name: str, line: int) -> BadInput:
    """The error for a line that is longer than any row should be."""
    return BadInput(
        f"line {line} is longer than {LINE_LIMIT:,} bytes",
        where=name,
        fix="Is a line end or a closing quote missing? Is this a CSV file?",
    )


def first_long_line(path: Path) -> int | None:
    """Number of the first line longer than the limit, or None; in bounded memory."""
    with open(path, "rb") as file:
        for number in itertools.count(1):
            line = file.readline(LINE_LIMIT)
            if len(line) >= LINE_LIMIT:
                return number
            if not line:
                return None
    return None


def not_utf8(path: Path, name: str) -> BadInput:
    """The error for a file that is not UTF-8: says where the first wrong byte is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, line = 0, 1
    with open(path, "rb") as file:
        while chunk := file.read(LINE_LIMIT):
            # Bytes of a character that the previous chunk cut off count to this one.
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                start = max(error.start - held, 0)
                offset += error.start - held
                line += chunk[:start].count(b"\n")
                break
            offset += len(chunk)
            line += chunk.count(b"\n")
    return BadInput(
        f"not UTF-8: byte {offset} (line {line}) cannot be decoded",
        where=name,
        fix="Convert the file, for example with iconv -t UTF-8",
    )
