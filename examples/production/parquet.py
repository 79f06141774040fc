"""Tables of the examples: DuckDB in UTC, and files that appear when they are complete."""

from __future__ import annotations

from pathlib import Path

import duckdb


def connection() -> duckdb.DuckDBPyConnection:
    """A database in memory whose times are UTC."""
    opened = duckdb.connect()
    opened.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    return opened


def copy(database: duckdb.DuckDBPyConnection, query: str, output: Path) -> None:
    """Write what a query gives to a Parquet file."""
    partial = output.with_name(f".{output.name}.partial")
    database.execute(f"COPY ({query}) TO '{partial}' (FORMAT parquet)")
    partial.replace(output)
