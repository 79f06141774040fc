"""What `serve` and `send` keep on this machine, and how rows become requests."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.errors import BadInput
from phasegate.local.serving.requests import Columns, RequestTable
from phasegate.local.serving.running import FILE, only_one
from phasegate.local.serving.settings import ServingSettings


def test_servers_that_start_at_the_same_time_share_one_key(tmp_path: Path) -> None:
    settings = ServingSettings({"card": "hash"})
    with ThreadPoolExecutor(16) as pool:
        options = list(pool.map(lambda _: settings.options(tmp_path), range(64)))
    assert options == [["--sensitive=card=hash", f"--log-key-file={tmp_path / 'log.key'}"]] * 64
    (key,) = tmp_path.iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(key.read_text())) == 32


def test_who_is_refused_does_not_forget_who_serves(tmp_path: Path) -> None:
    with only_one(tmp_path, "fraud"):
        (tmp_path / FILE).write_text("{}")
        with pytest.raises(BadInput, match="is being served already"), only_one(tmp_path, "fraud"):
            pass
        assert (tmp_path / FILE).exists()
    assert not (tmp_path / FILE).exists()


def test_values_that_json_has_no_type_for_are_sent_all_the_same(tmp_path: Path) -> None:
    table = pa.table(
        {
            "amount": pa.array([Decimal("12.50"), None]),
            "rate": [float("nan"), 0.5],
            "opened": [date(2025, 3, 1), None],
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    requests = RequestTable(
        tmp_path / "rows.parquet", table.column_names, Columns(), limit=0, prefix="a-"
    )
    assert [json.loads(one.body)["instances"][0] for one in requests] == [
        {"amount": 12.5, "rate": None, "opened": "2025-03-01"},
        {"amount": None, "rate": 0.5, "opened": None},
    ]
