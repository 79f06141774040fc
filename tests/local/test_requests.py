"""Requests made of a table: what each one says of itself in its headers."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.local.serving.requests import Columns, RequestTable
from phasegate.traffic.cohorts import cohort_of
from phasegate.traffic.headers import COHORT, ENTITY, REQUEST_ID


def test_a_request_of_an_entity_names_its_cohort(tmp_path: Path) -> None:
    table = pa.table({"amount": [1.0, 2.0, 3.0], "customer": ["c7", None, "c8"]})
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path)
    columns = Columns(time="", entity="customer", key="")
    requests = list(RequestTable(path, ["amount"], columns, limit=0, prefix="t-"))
    headers = sorted((one.headers for one in requests), key=lambda one: one[REQUEST_ID])
    assert [(one.get(ENTITY), one.get(COHORT)) for one in headers] == [
        ("c7", cohort_of("c7")),
        (None, None),
        ("c8", cohort_of("c8")),
    ]
