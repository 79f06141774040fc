"""The end of a pod: predictor and sidecar are told to end at the same time, and no row is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from phasegate.prediction_log.folder import closed_segments, open_segments
from phasegate.serving.process import ModelServerProcess
from phasegate.traffic.headers import REQUEST_ID
from tests.serving.conftest import NAME, small_model
from tests.sidecar.conftest import Start
from tests.sidecar.reading import stored_ids
from tests.sidecar.writing import Load, write_spool
from tests.waiting import until

BODY = json.dumps({"instances": [{"amount": 1, "mean_7d": 2, "category": "food"}]}).encode()


class Callers(threading.Thread):
    """Asks one request after another until there is no answer; `answered` are their ids."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = f"{address}/v1/models/{NAME}:predict"
        self.answered: list[str] = []

    def run(self) -> None:
        while True:
            request_id = f"request-{len(self.answered)}"
            request = urllib.request.Request(self._address, BODY, {REQUEST_ID: request_id})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    answer.read()
            except OSError:
                return
            self.answered.append(request_id)


@pytest.mark.parametrize("pause", [0.0, 1.0], ids=["at once", "predictor a second later"])
def test_what_was_answered_before_a_pod_ended_is_in_the_store(
    sidecar: Start, tmp_path: Path, pause: float
) -> None:
    small_model().save(tmp_path / "model")
    predictor = ModelServerProcess(
        tmp_path / "model", small_model().digest, NAME, log=tmp_path / "predictor.log",
        options=[f"--spool={tmp_path / 'spool'}", "--segment-seconds=3600"],
    )  # fmt: skip
    with sidecar("--grace", "60", interval=0.2) as watching, predictor:
        callers = Callers(predictor.address)
        callers.start()
        until(lambda: len(callers.answered) > 200)
        os.kill(watching.pid, signal.SIGTERM)
        # As a preStop hook does, which lets the last requests arrive.
        threading.Event().wait(pause)
        before = len(callers.answered)
        os.kill(predictor.pid, signal.SIGTERM)
        callers.join()
        until(lambda: predictor.poll() is not None and watching.poll() is not None)
        assert (predictor.poll(), watching.poll()) == (0, 0)
    assert before >= 200
    stored = stored_ids(tmp_path / "store")
    assert set(callers.answered) <= stored.keys()
    assert set(stored.values()) == {1}
    assert not open_segments(tmp_path / "spool")
    assert not closed_segments(tmp_path / "spool")


def test_a_predictor_that_is_killed_at_the_end_leaves_nothing_behind(
    sidecar: Start, tmp_path: Path
) -> None:
    small_model().save(tmp_path / "model")
    predictor = ModelServerProcess(
        tmp_path / "model", small_model().digest, NAME, log=tmp_path / "predictor.log",
        options=[f"--spool={tmp_path / 'spool'}", "--segment-seconds=3600"],
    )  # fmt: skip
    with sidecar("--grace", "60") as watching, predictor:
        callers = Callers(predictor.address)
        callers.start()
        until(lambda: len(callers.answered) > random.Random(7).randint(50, 100))
        os.kill(watching.pid, signal.SIGTERM)
        os.kill(predictor.pid, signal.SIGKILL)
        callers.join()
        until(lambda: watching.poll() is not None)
        assert watching.poll() == 0
    assert set(callers.answered) <= stored_ids(tmp_path / "store").keys()


def test_a_store_that_comes_back_within_the_grace_gets_what_waits(
    sidecar: Start, tmp_path: Path
) -> None:
    blocked = tmp_path / "store" / "predictions"
    blocked.parent.mkdir()
    blocked.write_text("a file where a folder should be")
    ids = write_spool(tmp_path / "spool", 100)
    with sidecar("--grace", "60") as watching:
        until(lambda: watching.complaints() != [])
        os.kill(watching.pid, signal.SIGTERM)
        until(lambda: watching.complaints() == [])  # it listens no more
        assert watching.poll() is None
        blocked.unlink()
        until(lambda: watching.poll() is not None)
        assert watching.poll() == 0
    assert stored_ids(tmp_path / "store") == Counter(ids)


def test_a_writer_that_stays_is_waited_for_no_longer_than_the_grace(
    sidecar: Start, tmp_path: Path
) -> None:
    with Load(tmp_path / "spool") as load, sidecar("--grace", "0.5") as watching:
        until(lambda: len(load.kept) > 10)
        os.kill(watching.pid, signal.SIGTERM)
        until(lambda: watching.poll() is not None)
        assert watching.poll() == 0


def test_what_is_closed_is_sealed_at_the_end_without_a_pause(
    sidecar: Start, tmp_path: Path
) -> None:
    # Many times what one round takes; a pause between rounds would outlast any patience.
    with sidecar(interval=3600) as watching:
        ids = [name for at in range(40) for name in write_spool(tmp_path / "spool", 5, 5 * at)]
        assert len(closed_segments(tmp_path / "spool")) == 40
        os.kill(watching.pid, signal.SIGTERM)
        until(lambda: watching.poll() is not None)
        assert watching.poll() == 0
    assert stored_ids(tmp_path / "store") == Counter(ids)
