"""The spool: when segments change, and what happens when there is no room for another."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from phasegate.errors import BadInput
from phasegate.prediction_log.folder import bytes_in, closed_segments, open_segments
from phasegate.prediction_log.record import Prediction
from phasegate.prediction_log.segment import read_segment
from phasegate.prediction_log.spool import Spool, writer_id
from tests.prediction_log.examples import DAY, NOON, SOURCE, failure, prediction
from tests.prediction_log.limited_disk import LIMIT
from tests.waiting import until

SMALL = 1 << 12

Opened = Callable[..., Spool]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens spools in one folder; closes them at the end."""
    with ExitStack() as stack:

        def open_spool(**settings: Any) -> Spool:
            spool = Spool(tmp_path, SOURCE, **settings)
            stack.callback(spool.close)
            return spool

        yield open_spool


def segments(folder: Path) -> list[list[Prediction]]:
    return [list(read_segment(path).predictions) for path in closed_segments(folder)]


def ready(folder: Path, count: int = 3) -> None:
    """Wait until the active segment and its spares are there."""
    until(lambda: len(open_segments(folder)) >= count)


def test_records_come_back_in_order_and_nothing_else_is_left(
    tmp_path: Path, opened: Opened
) -> None:
    records = [prediction(1), failure(2), prediction(3, role="shadow", entity=None)]
    spool = opened()
    assert [spool.append(record) for record in records] == [True] * 3
    assert spool.written == 3
    spool.close()
    spool.close()
    assert segments(tmp_path) == [records]
    assert open_segments(tmp_path) == []


def test_a_full_segment_gives_way_to_the_next(tmp_path: Path, opened: Opened) -> None:
    spool = opened(segment_bytes=SMALL)
    for number in range(200):
        until(lambda number=number: spool.append(prediction(number)))
    spool.close()
    parts = segments(tmp_path)
    assert len(parts) > 3
    assert [record for part in parts for record in part] == [prediction(n) for n in range(200)]
    assert all(path.stat().st_size <= SMALL for path in closed_segments(tmp_path))


def test_an_old_segment_is_finished_though_nothing_more_comes(
    tmp_path: Path, opened: Opened
) -> None:
    spool = opened(max_age_seconds=0.05)
    spool.append(prediction(1))
    until(lambda: segments(tmp_path) == [[prediction(1)]])
    spool.append(prediction(2))
    until(lambda: segments(tmp_path) == [[prediction(1)], [prediction(2)]])


def test_segments_without_records_do_not_age(tmp_path: Path, opened: Opened) -> None:
    spool = opened(max_age_seconds=0.0)
    ready(tmp_path)
    before = open_segments(tmp_path)
    spool.append(prediction())
    until(lambda: len(closed_segments(tmp_path)) == 1)
    ready(tmp_path)
    assert set(before[1:]) < set(open_segments(tmp_path))


def test_a_record_of_a_later_day_begins_a_segment(tmp_path: Path, opened: Opened) -> None:
    spool = opened(max_event_span=DAY)
    ready(tmp_path)
    days = [prediction(day, event_time=NOON + day * DAY // 2) for day in range(4)]
    for record in days:
        ready(tmp_path)
        spool.append(record)
    spool.close()
    assert segments(tmp_path) == [days[:2], days[2:]]


def test_late_records_go_where_the_others_go(tmp_path: Path, opened: Opened) -> None:
    spool = opened(max_event_span=DAY)
    ready(tmp_path)
    records = [
        prediction(number, event_time=NOON + number - (number % 2) * 40 * DAY)
        for number in range(100)
    ]
    for record in records:
        spool.append(record)
    spool.close()
    assert segments(tmp_path) == [records]


def test_without_a_spare_a_later_day_waits(tmp_path: Path, opened: Opened) -> None:
    spool = opened(max_event_span=DAY, segment_bytes=SMALL, budget_bytes=2 * SMALL, spares=1)
    ready(tmp_path, 2)
    days = [prediction(day, event_time=NOON + day * DAY) for day in range(8)]
    assert all(spool.append(record) for record in days)
    spool.close()
    assert [record for part in segments(tmp_path) for record in part] == days
    assert len(segments(tmp_path)) < 8


def test_at_the_budget_the_newest_records_are_dropped_and_counted(
    tmp_path: Path, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    budget = 6 * SMALL
    spool = opened(segment_bytes=SMALL, budget_bytes=budget)
    kept = []

    def fill() -> bool:
        number = len(kept)
        if spool.append(prediction(number)):
            kept.append(number)
        assert bytes_in(tmp_path) <= budget
        return bool(spool.dropped.get("budget"))

    with caplog.at_level(logging.WARNING):
        until(fill)
    assert "no segment can be added" in caplog.text
    assert spool.written == len(kept)
    assert spool.bytes_waiting > budget - SMALL
    until(lambda: not open_segments(tmp_path))
    assert [r for part in segments(tmp_path) for r in part] == [prediction(n) for n in kept]

    for path in closed_segments(tmp_path):
        path.unlink()
    until(lambda: spool.append(prediction(len(kept))))


def test_a_full_disk_drops_records_until_there_is_room(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.prediction_log.limited_disk", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    said = json.loads(done.stdout)
    assert said == {"refused": [False] * 5, "dropped": {"disk": 5}}
    assert "File too large" in done.stderr
    assert segments(tmp_path) == [[prediction(5)]]
    assert closed_segments(tmp_path)[0].stat().st_size < LIMIT


def test_a_folder_that_disappears_drops_records(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", SOURCE, segment_bytes=SMALL)
    ready(tmp_path / "spool")
    (tmp_path / "spool").rename(tmp_path / "moved")
    number = iter(range(10**6))
    until(lambda: not spool.append(prediction(next(number))))
    until(lambda: not spool.append(prediction(next(number))) and spool.dropped.get("disk"))
    assert spool.bytes_waiting == 0
    spool.close()


def test_a_thread_that_is_held_up_is_told_apart(tmp_path: Path, opened: Opened) -> None:
    spool = opened(segment_bytes=SMALL)
    ready(tmp_path)
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    for number in range(200):
        spool.append(prediction(number))
    assert set(spool.dropped) == {"stalled"}
    os.close(handle)
    until(lambda: spool.append(prediction(200)))


def test_records_that_can_never_be_kept_are_counted_by_reason(opened: Opened) -> None:
    spool = opened(segment_bytes=SMALL)
    assert not spool.append(prediction(entity="x" * SMALL))
    assert not spool.append(prediction(scores=b""))
    assert not spool.append(prediction(entity="\ud800"))
    spool.close()
    assert not spool.append(prediction())
    assert spool.dropped == {"too_large": 1, "malformed": 2, "closed": 1}


def test_threads_may_append_side_by_side(tmp_path: Path, opened: Opened) -> None:
    spool = opened(segment_bytes=1 << 16)

    def run(start: int) -> None:
        for number in range(start, start + 1000):
            until(lambda number=number: spool.append(prediction(number)))

    threads = [threading.Thread(target=run, args=(start,)) for start in range(0, 4000, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    found = [record for part in segments(tmp_path) for record in part]
    assert sorted(found, key=lambda record: record.event_time) == [
        prediction(number) for number in range(4000)
    ]


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        spool = Spool(tmp_path, SOURCE, segment_bytes=SMALL)
        for number in range(100):
            spool.append(prediction(number))
        spool.close()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_folder_that_cannot_be_made_is_an_error_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="folder cannot be made"):
        Spool(tmp_path / "file" / "spool", SOURCE)


@pytest.mark.parametrize(
    "settings",
    [{"segment_bytes": 64}, {"segment_bytes": SMALL, "budget_bytes": SMALL}, {"spares": 0}],
)
def test_sizes_that_cannot_work_are_an_error_at_start(
    tmp_path: Path, settings: dict[str, int]
) -> None:
    with pytest.raises(BadInput, match="too little for the prediction log"):
        Spool(tmp_path, SOURCE, **settings)


def test_every_writer_has_a_name_of_its_own() -> None:
    assert len({writer_id() for _ in range(100)}) == 100
