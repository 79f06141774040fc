"""What facts about a table mean for a model: one small function for each question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.validate.facts import ColumnFacts, TableFacts
from components.validate.findings import Finding
from components.validate.settings import Roles

# Below this, a split into train, validation, calibration and test leaves parts of a few rows.
MINIMUM_ROWS = 100


def examine(table: TableFacts, roles: Roles) -> tuple[Finding, ...]:
    """Everything that is wrong with a table and that TFDV does not look for."""
    return (
        *_rows(table),
        *_existence(table, roles),
        *_label(table, roles),
        *_time(table, roles),
        *_key(table, roles),
        *_columns(table, roles),
        *_duplicates(table, roles),
    )


def _rows(table: TableFacts) -> Iterator[Finding]:
    if table.rows < MINIMUM_ROWS:
        yield Finding(
            "",
            "TOO_FEW_ROWS",
            f"has {_count(table.rows, 'row')}; at least {MINIMUM_ROWS} are needed to train, "
            "calibrate and test on different rows",
            "Give more data.",
            rows=table.rows,
        )


def _existence(table: TableFacts, roles: Roles) -> Iterator[Finding]:
    names = [column.name for column in table.columns]
    for column, where in roles.required.items():
        if column not in names:
            yield Finding(
                column,
                "COLUMN_MISSING",
                f"is named by {where} and is not in the data, whose columns are {_some(names)}",
                f"Correct {where}, or check the delimiter and header of the source.",
            )
    for column in roles.exclude:
        if column not in names:
            yield Finding(
                column,
                "EXCLUDED_COLUMN_MISSING",
                "is named by data.exclude and is not in the data",
                "Check the name: a misspelt column would not be excluded.",
            )


def _label(table: TableFacts, roles: Roles) -> Iterator[Finding]:
    column, facts = _find(table, roles.label), table.label
    if column is None or facts is None:
        return
    yield from _missing(
        table, column, "LABEL_MISSING_VALUES", "Leave out rows whose label is not known yet."
    )
    yield from _not_finite(column, "LABEL_NOT_FINITE", "Correct the label at its source.")
    shown = ", ".join(f"{_value(value)} ({_count(count, 'row')})" for value, count in facts.values)
    if facts.distinct > 2:
        more = ", and others" if facts.distinct > len(facts.values) else ""
        yield Finding(
            column.name,
            "LABEL_NOT_BINARY",
            f"has {facts.distinct:,} different values where a label has two: {shown}{more}",
            "Name another column in data.label.column, or map this one to two values first.",
        )
    elif facts.distinct == 1:
        yield Finding(
            column.name,
            "LABEL_SINGLE_CLASS",
            f"has a single value, so there is nothing to tell apart: {shown}",
            "Give data that hold both outcomes.",
        )
    if 1 < facts.distinct <= 2 and not any(_same(v, roles.positive) for v, _ in facts.values):
        yield Finding(
            column.name,
            "LABEL_POSITIVE_ABSENT",
            f"never has the value {_value(roles.positive)} that means yes; it has {shown}",
            "Set data.label.positive to one of its values, in the same type.",
        )


def _time(table: TableFacts, roles: Roles) -> Iterator[Finding]:
    column, facts = _find(table, roles.time), table.time
    if column is None or facts is None:
        return
    name = column.name
    yield from _missing(
        table, column, "TIME_MISSING_VALUES", "Leave out these events, or find their time."
    )
    yield from _not_finite(column, "TIME_NOT_FINITE", "Correct the time at its source.")
    if facts.unparsable:
        yield Finding(
            name,
            "TIME_UNPARSABLE",
            f"has {_count(facts.unparsable, 'row')} whose text is not a time",
            "Write times as 2024-05-31T23:59:00Z.",
            example=_value(facts.example),
            rows=facts.unparsable,
        )
    if len(facts.zones) > 1:
        zones = ", ".join(zone or "none" for zone in facts.zones)
        yield Finding(
            name,
            "TIME_MIXED_ZONES",
            f"mixes time zones, so the order of its events is in doubt: {zones}",
            "Write all times in UTC.",
        )
    if facts.future:
        yield Finding(
            name,
            "TIME_IN_FUTURE",
            f"has {_count(facts.future, 'event')} in the future",
            "Check the unit (seconds or milliseconds), the time zone and the clock of the source.",
            example=facts.latest,
            rows=facts.future,
        )
    if _is_constant(table, column) and table.rows > 1:
        yield Finding(
            name,
            "TIME_CONSTANT",
            f"is {column.minimum} in every row, so it orders nothing",
            "Name another column in data.time, or null if the rows are already in order.",
        )


def _key(table: TableFacts, roles: Roles) -> Iterator[Finding]:
    column, facts = _find(table, roles.key), table.key
    if column is None or facts is None:
        return
    yield from _missing(
        table, column, "KEY_MISSING_VALUES", "Give every row a key, or set data.key to null."
    )
    if facts.repeated:
        yield Finding(
            column.name,
            "KEY_REPEATED",
            f"should differ in every row, but {_count(facts.repeated, 'row')} "
            f"{'repeats' if facts.repeated == 1 else 'repeat'} the key of another",
            "Remove the repeated events: often a file was delivered twice.",
            example=f"{facts.example}, {facts.times:,} times",
            rows=facts.repeated,
        )


def _columns(table: TableFacts, roles: Roles) -> Iterator[Finding]:
    """What may be wrong with any column that is not excluded."""
    for column in table.columns:
        role = roles.of(column.name)
        if role == "excluded":
            continue
        if column.nested:
            yield Finding(
                column.name,
                "UNSUPPORTED_TYPE",
                f"holds lists or records ({column.type}), not single values",
                "Spread it over several columns, or name it in data.exclude.",
            )
        elif role in ("", "entity", "protected"):
            yield from _content(table, column, role)


def _content(table: TableFacts, column: ColumnFacts, role: str) -> Iterator[Finding]:
    exclude = "Name it in data.exclude if that is as it should be; else mend its source."
    if column.infinite:
        yield Finding(
            column.name,
            "INFINITE_VALUES",
            f"is infinite in {_share(column.infinite, table.rows)}",
            "Often a division by zero: write a missing value instead.",
            rows=column.infinite,
        )
    usable = column.present - column.nan
    if usable == 0 and table.rows:
        yield Finding(column.name, "ALL_MISSING", "has no value in any row", exclude)
        return
    if column.nan:
        yield Finding(
            column.name,
            "NOT_A_NUMBER",
            f"is NaN in {_share(column.nan, table.rows)}; training takes these as missing",
            "Write a missing value where one is meant.",
            rows=column.nan,
        )
    if _is_constant(table, column) and table.rows > 1:
        yield Finding(
            column.name,
            "CONSTANT",
            f"is {_extreme(column)} in every row and can explain nothing",
            exclude,
        )
    if role == "entity":
        yield from _missing(
            table, column, "ENTITY_MISSING_VALUES", "These events have no history of their own."
        )


def _duplicates(table: TableFacts, roles: Roles) -> Iterator[Finding]:
    """Columns that equal an earlier one row by row; a copy of the label gives it away."""
    first: dict[int, ColumnFacts] = {}
    candidates = [
        column
        for column in table.columns
        if not column.nested
        and column.present - column.nan > 0
        and not _is_constant(table, column)
        and roles.of(column.name) != "excluded"
    ]
    # The label goes first, so that its copies are named as such wherever they stand.
    for column in sorted(candidates, key=lambda column: column.name != roles.label):
        original = first.setdefault(column.fingerprint, column)
        if original is column:
            continue
        if original.name == roles.label:
            yield Finding(
                column.name,
                "LABEL_COPIED",
                f"equals the label {original.name} in every row: a model would read the answer",
                "Name it in data.exclude.",
            )
        else:
            yield Finding(
                column.name,
                "DUPLICATED_COLUMN",
                f"equals column {original.name} in every row",
                "Keep one of the two and name the other in data.exclude.",
            )


def _missing(table: TableFacts, column: ColumnFacts, kind: str, fix: str) -> Iterator[Finding]:
    missing = table.rows - column.present
    if missing:
        what = f"is missing in {_share(missing, table.rows)}"
        yield Finding(column.name, kind, what, fix, rows=missing)


def _not_finite(column: ColumnFacts, kind: str, fix: str) -> Iterator[Finding]:
    wrong = column.nan + column.infinite
    if wrong:
        what = f"is NaN in {_count(column.nan, 'row')} and infinite in {column.infinite:,}"
        yield Finding(column.name, kind, what, fix, rows=wrong)


def _is_constant(table: TableFacts, column: ColumnFacts) -> bool:
    usable = column.present - column.nan
    return 0 < usable == table.rows and column.minimum == column.maximum


def _find(table: TableFacts, name: str | None) -> ColumnFacts | None:
    return next((column for column in table.columns if column.name == name), None)


def _same(value: Any, positive: Any) -> bool:
    """Whether a stored label means yes: text equals text, numbers and booleans by value."""
    return isinstance(value, str) == isinstance(positive, str) and value == positive


def _value(value: Any) -> str:
    """A value as a short text; quoted if it is text, so that '1' and 1 look different."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _extreme(column: ColumnFacts) -> str:
    """The smallest value; all are kept as text, but only text is quoted."""
    return _value(column.minimum) if column.type == "VARCHAR" else str(column.minimum)


def _count(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _share(count: int, rows: int) -> str:
    percent = 100 * count / rows
    shown = f"{percent:.1f} %" if percent >= 0.1 else "less than 0.1 %"
    return f"{_count(count, 'row')} ({shown})"


def _some(names: list[str], limit: int = 12) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
