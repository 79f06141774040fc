"""A real spool, a real sidecar process, a real store."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from phasegate.prediction_log.folder import closed_segments
from phasegate.prediction_log.spool import Spool
from tests.prediction_log.examples import DAY, NOON, SOURCE, failure, prediction
from tests.sidecar.conftest import Start
from tests.sidecar.reading import metric, stored, stored_ids
from tests.sidecar.writing import Load
from tests.waiting import until


def test_killed_20_times_under_load_each_record_is_stored_exactly_once(
    sidecar: Start, tmp_path: Path
) -> None:
    moments = random.Random(7)
    with Load(tmp_path / "spool") as load:
        for _ in range(20):
            with sidecar() as process:
                time.sleep(moments.uniform(0, 0.3))  # a random moment of its work is the condition
                os.kill(process.pid, signal.SIGKILL)
    with sidecar() as process:
        until(lambda: not closed_segments(tmp_path / "spool"))
    assert process.stop() == 0
    assert len(load.kept) > 1_000
    assert stored_ids(tmp_path / "store") == Counter(load.kept)


def test_a_killed_predictors_last_records_are_stored(sidecar: Start, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.prediction_log.writer_process"]
    kept: list[str] = []
    with sidecar():
        for writer in ("writer-a", "writer-b"):
            process = subprocess.Popen(
                [*command, str(tmp_path / "spool"), writer, "1000000"],
                stdout=subprocess.PIPE,
                text=True,
            )
            kept += [f"{writer}/{int(process.stdout.readline())}" for _ in range(300)]
            process.kill()
            kept += [f"{writer}/{int(line)}" for line in process.stdout if line.endswith("\n")]
            process.stdout.close()
            process.wait()
        until(lambda: not list((tmp_path / "spool").glob("*.open")))
    found = stored_ids(tmp_path / "store")
    assert set(found.values()) == {1}
    # One more of each may have been kept than the writer lived to say.
    assert set(kept) <= found.keys()
    assert len(found) <= len(kept) + 2


def test_a_stored_row_says_all_that_was_logged_under_its_date(
    sidecar: Start, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool", SOURCE, max_event_span=10 * DAY)
    spool.append(prediction(1, latency=1234))
    spool.append(failure(2, "timeout", event_time=NOON + DAY))
    spool.close()
    with sidecar():
        pass
    names = sorted(
        str(path.relative_to(tmp_path / "store").parent)
        for path in (tmp_path / "store").rglob("*.parquet")
    )
    days = [datetime.fromtimestamp((NOON + at * DAY) / 1e6, UTC).date() for at in (0, 1)]
    assert names == [f"predictions/fraud/date={day}/model=abababababab" for day in days]
    first, second = stored(tmp_path / "store").to_pylist()
    assert first == {
        "request_id": "request-1", "row": 0, "entity": "customer-7", "role": "champion",
        "event_time": datetime.fromtimestamp(NOON / 1e6, UTC).replace(microsecond=1),
        "model": "fraud", "model_digest": "ab" * 32, "project_version": "card-fraud/3",
        "score": 1 / 1024, "decision": 1, "latency_us": 1234, "error": None,
        "features": {"amount": 1.0, "mean_7d": 0.5, "category": "food"},
    }  # fmt: skip
    assert (second["error"], second["score"], second["features"]) == ("timeout", None, None)


def test_records_are_counted_before_they_are_sealed(sidecar: Start, tmp_path: Path) -> None:
    with sidecar() as process:
        spool = Spool(tmp_path / "spool", SOURCE, max_age_seconds=600)
        for number in range(10):
            spool.append(prediction(number))
        name = {"spool": str(tmp_path / "spool")}
        until(lambda: metric(process, "records_unsealed", **name) == 10)
        assert metric(process, "records_seen_total", **name) == 10
        assert metric(process, "records_sealed_total", **name) == 0
        spool.close()
        until(lambda: metric(process, "records_sealed_total", **name) == 10)
        until(lambda: metric(process, "records_unsealed", **name) == 0)
        assert metric(process, "records_seen_total", **name) == 10
        assert metric(process, "oldest_unsealed_seconds", **name) == 0
        assert metric(process, "bytes_sealed_total", **name) > 0
