"""What a user's expression may be made of. What DuckDB adds tomorrow is not on the lists.

Nothing here reads a file, the clock, a setting or a random number; nothing makes a text longer than
its column, and nothing takes long: LIKE does, whose patterns can backtrack.
"""

from __future__ import annotations


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


FUNCTIONS = _words(
    "+ - * / // % ^ ** if iif nullif",
    "abs add subtract multiply divide mod sign round floor ceil ceiling trunc sqrt cbrt exp ln log",
    "log2 log10 pow power greatest least isnan isinf isfinite sin cos tan atan atan2 pi",
    "lower upper trim ltrim rtrim length strlen substring substr left right",
    "starts_with ends_with prefix suffix contains position strpos instr",
    "date_part datepart date_trunc date_diff datediff epoch epoch_ms epoch_us",
    "year quarter month week day hour minute second dayofweek isodow weekday dayofmonth dayofyear",
    "to_years to_months to_weeks to_days to_hours to_minutes to_seconds",
)

TYPES = _words(
    "BOOLEAN BOOL TINYINT SMALLINT INTEGER INT BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT",
    "FLOAT REAL DOUBLE DECIMAL NUMERIC VARCHAR TEXT STRING DATE TIMESTAMP INTERVAL",
)

NODES = {
    "COLUMN_REF": _words("COLUMN_REF"),
    "CONSTANT": _words("VALUE_CONSTANT"),
    "FUNCTION": _words("FUNCTION"),
    "CASE": _words("CASE_EXPR"),
    "CAST": _words("OPERATOR_CAST"),
    "TYPE": _words("TYPE"),
    "BETWEEN": _words("COMPARE_BETWEEN"),
    "CONJUNCTION": _words("CONJUNCTION_AND CONJUNCTION_OR"),
    "COMPARISON": _words(
        "COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_LESSTHAN COMPARE_GREATERTHAN",
        "COMPARE_LESSTHANOREQUALTO COMPARE_GREATERTHANOREQUALTO",
        "COMPARE_DISTINCT_FROM COMPARE_NOT_DISTINCT_FROM",
    ),
    "OPERATOR": _words(
        "OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_COALESCE",
        "COMPARE_IN COMPARE_NOT_IN",
    ),
}
"""Kinds of nodes of DuckDB's syntax tree, by class."""
