"""Racing writers, killed writers, want of room, and answers that are lost on the way."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.release.store import open_releases
from phasegate.release.store.auditing import audited
from phasegate.release.store.objects import Objects
from tests.release import chains, samples
from tests.release.chains import MODEL
from tests.release.store import writing
from tests.release.store.writing import everything, process, put
from tests.store.preconditions import Preconditions
from tests.waiting import until

NOBODY = 65534


def _start(uri: str) -> None:
    releases = open_releases(uri)
    first = chains.start(None, samples.START)
    assert put(releases, first, None)
    record = first.record
    releases.save_evidence(MODEL, samples.evidence(record, samples.START))


def _race(uri: str, writers: int, times: int) -> None:
    _start(uri)
    with ExitStack() as stack:
        running = [
            stack.enter_context(process(writing.look, uri, f"writer-{number}", times))
            for number in range(writers)
        ]
        told = [everything(heard) for _, heard in running]
    releases = open_releases(uri)
    assert sorted(itertools.chain.from_iterable(told)) == list(range(2, writers * times + 2))
    assert releases.head(MODEL).sequence == writers * times + 1
    actors = Counter(entry.actor for entry in releases.entries(MODEL)[1:])
    assert actors == {f"writer-{number}": times for number in range(writers)}
    found = audited(releases, MODEL)
    assert found.is_intact, found.flaws


def test_of_writers_that_race_for_a_folder_none_loses_an_update(tmp_path: Path) -> None:
    _race(str(tmp_path), writers=4, times=50)


def test_of_writers_that_race_for_a_bucket_none_loses_an_update(
    bucket: str, proxy: Preconditions
) -> None:
    _race(bucket, writers=3, times=8)
    assert proxy.refused, "nobody was ever too late: this was no race"


def test_a_writer_killed_at_any_moment_leaves_a_whole_record_and_log(tmp_path: Path) -> None:
    uri = str(tmp_path)
    _start(uri)
    moments = random.Random(7)
    ahead = 0
    for number in range(20):
        with process(writing.look, uri, f"writer-{number}", 10_000) as (writer, heard):
            heard.recv()
            began = time.monotonic()
            acknowledged = heard.recv()
            # Any moment of a turn as long as the last one; there is nothing to await.
            time.sleep(moments.uniform(0, time.monotonic() - began))
            writer.kill()
            acknowledged = max([acknowledged, *everything(heard)])
        releases = open_releases(uri)
        head = releases.head(MODEL)
        assert head.sequence >= acknowledged
        ahead += head.sequence - len(releases.entry_names(MODEL))
        found = audited(releases, MODEL)
        assert found.is_intact, found.flaws
        assert found.entries == head.sequence
    left = {
        name for name in writing.files(uri) if "/audit/" not in name and "/evidence/" not in name
    }
    assert left - {f"{MODEL}/.record.json.new"} == {f"{MODEL}/record.json"}
    assert ahead, "no writer was killed between record and log"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_without_permission_every_write_ends_in_one_message(open_folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become a user without permission")
    with process(writing.write_in_want, str(open_folder / "store"), 0, NOBODY) as (_, heard):
        told = everything(heard)
    assert len(told) == 3
    assert all("Permission denied" in message for message in told)


def test_a_full_disk_ends_every_write_in_one_message_and_leaves_nothing(tmp_path: Path) -> None:
    with process(writing.write_in_want, str(tmp_path), 1_000, 0) as (_, heard):
        told = everything(heard)
    assert len(told) == 3
    assert all("no room for" in message for message in told)
    assert writing.files(str(tmp_path)) == set()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "releases").write_text("not a folder")
    releases = open_releases(str(tmp_path))
    first = chains.start(None, samples.START)
    for attempt in (
        lambda: releases.head(MODEL),
        lambda: releases.append(first),
        lambda: releases.swap(MODEL, None, first),
    ):
        with pytest.raises(BadInput, match=r"(Not a directory|File exists)"):
            attempt()


def test_a_success_whose_answer_was_lost_is_ours(bucket: str, proxy: Preconditions) -> None:
    releases = open_releases(bucket)
    first = chains.start(None, samples.START)
    proxy.lose = 1
    assert releases.swap(MODEL, None, first)
    assert (proxy.lose, proxy.refused) == (0, 1)
    proxy.lose = 1
    releases.append(first)
    assert (proxy.lose, proxy.refused) == (0, 2)
    proxy.lose = 1
    evidence = samples.evidence(first.record, samples.START)
    assert releases.save_evidence(MODEL, evidence) == evidence.digest
    proxy.lose = 1
    assert releases.swap(MODEL, first, chains.apply(first, samples.START))
    assert (proxy.lose, proxy.refused) == (0, 4)
    assert audited(releases, MODEL).entries == 2


def test_a_success_is_ours_though_others_went_on_before_the_answer_was_sought(
    bucket: str, proxy: Preconditions
) -> None:
    first = chains.start(None, samples.START)
    second = chains.apply(first, samples.START)
    third = chains.look(second, samples.START)
    ours, theirs = open_releases(bucket, retry_seconds=20), open_releases(bucket)
    assert put(ours, first, None)
    # Its answer is lost, and its next tries fail until the other writer is done.
    proxy.lose, outcome = 1, []
    writer = threading.Thread(target=lambda: outcome.append(ours.swap(MODEL, first, second)))
    writer.start()
    until(lambda: not proxy.lose, "the answer is lost", seconds=10)
    assert put(theirs, third, second)
    writer.join()
    assert outcome == [True]
    assert theirs.head(MODEL).hash == third.hash


def test_a_swap_that_was_given_up_may_be_made_again(bucket: str, proxy: Preconditions) -> None:
    first = chains.start(None, samples.START)
    proxy.fail = 1_000
    with pytest.raises(Unavailable, match="did not answer"):
        open_releases(bucket, retry_seconds=0.5).swap(MODEL, None, first)
    proxy.fail = 0
    releases = open_releases(bucket)
    assert releases.head(MODEL) is None
    assert releases.swap(MODEL, None, first)


def test_who_was_really_too_late_is_told_so_by_the_bucket(bucket: str) -> None:
    place = Objects(bucket)
    assert place.replace("record", b"first", None)
    assert not place.replace("record", b"also first", None)
    seen = place.read("record")
    assert place.replace("record", b"newer", seen)
    assert not place.replace("record", b"older", seen)
    assert place.read("record").content == b"newer"
