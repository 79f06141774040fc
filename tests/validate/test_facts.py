"""Facts about a table, measured with DuckDB and held against plain Python."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.validate.checks import MINIMUM_ROWS, examine
from components.validate.facts import TableFacts, measure
from components.validate.findings import Finding
from components.validate.settings import Roles

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROLES = Roles(label="y", positive=1, time="t", key="k", entity="who")
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def facts(folder: Path, table: pa.Table, roles: Roles = ROLES, *, cut: int = 0) -> TableFacts:
    paths = [folder / "a.parquet", folder / "b.parquet"] if cut else [folder / "a.parquet"]
    pieces = [table.slice(0, cut), table.slice(cut)] if cut else [table]
    for path, piece in zip(paths, pieces, strict=True):
        pq.write_table(piece, path)
    return measure(paths, roles, NOW, folder)


def sound(rows: int = 200, **replaced: Any) -> pa.Table:
    """A table with nothing wrong, with some columns replaced or added; None takes one away."""
    columns = {
        "k": [f"k{row}" for row in range(rows)],
        "t": [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=row) for row in range(rows)],
        "who": [row % 9 for row in range(rows)],
        "x": [row * 0.5 for row in range(rows)],
        "y": [int(row % 5 == 0) for row in range(rows)],
        **replaced,
    }
    return pa.table({name: column for name, column in columns.items() if column is not None})


def found(folder: Path, table: pa.Table, roles: Roles = ROLES) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(facts(folder, table, roles), roles)}


def test_a_sound_table_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, sound()) == {}


@SLOW
@given(st.data())
def test_counts_agree_with_plain_python(tmp_path: Path, data: st.DataObject) -> None:
    value = st.none() | st.floats(width=64) | st.just(math.nan) | st.just(math.inf)
    values = data.draw(st.lists(value, min_size=2, max_size=20))
    keys = data.draw(
        st.lists(st.none() | st.integers(0, 9), min_size=len(values), max_size=len(values))
    )
    table = pa.table({"x": pa.array(values, pa.float64()), "k": pa.array(keys, pa.int64())})
    measured = facts(tmp_path, table, cut=data.draw(st.integers(0, len(values) - 1)))

    x = measured.columns[0]
    present = [value for value in values if value is not None]
    assert measured.rows == len(values)
    assert x.present == len(present)
    assert x.nan == sum(map(math.isnan, present))
    assert x.infinite == sum(map(math.isinf, present))
    kept = [key for key in keys if key is not None]
    assert measured.key is not None
    assert measured.key.repeated == len(kept) - len(set(kept))


@SLOW
@given(
    st.lists(st.integers(0, 2), min_size=2, max_size=12),
    st.lists(st.integers(0, 2), min_size=2, max_size=12),
)
def test_fingerprints_are_equal_exactly_for_equal_content(
    tmp_path: Path, first: list[int], second: list[int]
) -> None:
    rows = min(len(first), len(second))
    first, second = first[:rows], second[:rows]
    table = pa.table({"a": first, "b": pa.array(second, pa.float64())})
    a, b = facts(tmp_path, table).columns
    assert (a.fingerprint == b.fingerprint) == (first == second)


def test_the_same_values_in_another_order_are_no_duplicate(tmp_path: Path) -> None:
    flags = {"p": [0, 1] * 100, "q": [0, 0, 1, 1] * 50}
    assert found(tmp_path, sound(**flags)) == {}


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    assert "*: TOO_FEW_ROWS" in found(tmp_path, sound(MINIMUM_ROWS - 1))
    assert "*: TOO_FEW_ROWS" not in found(tmp_path, sound(MINIMUM_ROWS))


def test_columns_that_the_project_names_must_exist(tmp_path: Path) -> None:
    roles = Roles(label="y", positive=1, time="when", protected=("sex",), exclude=("z",))
    assert set(found(tmp_path, sound(), roles)) == {
        "when: COLUMN_MISSING",
        "sex: COLUMN_MISSING",
        "z: EXCLUDED_COLUMN_MISSING",
    }


def test_a_label_must_have_two_values_one_of_them_positive(tmp_path: Path) -> None:
    def label(values: list[Any]) -> set[str]:
        return {name for name in found(tmp_path, sound(y=values)) if name.startswith("y:")}

    assert label([0, 1] * 100) == set()
    assert label([True, False] * 100) == set()
    assert label([0.0, 1.0] * 100) == set()
    assert label([0, 1, 2, 3] * 50) == {"y: LABEL_NOT_BINARY"}
    assert label([1] * 200) == {"y: LABEL_SINGLE_CLASS"}
    assert label([0, 2] * 100) == {"y: LABEL_POSITIVE_ABSENT"}
    assert label(["0", "1"] * 100) == {"y: LABEL_POSITIVE_ABSENT"}
    assert label([0, None, 1, 1] * 50) == {"y: LABEL_MISSING_VALUES"}
    assert label([0.0, math.nan, 1.0, math.inf] * 50) == {"y: LABEL_NOT_FINITE"}
    assert label([None] * 200) == {"y: LABEL_MISSING_VALUES"}


def test_a_copy_of_the_label_gives_the_answer_away(tmp_path: Path) -> None:
    answer = [float(row % 5 == 0) for row in range(200)]
    assert set(found(tmp_path, sound(answer=answer))) == {"answer: LABEL_COPIED"}
    kept_out = Roles(label="y", positive=1, exclude=("answer",))
    assert found(tmp_path, sound(answer=answer), kept_out) == {}


def test_keys_must_be_there_and_differ(tmp_path: Path) -> None:
    keys = [None, "a", "a", "a", "b", "b", *(f"k{row}" for row in range(194))]
    findings = found(tmp_path, sound(k=keys))
    assert set(findings) == {"k: KEY_MISSING_VALUES", "k: KEY_REPEATED"}
    assert findings["k: KEY_REPEATED"].rows == 3
    assert findings["k: KEY_REPEATED"].example == "a, 3 times"


def test_times_must_be_known_and_past(tmp_path: Path) -> None:
    times = [datetime(2025, 1, 1) + timedelta(hours=row) for row in range(198)]
    findings = found(tmp_path, sound(t=[None, *times, datetime(2033, 1, 1)]))
    assert set(findings) == {"t: TIME_MISSING_VALUES", "t: TIME_IN_FUTURE"}
    assert findings["t: TIME_IN_FUTURE"].example.startswith("2033-01-01")


def test_times_as_text_must_parse_and_share_a_zone(tmp_path: Path) -> None:
    def text(*last: str) -> set[str]:
        times = [f"2025-01-{1 + row % 28:02}T00:00:00Z" for row in range(200 - len(last))]
        return set(found(tmp_path, sound(t=[*times, *last])))

    assert text("2025-01-01T00:00:00+00:00") == set()
    assert text("2025-01-01T00:00:00+02:00") == {"t: TIME_MIXED_ZONES"}
    assert text("2025-01-01 00:00:00") == {"t: TIME_MIXED_ZONES"}
    assert text("yesterday") == {"t: TIME_UNPARSABLE"}
    assert text("2099-01-01T00:00:00Z") == {"t: TIME_IN_FUTURE"}


def test_a_constant_or_infinite_time_orders_nothing(tmp_path: Path) -> None:
    assert set(found(tmp_path, sound(t=[NOW] * 200))) == {"t: TIME_CONSTANT"}
    numbers = [math.nan, math.inf, *map(float, range(198))]
    assert set(found(tmp_path, sound(t=numbers))) == {"t: TIME_NOT_FINITE"}


def test_columns_that_carry_nothing_are_named(tmp_path: Path) -> None:
    table = sound(
        same=["DE"] * 200,
        none=pa.nulls(200, pa.float64()),
        twin=[row * 0.5 for row in range(200)],
        high=[math.inf if row == 3 else row * 3.0 for row in range(200)],
        hole=[math.nan if row == 3 else row * 7.0 for row in range(200)],
        many=[[row] for row in range(200)],
    )
    assert set(found(tmp_path, table)) == {
        "same: CONSTANT",
        "none: ALL_MISSING",
        "twin: DUPLICATED_COLUMN",
        "high: INFINITE_VALUES",
        "hole: NOT_A_NUMBER",
        "many: UNSUPPORTED_TYPE",
    }


def test_column_names_are_only_names(tmp_path: Path) -> None:
    strange = {'a"b': [1, 2] * 100, "select; --": ["x'y", "z"] * 100, "ß é": [1.0, 3.0] * 100}
    assert set(found(tmp_path, sound(**strange))) <= {
        "select; --: DUPLICATED_COLUMN",
        "ß é: DUPLICATED_COLUMN",
    }
