from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.ingest.ingest import ingest
from phasegate.errors import BadInput
from tests.ingest.conftest import CSV, NOW, Run


def _rows(snapshot: object) -> list[dict]:
    return [row for part in snapshot.local_parts() for row in pq.read_table(part).to_pylist()]


def test_values_are_typed_and_rows_stay_in_order(run: Run) -> None:
    snapshot = run(CSV, time="event_time")
    assert snapshot.columns == {
        "id": "int64",
        "event_time": "timestamp[us]",
        "amount": "double",
        "count": "int64",
        "city": "string",
        "is_fraud": "int64",
    }
    rows = _rows(snapshot)
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert rows[1]["amount"] is None
    assert rows[1]["city"] is None
    assert rows[2]["city"] == 'Aa, "b"'
    assert snapshot.time_range == ("2026-01-01T00:00:00.000000Z", "2026-01-02T10:00:00.000000Z")


def test_running_twice_and_with_other_threads_gives_identical_bytes(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    lines = "".join(
        f"{i},{i * 0.37},c{i % 7},2026-01-01 00:00:{i % 60:02d}\n" for i in range(60_000)
    )
    path.write_text("id,x,c,t\n" + lines)
    manifests = set()
    for number, threads in enumerate((1, 2, 2)):
        snapshot = ingest(
            {"source": str(path), "time": "t"},
            str(tmp_path / f"store{number}"),
            tmp_path / f"snapshot{number}",
            now=NOW,
            threads=threads,
        )
        manifests.add((tmp_path / f"snapshot{number}" / "manifest.json").read_bytes())
        assert snapshot.rows == 60_000
    assert len(manifests) == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.integers(0, len(CSV) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_changes_the_digest_or_is_refused(
    run: Run, position: int, byte: int
) -> None:
    original = CSV.encode()
    changed = bytearray(original)
    changed[position] = byte
    before = run(original, time=None).digest
    if bytes(changed) == original:
        return
    with contextlib.suppress(BadInput):
        assert run(bytes(changed), time=None).digest != before


def test_several_files_make_one_table_with_one_type_per_column(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,1\n")
    (tmp_path / "b.csv").write_text("id,x\n2,1.5\n")
    snapshot = run(str(tmp_path / "?.csv"))
    assert [(row["id"], row["x"]) for row in _rows(snapshot)] == [(1, 1.0), (2, 1.5)]


def test_a_late_fraction_widens_the_column_and_is_not_rounded(run: Run) -> None:
    snapshot = run("id,x\n" + "".join(f"{i},{i}\n" for i in range(30_000)) + "30000,0.5\n")
    assert snapshot.columns["x"] == "double"
    assert _rows(snapshot)[-1] == {"id": 30_000, "x": 0.5}


def test_numbers_that_would_lose_digits_keep_them(run: Run) -> None:
    snapshot = run("a,b,c\n007,123456789012345678,12345678901234567890123\n")
    assert _rows(snapshot) == [
        {"a": "007", "b": 123456789012345678, "c": "12345678901234567890123"}
    ]


@pytest.mark.parametrize(
    ("zone", "hour"), [("Z", 12), ("+02:00", 10), ("-03:30", 15), ("+0130", 10), (" +05", 7)]
)
def test_one_zone_is_converted_to_utc(run: Run, zone: str, hour: int) -> None:
    snapshot = run(f"t,x\n2026-01-01T12:00:00{zone},1\n", time="t")
    assert _rows(snapshot)[0]["t"].hour == hour


BAD_FILES = {
    "empty": (b"", "is empty"),
    "header only": (b"id,x\n", "no rows"),
    "header without line end": (b"id,x", "header and no rows"),
    "values for names": (b"1,2\n3,4\n", "not column names"),
    "empty name": (b"id,,x\n1,2,3\n", "column 2 has no name"),
    "repeated name": (b"id,x,id\n1,2,3\n", "'id' is used twice"),
    "wrong delimiter": (b"id;x;y\n1;2;3\n", "a semicolon would give 3 columns"),
    "tab delimiter": (b"id\tx\n1\t2\n", "a tab would give 2 columns"),
    "ragged": (b"id,x\n1,2\n3\n4,5\n", "line 3 has 1 fields"),
    "too many fields": (b"id,x\n1,2\n3,4,5\n", "line 3 has 3 fields"),
    "open quote": (b'id,x\n1,2\n3,"4\n', "line 3: a quote is opened"),
    "not utf-8": (b"id,x\n1,a\n2,caf\xe9\n", "byte 14 \\(line 3\\)"),
    "not utf-8 header": (b"id,caf\xe9\n1,2\n", "byte 6 \\(line 1\\)"),
    "utf-16": ("id,x\n1,2\n".encode("utf-16"), "not UTF-8"),
    "gzip": (b"\x1f\x8b\x08\x00rest", "compressed"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_and_leaves_no_snapshot(tmp_path: Path, run: Run, case: str) -> None:
    content, message = BAD_FILES[case]
    with pytest.raises(BadInput, match=message) as caught:
        run(content)
    assert "events.csv" in str(caught.value)
    assert not (tmp_path / "snapshot").exists()
    assert not (tmp_path / "store" / "objects").exists()
    assert not any((tmp_path / "store" / "tmp").iterdir())


def test_a_late_word_among_numbers_is_named_with_line_column_and_value(run: Run) -> None:
    lines = "".join(f"{i},{i}\n" for i in range(30_000))
    with pytest.raises(BadInput, match=r"line 30002, column 'x': 'oops'"):
        run("id,x\n" + lines + "1,oops\n")


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "line.csv"
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(BadInput, match=r"line 1 is longer"):
        run(str(path))
    path.write_bytes(b"id,x\n1,2\n3," + b"x" * (3 << 20) + b"\n")
    with pytest.raises(BadInput, match=r"line 3 is longer"):
        run(str(path))
    path.write_bytes(b"id,x\n" + b"x" * (3 << 20))
    with pytest.raises(BadInput, match=r"line 2 is longer"):
        run(str(path))
    with open(path, "wb") as file:
        file.write(b"id,x\n" + b"1,2\n" * 20_000 + b"3,")
        file.truncate(200 << 20)
        file.seek(0, 2)
        file.write(b"\n1,2\n")
    with pytest.raises(BadInput, match=r"line 20002 is longer"):
        run(str(path))


BAD_TIMES = {
    "unparsable": ("2026-01-01 00:00:00", "yesterday", "row 2.*'yesterday'"),
    "no such day": ("2026-01-01 00:00:00", "2026-02-30 00:00:00", "row 2.*'2026-02-30"),
    "missing": ("2026-01-01 00:00:00", "", "row 2.*no value"),
    "mixed zones": ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+02:00", "mixed time zones: row 2"),
    "zone and none": ("2026-01-01 00:00:00", "2026-01-01 00:00:00Z", "mixed time zones: row 2"),
    "named zone": ("2026-01-01 00:00:00", "2026-01-01 00:00:00 Europe/Vienna", "row 2"),
    "infinity": ("2026-01-01 00:00:00", "infinity", "row 2"),
    "number": ("1", "2", "not times"),
    "future": ("2026-01-01 00:00:00", "2026-02-03 00:00:00", "lie in the future"),
}


@pytest.mark.parametrize("case", BAD_TIMES)
@pytest.mark.parametrize("late", [False, True])
def test_a_bad_time_is_refused_with_its_row(run: Run, case: str, late: bool) -> None:
    good, bad, message = BAD_TIMES[case]
    filling = 30_000 if late else 1
    if late:
        message = message.replace("row 2", "row 30001")
    text = "id,t\n" + f"1,{good}\n" * filling + f"2,{bad}\n"
    with pytest.raises(BadInput, match=message):
        run(text, time="t")


def test_stale_data_are_refused_and_fresh_data_pass(run: Run) -> None:
    run(CSV, time="event_time", max_age="30d")
    with pytest.raises(
        BadInput, match=r"stale data: newest event is 2026-01-02.*allowed age is 29d"
    ):
        run(CSV, time="event_time", max_age="29d")
    run(CSV, time="event_time", max_age="29d", now=datetime(2026, 1, 31, tzinfo=UTC))


def test_a_missing_column_is_named_with_what_comes_close(run: Run) -> None:
    with pytest.raises(BadInput, match=r"no column 'event_tme'.*Did you mean event_time"):
        run(CSV, time="event_tme")
    with pytest.raises(BadInput, match=r"data.label.column: .*expected one of id, event_time"):
        run(CSV, label={"column": "fraud"})
    with pytest.raises(BadInput, match=r"data.protected"):
        run(CSV, protected=["city", "sex"])


def test_files_with_other_headers_are_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,1\n")
    (tmp_path / "b.csv").write_text("id,y\n2,1\n")
    with pytest.raises(BadInput, match=r"b.csv: mixed schema: column 'y' stands where"):
        run(str(tmp_path / "?.csv"))
