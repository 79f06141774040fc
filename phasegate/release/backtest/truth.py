"""What became of past requests, in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from phasegate.errors import BadInput
from phasegate.release.backtest.table import TABLE, TRUTH
from phasegate.release.gathering.labels import LabelSource
from phasegate.release.policy import Labels

_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def fill_truth(connection: duckdb.DuckDBPyConnection, labels: Labels, folder: Path) -> None:
    """Make the table `TRUTH`: place and label of each row of `TABLE`, null where never known.

    Args:
        connection: has the table.
        labels: where they are.
        folder: for files from a bucket.

    Raises:
        BadInput: files or columns are not there, or a label is not what is expected.
        Unavailable: their bucket did not answer.
    """
    rows = connection.sql(f"SELECT place, request_id, event_time FROM {TABLE}")
    try:
        known = LabelSource(labels, folder).join(connection, rows, _EVER)
        connection.execute(f"DROP TABLE IF EXISTS {TRUTH}")
        known.project("place, label").order("place").create(TRUTH)
    except duckdb.Error as error:
        first = str(error).splitlines()[0][:300]
        raise BadInput(f"labels cannot be read ({first})", where=labels.source) from None
