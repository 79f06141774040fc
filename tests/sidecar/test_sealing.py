"""A real spool, a real sidecar process, a real store."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from phasegate.network import free_port
from phasegate.prediction_log.folder import closed_segments
from phasegate.prediction_log.spool import Spool, writer_id
from phasegate.server_process import ServerFailure
from tests.prediction_log.examples import DAY, NOON, SECOND, SOURCE, failure, prediction
from tests.prediction_log.waiting import until
from tests.sidecar.conftest import Start
from tests.sidecar.reading import health, metric, stored, stored_ids
from tests.store.emulator import storage_emulator

SEGMENT = 1 << 14


def _write(folder: Path, count: int, first: int = 0) -> list[str]:
    """Close a spool with so many records; their ids."""
    spool = Spool(folder, replace(SOURCE, writer=writer_id()), segment_bytes=1 << 20)
    ids = [f"request-{number}" for number in range(first, first + count)]
    for number, request_id in enumerate(ids):
        assert spool.append(prediction(number, request_id=request_id))
    spool.close()
    return ids


class Load:
    """Appends records to a spool from a thread of its own until it is stopped.

    Attributes:
        kept: ids that the spool said are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._spool = Spool(folder, SOURCE, segment_bytes=SEGMENT, max_age_seconds=0.2, spares=4)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.kept: list[str] = []

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._spool.close()

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.0005):
            request_id = f"request-{number}"
            event_time = NOON + number * 60 * SECOND
            if self._spool.append(prediction(number, request_id=request_id, event_time=event_time)):
                self.kept.append(request_id)
            number += 1


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


def test_a_segment_that_cannot_be_read_is_put_aside_and_holds_nothing_up(
    sidecar: Start, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    for name in ("aaa-00000000.closed", "aaa-00000001.open"):
        (spool / name).write_bytes(b"this is no segment, and it comes first")
    ids = _write(spool, 100)
    with sidecar() as process:
        until(lambda: stored_ids(tmp_path / "store") == Counter(ids))
        until(lambda: len(list((spool / "damaged").iterdir())) == 2)
        assert metric(process, "segments_damaged_total") == 2
        until(lambda: health(process)["status"] == "degraded")
        assert "2 damaged segments lie in" in str(health(process)["reasons"])


def test_of_a_segment_that_is_damaged_in_the_middle_the_first_part_is_sealed(
    sidecar: Start, tmp_path: Path
) -> None:
    ids = _write(tmp_path / "spool", 100)
    (segment,) = closed_segments(tmp_path / "spool")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    with sidecar():
        until((tmp_path / "spool" / "damaged" / segment.name).exists)
    found = stored_ids(tmp_path / "store")
    assert found == Counter(ids[: len(found)])
    assert 40 < len(found) < 60


def test_a_store_that_fails_is_tried_again_and_nothing_is_lost(
    sidecar: Start, tmp_path: Path
) -> None:
    blocked = tmp_path / "store" / "predictions"
    blocked.parent.mkdir()
    blocked.write_text("a file where a folder should be")
    ids = _write(tmp_path / "spool", 100)
    with sidecar() as process:
        until(lambda: health(process)["status"] == "degraded")
        assert "the store cannot be written" in str(health(process)["reasons"])
        assert closed_segments(tmp_path / "spool")
        blocked.unlink()
        until(lambda: stored_ids(tmp_path / "store") == Counter(ids))
        until(lambda: health(process)["status"] == "ready")
        assert metric(process, "store_failures_total") >= 1


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


def test_a_bucket_that_is_down_then_back_has_each_record_once(
    sidecar: Start, tmp_path: Path
) -> None:
    port = free_port()
    uri = "gs://phasegate-sidecar/log"
    with (
        _environment(STORAGE_EMULATOR_HOST=f"http://127.0.0.1:{port}"),
        sidecar(store=uri) as process,
    ):
        ids = _write(tmp_path / "spool", 50)
        until(lambda: "did not answer" in str(health(process)["reasons"]))
        ids += _write(tmp_path / "spool", 50, first=50)
        with storage_emulator("phasegate-sidecar", port):
            until(lambda: not closed_segments(tmp_path / "spool"))
            assert stored_ids(uri) == Counter(ids)
        # The emulator forgets what it held; what is written while it is gone waits again.
        more = _write(tmp_path / "spool", 50, first=100)
        until(lambda: "did not answer" in str(health(process)["reasons"]))
        assert process.stop() == 0
        with storage_emulator("phasegate-sidecar", port), sidecar(store=uri):
            until(lambda: not closed_segments(tmp_path / "spool"))
            assert stored_ids(uri) == Counter(more)


def test_a_second_sidecar_on_a_spool_says_so_and_ends(sidecar: Start) -> None:
    with (
        sidecar() as first,
        pytest.raises(ServerFailure, match=r"exit code 2(?s:.*)another sidecar empties"),
        sidecar(),
    ):
        pass
    assert first.stop() == 0


def test_sigterm_seals_what_is_closed_and_exits_0(sidecar: Start, tmp_path: Path) -> None:
    with sidecar(interval=3_600) as process:
        ids = _write(tmp_path / "spool", 100)
        assert process.stop() == 0
    assert stored_ids(tmp_path / "store") == Counter(ids)


def test_it_ends_when_the_one_who_started_it_is_gone(sidecar: Start) -> None:
    with sidecar() as process:
        process._process.stdin.close()  # as the system does when this process is killed
        assert process._process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--interval", "0"], "--interval: 0 seconds; expected more than 0"),
        (["--foreign", "iris"], "not a foreign service"),
        (["--sensitive", "a=hash"], "hashed with a key of 0 bytes"),
        (["--log-key-file", "/nowhere/key"], "the key for sensitive data cannot be read"),
        (["--store", "ftp://host"], "'ftp' is not a kind of store"),
        (["--host", "192.0.2.1"], "cannot listen there"),
        (["--sensitive", "a=burn"], "is not COLUMN=hash or COLUMN=drop"),
    ],
)
def test_bad_options_end_it_with_2_and_one_line(
    sidecar: Start, options: list[str], words: str
) -> None:
    process = sidecar(*options)
    with pytest.raises(ServerFailure, match="exit code 2"), process:
        pass
    assert words in process.last_lines(1)
