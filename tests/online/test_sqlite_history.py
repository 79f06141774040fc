"""One file of facts, shared by processes: once only, never locked for readers, never too short."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput, Unavailable
from phasegate.online import DAY, SqliteHistory
from phasegate.online.history import Fact, Lookup, Series, Total, event_number

from .streams import history

PAID = Series("customer", "amount", 20)
FRAUD = Series("terminal", "fraud", 3)
ALWAYS = (-(2**63), 2**63 - 1)


def fact(event, *, series=PAID, key="a", time=0, units=1):
    return Fact(series, event, key, time, units)


def total(past, *, series=PAID, key="a", span=ALWAYS):
    ((answer,),) = past.totals([Lookup(series, key, [span])])
    return answer


@pytest.fixture
def past(tmp_path):
    with SqliteHistory(tmp_path / "history.db") as opened:
        opened.declare({PAID: 30 * DAY, FRAUD: 37 * DAY})
        yield opened


def test_a_fact_is_counted_once_however_often_it_is_added(past):
    assert past.add([fact(1), fact(2, units=5)]) == (2, 0, 0)
    assert past.add([fact(2, units=5), fact(3)]) == (1, 1, 0)
    assert past.add([fact(1), fact(1)]) == (0, 2, 0)
    assert total(past) == Total(3, 7, 0)


def test_a_different_fact_of_the_same_event_is_refused(past):
    past.add([fact(1)])
    others = [fact(1, key="b"), fact(1, time=1), fact(1, units=2)]
    assert past.add([*others, fact(2)]) == (1, 0, 3)
    assert total(past) == Total(2, 2, 0)
    assert total(past, key="b") == Total(0, 0, 0)


def test_a_missing_value_may_become_known_and_is_not_forgotten_by_a_repetition(past):
    past.add([fact(1, units=None)])
    assert total(past) == Total(0, 0, 1)
    assert past.add([fact(1, units=4)]) == (1, 0, 0)
    assert past.add([fact(1, units=None)]) == (0, 1, 0)
    assert past.add([fact(2, units=None), fact(2, key="b"), fact(2, time=1)]) == (1, 0, 2)
    assert total(past) == Total(1, 4, 1)


def test_spans_hold_their_start_and_not_their_end(past):
    past.add([fact(time, time=time) for time in (1, 2, 3)])
    spans = [(1, 3), (2, 2), (3, 4), (0, 1)]
    assert past.totals([Lookup(PAID, "a", spans)]) == [
        [Total(2, 2, 0), Total(0, 0, 0), Total(1, 1, 0), Total(0, 0, 0)]
    ]


def test_facts_that_a_lookup_brings_count_where_they_are_not_held_and_in_their_spans_only(past):
    past.add([fact(1, time=5, units=2)])
    held_otherwise = fact(1, time=5, units=9)
    brought = [fact(event, time=time) for event, time in ((2, 3), (3, 4), (4, 6), (5, 7))]
    lookup = Lookup(PAID, "a", [(4, 6), (5, 7)], [held_otherwise, *brought])
    assert past.totals([lookup]) == [[Total(2, 3, 0), Total(2, 3, 0)]]
    assert total(past) == Total(1, 2, 0)


def test_labels_are_told_by_event_and_corrected_by_later_ones(past):
    past.add([fact(event, series=FRAUD, units=None) for event in (1, 2, 3)])
    assert past.add_labels("fraud", {1: 1, 2: 0, 9: 1}) == {9}
    assert total(past, series=FRAUD) == Total(2, 8, 1)
    assert past.add_labels("fraud", {1: 0, 2: 1, 3: 1}) == set()
    assert total(past, series=FRAUD) == Total(3, 16, 0)
    assert past.add_labels("other", {1: 0}) == {1}


def test_sums_beyond_64_bits_are_right(past):
    largest = 2**53 - 1
    past.add([fact(event, units=-largest) for event in range(2_000)])
    assert total(past) == Total(2_000, -largest * 2_000, 0)


FACTS = st.builds(
    fact,
    st.integers(-(2**63), 2**63 - 1),
    key=st.sampled_from(["", "\0", "a", "a\0", "ä", "\U0010ffff"]),
    time=st.integers(0, 100).map(lambda day: day * DAY),
    units=st.one_of(st.none(), st.integers(-9, 9)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(FACTS, max_size=40, unique_by=lambda one: one.event), st.integers(0, 100))
def test_forgetting_keeps_all_that_a_window_may_still_reach_and_no_more(facts, today):
    now, margin, reach = today * DAY, 2 * DAY, 30 * DAY
    with history() as past:
        past.declare({PAID: reach})
        past.add(facts)
        kept = [one for one in facts if one.time >= now - margin - reach]
        assert past.forget(now, margin) == len(facts) - len(kept)
        for key in {one.key for one in facts}:
            known = [one.units for one in kept if one.key == key and one.units is not None]
            absent = sum(one.units is None for one in kept if one.key == key)
            assert total(past, key=key) == Total(len(known), sum(known), absent)
        assert past.add(kept) == (0, len(kept), 0)


def test_the_longest_reach_of_all_models_is_kept(tmp_path):
    with SqliteHistory(tmp_path / "h") as champion, SqliteHistory(tmp_path / "h") as challenger:
        champion.declare({PAID: 30 * DAY})
        challenger.declare({PAID: 1 * DAY})
        challenger.add([fact(1, time=10 * DAY)])
        assert challenger.forget(40 * DAY, margin=0) == 0
        assert total(champion) == Total(1, 1, 0)
        assert champion.forget(40 * DAY + 1, margin=0) == 1


def test_a_second_process_adds_series_of_its_own(tmp_path):
    with SqliteHistory(tmp_path / "h") as champion, SqliteHistory(tmp_path / "h") as challenger:
        champion.declare({PAID: DAY})
        challenger.declare({FRAUD: DAY, PAID: DAY})
        champion.add([fact(1)])
        both = [fact(1), fact(1, series=FRAUD, key="7", units=None)]
        assert challenger.add(both) == (1, 1, 0)
        champion.add_labels("fraud", {1: 1})
        assert total(challenger, series=FRAUD, key="7") == Total(1, 8, 0)


def test_readers_do_not_wait_for_a_writer_and_a_writer_waits_so_long_only(tmp_path):
    path = tmp_path / "history.db"
    with SqliteHistory(path, wait_seconds=0.05) as past:
        past.declare({PAID: DAY})
        past.add([fact(1)])
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        assert total(past) == Total(1, 1, 0)
        with pytest.raises(Unavailable, match=r"within 0\.05 s.*locked"):
            past.add([fact(2)])
        writer.close()
        assert past.add([fact(2)]) == (1, 0, 0)


def test_threads_may_share_a_history(past):
    def add(first):
        for event in range(first, first + 200):
            past.add([fact(event)])
            total(past)

    threads = [threading.Thread(target=add, args=(first,)) for first in (0, 100, 1_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(past) == Total(500, 500, 0)


WRITER = """
import itertools, sys
from pathlib import Path
from phasegate.online import SqliteHistory
from phasegate.online.history import Fact, Series

past = SqliteHistory(Path(sys.argv[1]))
past.declare({Series("customer", "amount", 20): 10})
print("writing", flush=True)
for first in itertools.count(step=2):
    past.add([Fact(Series("customer", "amount", 20), first + one, "a", 0, 1) for one in (0, 1)])
    print(first, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_what_it_had_added(tmp_path):
    path = tmp_path / "history.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        lines = [writer.stdout.readline() for _ in range(300)]
    finally:
        writer.kill()
        lines += writer.communicate()[0].splitlines()
    done = len([line for line in lines if line.strip().isdigit()])
    with SqliteHistory(path) as past:
        past.declare({PAID: DAY})
        held = total(past).count
    assert held % 2 == 0
    assert 2 * done <= held <= 2 * done + 2


def test_processes_may_open_a_new_file_at_the_same_time(tmp_path):
    script = (
        "import sys; from pathlib import Path; from phasegate.online import SqliteHistory\n"
        "sys.stdin.readline()\n"
        "SqliteHistory(Path(sys.argv[1])).declare({})"
    )
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "h")], stdin=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for opener in openers:
        opener.stdin.write("now\n")
        opener.stdin.flush()
    for opener in openers:
        opener.communicate()
    assert [opener.returncode for opener in openers] == [0, 0, 0]


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b""], ids=["text", "other database"]
)
def test_a_file_that_is_no_history_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    if not content:
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE precious (value)")
        other.close()
    before = path.read_bytes()
    with pytest.raises(BadInput, match="not a history"):
        SqliteHistory(path)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path):
    with pytest.raises(Unavailable, match=r"nowhere.*unable to open"):
        SqliteHistory(tmp_path / "nowhere" / "history.db")


def test_numbers_of_events_are_the_same_everywhere():
    assert event_number("2026010100000000") == 6240342774763281568
