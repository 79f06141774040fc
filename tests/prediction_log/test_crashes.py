"""Whatever is killed whenever: a record that was said to be kept is read back, once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.prediction_log.folder import adopt_abandoned, closed_segments, open_segments
from phasegate.prediction_log.segment import SegmentTail, read_segment
from phasegate.prediction_log.spool import Spool
from tests.prediction_log.crash_points import ABANDONED, ACKNOWLEDGED, abandon
from tests.prediction_log.examples import SOURCE, prediction

MODULE = "tests.prediction_log"


def stored(folder: Path) -> list[str]:
    """Request ids of all finished segments, in the order of their files."""
    return [
        record.request_id
        for path in closed_segments(folder)
        for record in read_segment(path).predictions
    ]


def start_writer(folder: Path, writer: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"{MODULE}.writer_process", str(folder), writer, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def numbers(writer: subprocess.Popen[str]) -> list[int]:
    """What is left of a writer's output, without a line that it was killed in."""
    assert writer.stdout
    return [int(line) for line in writer.stdout.read().split("\n")[:-1]]


def run_crash_points(kind: str, root: Path) -> list[Path]:
    command = [sys.executable, "-m", f"{MODULE}.crash_points", kind, str(root)]
    subprocess.run(command, check=True, timeout=120)
    cases = sorted(root.iterdir(), key=lambda case: int(case.name))
    assert len(cases) > 3
    return cases


@pytest.mark.parametrize("killed_after", [1, 50, 333, 1000])
def test_records_of_a_killed_writer_are_all_there_in_order(
    tmp_path: Path, killed_after: int
) -> None:
    with start_writer(tmp_path, "w", 10**9) as writer:
        assert writer.stdout
        kept = [int(writer.stdout.readline()) for _ in range(killed_after)]
        writer.kill()
        kept += numbers(writer)
    adopt_abandoned(tmp_path)
    found = stored(tmp_path)
    # One more may have been written whose number was not printed any more.
    more = kept[-1] + 1
    assert found in ([f"w/{n}" for n in kept], [f"w/{n}" for n in [*kept, more]])
    assert open_segments(tmp_path) == []


def test_a_writer_killed_at_any_system_call_loses_nothing(tmp_path: Path) -> None:
    for case in run_crash_points("write", tmp_path):
        file = case / ACKNOWLEDGED
        kept = file.stat().st_size if file.exists() else 0
        adopt_abandoned(case / "spool")
        found = stored(case / "spool")
        assert found[:kept] == [f"request-{number}" for number in range(kept)], case
        assert len(found) <= kept + 1
        assert open_segments(case / "spool") == []


def test_a_closer_killed_at_any_system_call_loses_nothing(tmp_path: Path) -> None:
    for case in run_crash_points("adopt", tmp_path):
        adopt_abandoned(case / "spool")
        assert stored(case / "spool") == [f"request-{number}" for number in range(ABANDONED)], case
        assert len(list((case / "spool").iterdir())) == 1


def test_a_new_writer_adopts_what_a_killed_one_left(tmp_path: Path) -> None:
    abandon(tmp_path / "spool", 5)
    spool = Spool(tmp_path / "spool", SOURCE, segment_bytes=1 << 12)
    assert stored(tmp_path / "spool") == [f"request-{number}" for number in range(5)]
    spool.close()


def test_a_torn_record_is_counted_and_cut_off(tmp_path: Path) -> None:
    abandon(tmp_path / "spool", 5)
    before = read_segment(open_segments(tmp_path / "spool")[0])
    adopted = adopt_abandoned(tmp_path / "spool")
    after = read_segment(adopted.closed[0])
    assert (before.torn, after.torn, adopted.torn) == (True, False, 1)
    assert before.sha256 == after.sha256
    assert adopted.closed[0].stat().st_size == after.valid_bytes


def test_closers_that_race_finish_each_segment_once(tmp_path: Path) -> None:
    for number in range(20):
        abandon(tmp_path / str(number), 3)
        (tmp_path / str(number)).joinpath(f"{SOURCE.writer}-00000000.open").rename(
            tmp_path / f"w-{number:08d}.open"
        )
        (tmp_path / str(number)).rmdir()
    barrier = threading.Barrier(4)
    adopted: list[Path] = []

    def close() -> None:
        barrier.wait()
        adopted.extend(adopt_abandoned(tmp_path).closed)

    threads = [threading.Thread(target=close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(adopted) == closed_segments(tmp_path)
    assert len(stored(tmp_path)) == 60


def test_a_segment_in_use_is_not_adopted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SOURCE)
    assert spool.append(prediction())
    in_use = open_segments(tmp_path)[0]
    adopted = adopt_abandoned(tmp_path)
    assert (adopted.closed, adopted.unreadable) == ([], [])
    assert list(read_segment(in_use).predictions) == [prediction()]
    spool.close()


def test_a_file_that_is_no_segment_is_reported_and_kept(tmp_path: Path) -> None:
    stranger = tmp_path / "notes.open"
    stranger.write_bytes(b"not a segment")
    assert adopt_abandoned(tmp_path).unreadable == [stranger]
    assert stranger.read_bytes() == b"not a segment"


def test_a_reader_beside_two_writers_sees_every_record_once(tmp_path: Path) -> None:
    """Tails follow open segments while another process fills, cuts and renames them."""
    tails: dict[Path, SegmentTail] = {}
    seen: Counter[str] = Counter()

    def look() -> None:
        for path in [*open_segments(tmp_path), *closed_segments(tmp_path)]:
            name = path.with_suffix("")
            if name not in tails:
                # It may have been renamed meanwhile, or may not be a segment yet.
                try:
                    tails[name] = SegmentTail(path)
                except (FileNotFoundError, BadInput):
                    continue
        for tail in tails.values():
            seen.update(record.request_id for record in tail.read())

    writers = {name: start_writer(tmp_path, name, 400) for name in ("first", "second")}
    while any(writer.poll() is None for writer in writers.values()):
        look()
        os.sched_yield()
    look()
    for name, writer in writers.items():
        with writer:
            kept = numbers(writer)
        assert kept
        assert {f"{name}/{number}" for number in kept} == {
            one for one in seen if one.startswith(f"{name}/")
        }
    assert set(seen.values()) == {1}
    assert sorted(seen) == sorted(stored(tmp_path))
    for tail in tails.values():
        tail.close()
