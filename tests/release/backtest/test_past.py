"""Past traffic of a log: retries, contradictions, failures, and what the log conceals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.local.serving.models import ServedModel
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from phasegate.progress import no_progress
from phasegate.release.backtest.offline import offline_scores
from phasegate.release.backtest.past import past_of_features, past_of_log
from phasegate.release.backtest.score import SCHEMA, score_table
from phasegate.release.backtest.table import TABLE, Answered, fill_table
from phasegate.store.named import open_named
from tests.serving.conftest import NAME, small_model

START = datetime(2025, 3, 1, 23, tzinfo=UTC)
DIGEST = "c" * 64


def _prediction(
    request: str, hours: float = 0, amount: float = 1.0, **changes: object
) -> Prediction:
    made = Prediction(
        request, microseconds(START + timedelta(hours=hours)), "E1", "champion", 700, None,
        np.array([amount]).tobytes(), [["food"]], np.array([0.25]).tobytes(), b"\x01",
    )  # fmt: skip
    return replace(made, **changes)


def _log(folder: Path, *predictions: Prediction, digest: str = DIGEST) -> Path:
    source = Source("fraud", digest, "fraud/1", ("amount",), ("category",), "writer")
    for name, part in partitions(table(predictions, source), source, "0" * 64):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(parquet_bytes(part))
    return folder


def _filled(folder: Path, **window: datetime) -> tuple[Answered, list[tuple]]:
    past = past_of_log(open_named(str(folder)), "fraud", DIGEST, folder, **window)
    scores = []
    for file in past.files:
        rows = pq.read_metadata(file).num_rows
        path = folder / f"{file.parent.parent.name}.parquet"
        columns = [pa.array(np.arange(rows) / 8), pa.array(np.zeros(rows, np.int8))]
        pq.write_table(pa.Table.from_arrays(columns, schema=SCHEMA), path)
        scores.append(path)
    with duckdb.connect() as connection:
        answered = fill_table(
            connection, past, (), scores, ["amount"], "salt",
            window.get("since"), window.get("until"),
        )  # fmt: skip
        columns = 'request_id, "row", champion_score, challenger_score, features.amount'
        return answered, connection.sql(f"SELECT {columns} FROM {TABLE} ORDER BY place").fetchall()


def test_rows_meet_their_scores_by_position(tmp_path: Path) -> None:
    two = _prediction(
        "b", 0.5, numeric=np.array([2.0, 3.0]).tobytes(), categories=[["food", "fuel"]],
        scores=np.array([0.5, 0.75]).tobytes(), decisions=b"\x00\x01",
    )  # fmt: skip
    answered, rows = _filled(_log(tmp_path, _prediction("a"), two, _prediction("c", 2)))
    assert rows == [
        ("a", 0, 0.25, 0.0, 1.0),
        ("b", 0, 0.5, 0.125, 2.0),
        ("b", 1, 0.75, 0.25, 3.0),
        ("c", 0, 0.25, 0.0, 1.0),  # of the next day's file
    ]
    assert (answered.rows, answered.requests, answered.entities) == (4, 3, 1)
    assert (answered.first, answered.last) == (START, START + timedelta(hours=2))


def test_retries_count_once_and_contradictions_not_at_all(tmp_path: Path) -> None:
    failed = {"numeric": b"", "categories": [[]], "scores": b"", "decisions": b""}
    answered, rows = _filled(
        _log(
            tmp_path,
            _prediction("failed", error="timeout", **failed),
            _prediction("again", 0.5),
            _prediction("again", 0.25),
            _prediction("two things", amount=1.0),
            _prediction("two things", amount=2.0),
            _prediction("shadowed", role="shadow"),
        )
    )
    assert [row[0] for row in rows] == ["again"]
    assert answered.first == answered.last == START + timedelta(hours=0.25)
    assert answered.conflicting == 1


def test_a_window_leaves_out_what_is_outside(tmp_path: Path) -> None:
    _log(tmp_path, *(_prediction(f"r{hour}", hour) for hour in range(4)))
    until = START + timedelta(hours=3)
    _, rows = _filled(tmp_path, since=START + timedelta(hours=1), until=until)
    assert [row[0] for row in rows] == ["r1", "r2"]


def test_who_logged_instead_is_said(tmp_path: Path) -> None:
    _log(tmp_path, _prediction("a"), digest="d" * 64)
    with pytest.raises(BadInput, match="model=dddddddddddd"):
        past_of_log(open_named(str(tmp_path)), "fraud", DIGEST, tmp_path)


def test_a_table_that_is_no_feature_set_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"amount": [1.0]}), tmp_path / "raw.parquet")
    with pytest.raises(BadInput, match="has no column _row"):
        past_of_features(tmp_path / "raw.parquet")


@pytest.mark.parametrize(
    ("columns", "rules", "said"),
    [
        (("amount", "category"), {"mean_7d": "drop"}, "is logged without 'mean_7d', which serving"),
        (("amount", "category"), {}, "does not have 'mean_7d'"),
        (("amount", "mean_7d", "category"), {"category": "hash"}, "only hashes of 'category'"),
    ],
)
def test_what_a_model_reads_and_the_past_lacks_is_named(
    tmp_path: Path, columns: tuple[str, ...], rules: dict[str, str], said: str
) -> None:
    model = small_model()
    model.save(tmp_path / "model")
    values = {"amount": [1.0], "mean_7d": [2.0], "category": ["food"]}
    pq.write_table(pa.table({name: values[name] for name in columns}), tmp_path / "past.parquet")
    served = ServedModel("fraud/2", NAME, "fraud/2", model.digest, tmp_path / "model")
    with pytest.raises(BadInput, match=said):
        offline_scores(served, [tmp_path / "past.parquet"], tmp_path, no_progress, rules)


def test_scores_of_a_table_are_the_models(tmp_path: Path) -> None:
    model = small_model()
    rows = pa.table({"amount": [1.0, None], "mean_7d": [2.0, 90.0], "category": ["food", None]})
    pq.write_table(rows, tmp_path / "past.parquet")
    assert sum(score_table(model, tmp_path / "past.parquet", tmp_path / "scores.parquet")) == 2
    found = pq.read_table(tmp_path / "scores.parquet")
    expected = model.score(model.matrix(rows))
    assert found["score"].to_pylist() == expected.tolist()
    assert found["decision"].to_pylist() == model.decide(expected).tolist()
