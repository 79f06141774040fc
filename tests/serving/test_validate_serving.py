"""The component `validate_serving`, with a real KServe process inside."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.validate_serving.__main__ import main
from phasegate.contracts import FeatureSet, Outcome, TrainedModel, Verdict
from phasegate.models import Model

PARAMETERS = {
    "name": "fraud",
    "split": json.dumps({"order": "auto", "validation": 0.15, "calibration": 0.1, "test": 0.2}),
    "training": json.dumps({"threads": 1}),
    "serving": json.dumps({"rows": 200, "p99_ms": 5000, "tolerance": 0}),
}


@pytest.fixture
def feature_set(tmp_path: Path) -> FeatureSet:
    random = np.random.default_rng(5)
    size = 2000
    amount = random.normal(size=size)
    amount[::7] = np.nan
    folder = tmp_path / "features"
    folder.mkdir()
    table = pa.table(
        {
            "_row": np.arange(size),
            "_time": random.permutation(size) + 1,
            "_label": random.integers(0, 2, size).astype(np.int8),
            "amount": amount,
            "mean_7d": random.gamma(2, 30, size),
            "category": random.choice(["food", "fuel", "travel", "boat"], size),
        }
    )
    pq.write_table(table, folder / "features.parquet")
    return FeatureSet(
        rows=size, columns=3, snapshot_digest="5" * 64, definitions_digest="0" * 64
    ).stored_at(folder, "test")


@pytest.fixture
def validate(
    run_component, model_folder: Path, model: Model, feature_set: FeatureSet
) -> Callable[..., tuple]:
    def run(features_digest: str = "", **parameters: str) -> tuple:
        trained = TrainedModel(
            name="fraud",
            threshold=model.threshold,
            rows=1000,
            snapshot_digest="5" * 64,
            features_digest=features_digest or feature_set.digest,
            definitions_digest="0" * 64,
            run_id="",
        ).stored_at(model_folder, "test")
        ran = run_component(
            main,
            inputs={"model": trained, "feature_set": feature_set},
            parameters={**PARAMETERS, **parameters},
            outputs=("verdict", "metrics"),
            results=("outcome",),
        )
        if ran.exit_code:
            return ran, None
        folder = ran.folders["verdict"]
        return ran, Verdict.from_metadata(ran.metadata["verdict"], folder, "test").judgement()

    return run


def test_a_real_server_that_agrees_exactly_passes(validate, model: Model) -> None:
    ran, judged = validate()
    assert ran.exit_code == 0
    assert judged.outcome is Outcome.PASS, judged.reasons
    assert ran.values == {"outcome": "PASS"}
    assert judged.subject_digest == model.digest
    assert [check.name for check in judged.checks] == [
        "latency p99",
        *(f"REST {version} {what}" for version in ("v1", "v2")
          for what in ("model", "scores", "decisions")),
    ]  # fmt: skip
    assert ran.metadata["metrics"]["golden_rows"] == 204
    assert ran.metadata["metrics"]["latency_p50_ms"] > 0


def test_a_server_that_cannot_start_blocks_and_shows_its_last_words(
    validate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no memory left\nexit 9\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    ran, judged = validate()
    assert ran.exit_code == 0
    assert ran.values == {"outcome": "BLOCK"}
    assert "exit code 9" in judged.reasons[0]
    assert "no memory left" in judged.reasons[0]


SICK_SERVER = """
import http.server, os, sys

class Sick(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, b'{{"name": "fraud", "ready": true}}')

    def do_POST(self):
        print("feeling unwell", flush=True)
        {illness}

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = int(sys.argv[sys.argv.index("--http-port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Sick).serve_forever()
"""


@pytest.mark.parametrize(
    ("illness", "words"),
    [
        ("self.answer(500, b'out of order')", "answered 500: out of order"),
        ("self.answer(200, b'garbage')", "cannot be read"),
        ("self.answer(200, b'{}')", "cannot be read"),
        ("os._exit(7)", "no answer"),
    ],
)
def test_a_server_that_is_ready_and_then_fails_blocks(
    validate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, illness: str, words: str
) -> None:
    (tmp_path / "sick.py").write_text(SICK_SERVER.format(illness=illness))
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/sick.py "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    ran, judged = validate()
    assert ran.values == {"outcome": "BLOCK"}
    assert words in judged.reasons[0]
    assert "feeling unwell" in judged.reasons[0]


def test_a_server_that_cannot_be_run_at_all_blocks(
    validate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    ran, _ = validate()
    assert ran.values == {"outcome": "BLOCK"}


def test_features_that_the_model_did_not_learn_from_are_refused(validate, capsys) -> None:
    ran, _ = validate(features_digest="7" * 64)
    assert ran.exit_code == 2
    assert "the model learned from feature set 777777777777" in capsys.readouterr().err
