"""A sealed table answers what is asked of its rows, and reaches nothing else, whoever asks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from phasegate.errors import BadInput
from phasegate.release.gathering.sealed import BATCH_ROWS, SealedTable, sealed

ROWS = 200_000


@pytest.fixture(scope="module")
def source() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        yield connection


@pytest.fixture
def table(source: duckdb.DuckDBPyConnection) -> Iterator[SealedTable]:
    with sealed(source, source.sql(f"SELECT range AS x FROM range({ROWS})")) as table:
        yield table


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "FROM '{file}'",
        "FROM glob('{folder}/*')",
        "FROM read_parquet('http://127.0.0.1:1/x.parquet')",
        "COPY rows TO '{folder}/made.csv'",
        "COPY rows FROM '{file}'",
        "EXPORT DATABASE '{folder}/made'",
        "ATTACH '{folder}/made.db'",
        "INSTALL httpfs",
        "LOAD '{file}'",
        "SET threads = 1",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "PRAGMA memory_limit = '10GB'",
        "SET temp_directory = '{folder}'",
        "SELECT getenv('HOME')",
        "SELECT repeat('x', 1000000000000)",
        "CREATE SECRET made (TYPE gcs)",
        "FROM python_variable",
    ],
)
def test_nothing_around_it_can_be_reached(table, tmp_path, sql):
    file = tmp_path / "secret.csv"
    file.write_text("secret\n1\n")
    python_variable = pa.table({"secret": [1]})  # noqa: F841, what a replacement scan would find
    with pytest.raises(duckdb.Error):
        table.run(sql.format(file=file, folder=tmp_path))
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_what_takes_too_long_is_interrupted(source):
    started = time.monotonic()
    endless = "SELECT sum(sqrt(a.x * b.x)) FROM rows a, rows b"
    with (
        sealed(source, source.sql(f"SELECT range AS x FROM range({ROWS})"), seconds=0.3) as table,
        pytest.raises(BadInput, match=r"longer than 0\.3 seconds"),
    ):
        table.run(endless)
    with (
        sealed(source, source.sql(f"SELECT range AS x FROM range({ROWS})"), seconds=0.3) as table,
        pytest.raises(BadInput, match=r"longer than 0\.3 seconds"),
    ):
        list(table.batches(f"{endless} ORDER BY 1"))
    assert time.monotonic() - started < 20
    with (
        sealed(source, source.sql("SELECT 1 AS x"), seconds=0) as table,
        pytest.raises(BadInput, match="longer than 0 seconds"),
    ):
        table.run("SELECT 1")


def test_parts_of_a_result_have_one_size(table):
    sizes = [len(part) for part in table.batches("SELECT x FROM rows ORDER BY x")]
    assert sizes == [BATCH_ROWS] * (ROWS // BATCH_ROWS) + [ROWS % BATCH_ROWS]
    parts = [part.column(0) for part in table.batches("SELECT x FROM rows ORDER BY x")]
    assert pa.chunked_array([c for p in parts for c in p.chunks]).to_pylist() == list(range(ROWS))


def test_the_connection_that_rows_come_from_is_left_as_it_was(source):
    with sealed(source, source.sql("SELECT 1 AS x")) as table:
        assert table.run("FROM rows") == [(1,)]
    assert source.sql("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    assert source.sql("FROM glob('/etc/passwd')").fetchall()
