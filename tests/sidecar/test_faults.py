"""Damaged segments, stores that fail, two sidecars on one spool, and the ends of a sidecar."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from phasegate.network import free_port
from phasegate.prediction_log.folder import closed_segments
from phasegate.server_process import ServerFailure
from tests.sidecar.conftest import Start
from tests.sidecar.reading import health, metric, stored_ids
from tests.sidecar.writing import write_spool
from tests.store.emulator import storage_emulator
from tests.waiting import until


def test_a_segment_that_cannot_be_read_is_put_aside_and_holds_nothing_up(
    sidecar: Start, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    for name in ("aaa-00000000.closed", "aaa-00000001.open"):
        (spool / name).write_bytes(b"this is no segment, and it comes first")
    (spool / "aaa-00000002.closed").mkdir()  # as one that the disk fails to read
    ids = write_spool(spool, 100)
    with sidecar() as process:
        until(lambda: stored_ids(tmp_path / "store") == Counter(ids))
        until(lambda: len(list((spool / "damaged").iterdir())) == 2)
        assert metric(process, "segments_damaged_total") == 2
        until(lambda: "2 damaged segments lie in" in str(health(process)["reasons"]))
        assert "Is a directory" in str(health(process)["reasons"])


def test_of_a_segment_that_is_damaged_in_the_middle_the_first_part_is_sealed(
    sidecar: Start, tmp_path: Path
) -> None:
    ids = write_spool(tmp_path / "spool", 100)
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
    ids = write_spool(tmp_path / "spool", 100)
    with sidecar() as process:
        until(lambda: health(process)["status"] == "degraded")
        assert "the store cannot be written" in str(health(process)["reasons"])
        assert closed_segments(tmp_path / "spool")
        blocked.unlink()
        until(lambda: stored_ids(tmp_path / "store") == Counter(ids))
        until(lambda: health(process)["status"] == "ready")
        assert metric(process, "store_failures_total") >= 1


def test_a_bucket_that_is_down_then_back_has_each_record_once(
    sidecar: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    uri = "gs://phasegate-sidecar/log"
    with sidecar(store=uri) as process:
        ids = write_spool(tmp_path / "spool", 50)
        until(lambda: "did not answer" in str(health(process)["reasons"]))
        ids += write_spool(tmp_path / "spool", 50, first=50)
        with storage_emulator("phasegate-sidecar", port):
            until(lambda: not closed_segments(tmp_path / "spool"))
            assert stored_ids(uri) == Counter(ids)
        # The emulator forgets what it held; what is written while it is gone waits again.
        more = write_spool(tmp_path / "spool", 50, first=100)
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
        ids = write_spool(tmp_path / "spool", 100)
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
