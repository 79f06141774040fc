"""Runs against a real MLflow server."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient

from phasegate.errors import BadInput, Unavailable
from phasegate.registry.server import connect
from phasegate.registry.tracking import _batches, resume_run, tracked_run

pytestmark = pytest.mark.usefixtures("mlflow")


def test_a_run_keeps_all_that_was_logged(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"data").hexdigest()
    (tmp_path / "lock.txt").write_text("xgboost==3.2.0\n")
    with tracked_run("tracking", "all") as run:
        run.params({"depth": 6, "search": {"trials": 0}, "gates": [1, 2], "none": None})
        run.params({f"parameter {i}": i for i in range(250)})
        run.metrics({"pr_auc": 0.75}, step=3)
        run.metrics_history([{"loss": 1 / (i + 1), "auc": i / 1500} for i in range(1500)])
        run.input("training", digest, "store/objects")
        run.artifact(tmp_path / "lock.txt")
        run.artifacts(tmp_path, "folder")
        run.tags({"snapshot": digest})

    client = connect()
    found = client.get_run(run.run_id)
    assert found.info.status == "FINISHED"
    assert len(found.data.params) == 254
    assert found.data.params["search.trials"] == "0"
    assert found.data.params["gates"] == "[1,2]"
    assert found.data.metrics["pr_auc"] == 0.75
    assert found.data.tags["snapshot"] == digest
    history = client.get_metric_history(run.run_id, "loss")
    assert sorted(metric.step for metric in history) == list(range(1500))
    [entry] = found.inputs.dataset_inputs
    assert entry.dataset.digest == digest[:36]
    assert json.loads(entry.dataset.profile) == {"sha256": digest}
    assert {tag.key: tag.value for tag in entry.tags}["sha256"] == digest
    assert {item.path for item in client.list_artifacts(run.run_id)} == {"lock.txt", "folder"}


def test_a_value_too_long_for_mlflow_is_shortened_and_named_by_its_digest() -> None:
    text = "x" * 20_000
    with tracked_run("tracking", "long") as run:
        run.params({"long": text, "strange: key%": 1})
        run.tags({"long": text})
    data = connect().get_run(run.run_id).data
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert len(data.params["long"]) == 6000
    assert digest in data.params["long"]
    assert digest in data.tags["long"]
    assert data.params["strange_ key_"] == "1"


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_a_run_whose_body_fails_is_marked_failed(error: BaseException) -> None:
    with pytest.raises(type(error)), tracked_run("tracking", "failing") as run:
        raise error
    found = connect().get_run(run.run_id)
    assert found.info.status == "FAILED"
    assert type(error).__name__ in found.data.tags["error"]


KILLED = """
import os, signal, sys
from phasegate.registry.tracking import tracked_run
with tracked_run("killed", "first") as run:
    print(run.run_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_whose_process_was_killed_is_marked_by_the_next() -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], check=False, stdout=subprocess.PIPE, text=True
    )
    assert killed.returncode == -signal.SIGKILL
    first = killed.stdout.split()[0]
    client = connect()
    assert client.get_run(first).info.status == "RUNNING"
    with tracked_run("killed", "outer") as outer:
        assert client.get_run(first).info.status == "KILLED"
        with tracked_run("killed", "inner"):
            assert client.get_run(outer.run_id).info.status == "RUNNING"


def test_a_finished_run_can_be_added_to() -> None:
    with tracked_run("tracking", "resumed") as run:
        pass
    resume_run(run.run_id).metrics({"recall": 0.5})
    found = connect().get_run(run.run_id)
    assert found.data.metrics == {"recall": 0.5}
    assert found.info.status == "FINISHED"


def test_an_unknown_run_is_bad_input() -> None:
    with pytest.raises(BadInput, match="'0123' is unknown"):
        resume_run("0123")


def test_a_deleted_experiment_is_bad_input() -> None:
    client = connect()
    client.delete_experiment(client.create_experiment("deleted"))
    with pytest.raises(BadInput, match="was deleted"), tracked_run("deleted", "any"):
        pass


@pytest.mark.parametrize("address", [None, "", "sqlite:///mlflow.db", "localhost:5000"])
def test_an_address_that_is_not_a_server_is_bad_input(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if address is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(BadInput, match="MLFLOW_TRACKING_URI"):
        connect()


def test_an_unreachable_server_ends_clearly_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{refusing.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "1")
        started = time.monotonic()
        with pytest.raises(Unavailable, match=address):
            connect()
        assert time.monotonic() - started < 20


def test_a_server_that_goes_away_during_a_run_ends_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="does not answer") as caught:
            _log_to(f"http://127.0.0.1:{refusing.getsockname()[1]}")
    assert "could not be marked as failed" in caught.value.__notes__[0]


def _log_to(address: str) -> None:
    with tracked_run("tracking", "cut off") as run:
        run._client = MlflowClient(address)
        run.metrics({"a": 1})


@given(st.lists(st.integers(0, 60_000)), st.integers(1, 10))
def test_batches_keep_every_item_in_order_and_respect_both_limits(
    sizes: list[int], most: int
) -> None:
    batches = list(_batches(((i, size) for i, size in enumerate(sizes)), most))
    assert [item for batch in batches for item in batch] == list(range(len(sizes)))
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(sizes[item] for item in batch) <= 100_000
