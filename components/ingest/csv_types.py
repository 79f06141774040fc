"""Types of CSV columns: inferred strictly, and enforced for every value.

DuckDB's own conversion is lenient: it rounds 1.5 to the integer 2 and drops the zone of a time
silently. So values whose type could lie are read as text or as doubles, and converted by an
expression that refuses what it would have to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_STAMP = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?"
_ZONE = r" ?(Z|[+-]\d\d(:?\d\d)?)"
# Doubles represent every whole number up to here.
_EXACT = 9_007_199_254_740_992


class Kind(StrEnum):
    """What a column holds, in words fit for a message."""

    EMPTY = "nothing"
    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    WIDE_INTEGER = "a whole number of up to 18 digits"
    DOUBLE = "a number"
    DATE = "a date (YYYY-MM-DD)"
    TIMESTAMP = "a time (YYYY-MM-DD hh:mm:ss)"
    TEXT = "text"


@dataclass(frozen=True)
class ColumnType:
    """A column's kind and, for times, the zone suffix that every value has (``""``: none)."""

    kind: Kind
    zone: str = ""

    def __str__(self) -> str:
        if self.kind is Kind.TIMESTAMP and self.zone:
            return f"{self.kind} with zone {self.zone.strip()}"
        return str(self.kind)


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def reader_type(kind: Kind) -> str:
    """The type that DuckDB's CSV reader is told."""
    return "DOUBLE" if kind in (Kind.INTEGER, Kind.DOUBLE) else "VARCHAR"


def conversion(name: str, column: ColumnType, refused: str) -> str:
    """SQL from the value that was read to the typed one.

    Args:
        name: the column.
        column: its type.
        refused: SQL evaluated for a value of another type.
    """
    value = quoted(name)
    accepted, converted = _accepted(value, column), _converted(value, column)
    if column.kind in (Kind.TEXT, Kind.DOUBLE, Kind.EMPTY):
        return value
    return (
        f"CASE WHEN {value} IS NULL THEN NULL WHEN {accepted} THEN {converted} ELSE {refused} END"
    )


def is_bad(name: str, column: ColumnType, *, required: bool) -> str:
    """SQL condition on a column read as text: the value does not have the type."""
    value = quoted(name)
    if column.kind is Kind.INTEGER:
        wrong = f"NOT regexp_full_match({value}, '[+-]?\\d{{1,18}}')"
    elif column.kind is Kind.DOUBLE:
        wrong = f"TRY_CAST({value} AS DOUBLE) IS NULL"
    elif column.kind in (Kind.TEXT, Kind.EMPTY):
        wrong = "false"
    else:
        wrong = f"NOT ({_accepted(value, column)})"
    return f"({value} IS NULL OR {wrong})" if required else f"({value} IS NOT NULL AND {wrong})"


def _accepted(value: str, column: ColumnType) -> str:
    match column.kind:
        case Kind.INTEGER:
            return f"{value} = trunc({value}) AND abs({value}) < {_EXACT}"
        case Kind.WIDE_INTEGER:
            return f"NOT contains({value}, '.') AND TRY_CAST({value} AS BIGINT) IS NOT NULL"
        case Kind.BOOLEAN:
            return f"lower({value}) IN ('true', 'false')"
        case Kind.DATE:
            return f"strlen({value}) = 10 AND TRY_CAST({value} AS DATE) IS NOT NULL"
        case Kind.TIMESTAMP:
            return _is_naive_time(value, column.zone)
    return "true"


def _converted(value: str, column: ColumnType) -> str:
    match column.kind:
        case Kind.INTEGER | Kind.WIDE_INTEGER:
            return f"CAST({value} AS BIGINT)"
        case Kind.BOOLEAN:
            return f"lower({value}) = 'true'"
        case Kind.DATE:
            return f"CAST({value} AS DATE)"
        case Kind.TIMESTAMP:
            time = f"CAST({_body(value, column.zone)} AS TIMESTAMP)"
            minutes = _offset_minutes(column.zone)
            return f"{time} - INTERVAL ({minutes}) MINUTE" if minutes else time
    return value


def _is_naive_time(value: str, zone: str) -> str:
    """SQL condition: the value is a finite time that ends in the zone and names no other.

    The first form, which nearly all values have, is checked without cutting the text.
    """
    body = _body(value, zone)
    ends = f"ends_with({value}, {literal(zone)}) AND " if zone else ""
    usual = f"strlen({body}) = 19 AND {body}[17] = ':'"
    # After the date, a naive time has digits, colons and a point: no sign, no letter.
    plain = f"NOT contains({body}[11:], '+') AND NOT contains({body}[11:], '-')"
    finite = f"isfinite(TRY_CAST({body} AS TIMESTAMP))"
    return (
        f"{ends}right({body}, 1) <= '9' AND TRY_CAST({body} AS TIMESTAMP) IS NOT NULL"
        f" AND (({usual}) OR ({plain} AND {finite}))"
    )


def _body(value: str, zone: str) -> str:
    return f"left({value}, -{len(zone)})" if zone else value


def _offset_minutes(zone: str) -> int:
    digits = zone.strip().lstrip("Z+-").replace(":", "")
    if not digits:
        return 0
    minutes = 60 * int(digits[:2]) + int(digits[2:] or 0)
    return -minutes if zone.strip().startswith("-") else minutes


def inference(names: Sequence[str]) -> str:
    """SQL select list that counts, for each column read as text, what its values could be.

    Row of results: `FIELDS` values for each column; see `infer`.
    """
    counts = []
    for name in names:
        value = quoted(name)
        # Casts are cheaper than regular expressions, so they are asked first.
        number = f"TRY_CAST({value} AS DOUBLE) IS NOT NULL"
        time = f"TRY_CAST({value}[1:19] AS TIMESTAMP) IS NOT NULL"
        stamp = f"{time} AND regexp_full_match({value}, '{_STAMP}({_ZONE})?')"
        zone = f"CASE WHEN {stamp} THEN regexp_extract({value}, '{_STAMP}({_ZONE})?$', 3) END"
        counts += [
            f"count({value})",
            f"count(*) FILTER (lower({value}) IN ('true', 'false'))",
            f"count(*) FILTER ({number} AND regexp_full_match({value}, '[+-]?\\d{{1,18}}'))",
            f"coalesce(bool_or(abs(TRY_CAST({value} AS BIGINT)) >= {_EXACT}), false)",
            # 007 is a code and 20 digits are an identifier: as numbers they would change.
            f"count(*) FILTER ({number} AND regexp_full_match({value}, '0\\d+|\\d{{19,}}')) > 0",
            f"count(TRY_CAST({value} AS DOUBLE))",
            f"count(*) FILTER ({time} AND regexp_full_match({value}, '\\d{{4}}-\\d\\d-\\d\\d'))",
            f"count(*) FILTER ({stamp})",
            f"min({zone})",
            f"max({zone})",
        ]
    return ", ".join(counts)


FIELDS = 10


def infer(counts: Sequence[object]) -> ColumnType:
    """The narrowest type that all counted values of one column have.

    Args:
        counts: `FIELDS` results of `inference`.
    """
    total, booleans, integers, wide, coded, doubles, dates, stamps, zone, other_zone = counts
    if not total:
        return ColumnType(Kind.EMPTY)
    if booleans == total:
        return ColumnType(Kind.BOOLEAN)
    if coded:
        return ColumnType(Kind.TEXT)
    if integers == total:
        return ColumnType(Kind.WIDE_INTEGER if wide else Kind.INTEGER)
    if doubles == total:
        return ColumnType(Kind.DOUBLE)
    if dates == total:
        return ColumnType(Kind.DATE)
    if dates + stamps == total and zone == other_zone and not (dates and zone):  # type: ignore[operator]
        return ColumnType(Kind.TIMESTAMP, str(zone))
    return ColumnType(Kind.TEXT)


def widest(first: ColumnType, second: ColumnType) -> ColumnType | None:
    """A type that holds the values of both, or None when there is none but text."""
    if first == second:
        return first
    kinds = {first.kind, second.kind}
    if Kind.EMPTY in kinds:
        return second if first.kind is Kind.EMPTY else first
    if kinds == {Kind.INTEGER, Kind.WIDE_INTEGER}:
        return ColumnType(Kind.WIDE_INTEGER)
    if kinds <= {Kind.INTEGER, Kind.WIDE_INTEGER, Kind.DOUBLE}:
        return ColumnType(Kind.DOUBLE)
    if kinds == {Kind.DATE, Kind.TIMESTAMP} and not (first.zone or second.zone):
        return ColumnType(Kind.TIMESTAMP)
    return None
