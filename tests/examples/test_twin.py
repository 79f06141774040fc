"""The model left alone answers as its server would."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from examples.replay.twin import Twin
from phasegate.errors import BadInput
from phasegate.local.serving.models import ServedModel
from phasegate.models import Model
from phasegate.serving.process import ModelServerProcess

ROWS = 200


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """Rows as the small model asks for them, some without an amount."""
    random = np.random.default_rng(3)
    amount = random.normal(size=ROWS)
    table = pa.table(
        {
            "amount": pa.array(amount, mask=np.arange(ROWS) % 17 == 0),
            "mean_7d": random.gamma(2, 30, ROWS),
            "category": random.choice(["food", "fuel", "travel", "unseen"], ROWS),
            "transaction_id": np.arange(ROWS) + 10,
        }
    )
    path = tmp_path / "requests.parquet"
    pq.write_table(table, path)
    return path


def test_the_twin_decides_what_the_server_of_the_same_bytes_decides(
    tmp_path: Path, requests: Path, model: Model, model_folder: Path
) -> None:
    served = ServedModel("m/1", model.name, "m/1", model.digest, model_folder)
    with Twin(served, tmp_path) as twin:
        twin.decide(requests, tmp_path / "decisions.parquet")
        twin.decide(requests, tmp_path / "again.parquet")
    found = pq.read_table(tmp_path / "decisions.parquet")
    rows = pq.read_table(requests).to_pylist()
    log = tmp_path / "server.log"
    with ModelServerProcess(model_folder, model.digest, model.name, log=log) as server:
        instances = [
            {name: row[name] for name in ("amount", "mean_7d", "category")} for row in rows
        ]
        body = json.dumps({"instances": instances}).encode()
        url = f"{server.address}/v1/models/{model.name}:predict"
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            predictions = json.load(answer)["predictions"]
    decisions = [one["decision"] for one in predictions]
    assert found["decision"].to_pylist() == decisions
    assert found["transaction_id"].to_pylist() == [row["transaction_id"] for row in rows]
    assert 0 < sum(decisions) < ROWS
    assert found == pq.read_table(tmp_path / "again.parquet")


def test_a_twin_of_other_bytes_says_where_to_look(
    tmp_path: Path, requests: Path, model: Model, model_folder: Path
) -> None:
    served = ServedModel("m/1", model.name, "m/1", "0" * 64, model_folder)
    with Twin(served, tmp_path) as twin, pytest.raises(BadInput, match=r"twin\.log"):
        twin.decide(requests, tmp_path / "decisions.parquet")
    assert "digest" in (tmp_path / "twin.log").read_text()
