"""Which rows came before: as a set that forgets the oldest, in bounded memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phasegate.prediction_log.table import table
from phasegate.sidecar.drift.arrivals import Arrivals
from phasegate.sidecar.drift.rows import Rows, Sealed
from phasegate.sidecar.drift.seen import Seen
from phasegate.sidecar.drift.state import DriftState
from tests.sidecar.drift.streams import DIGEST, MODEL, SOURCE, START, records, values

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

segments = st.lists(st.lists(st.integers(0, 60), max_size=12), max_size=25)


def put(seen: Seen, segment: list[int]) -> np.ndarray:
    keys = np.array(segment, np.uint64)
    fresh = seen.fresh(keys)
    seen.add(keys[fresh], seen.generation(int(fresh.sum())))
    return fresh


@given(segments)
def test_with_room_enough_each_is_fresh_once(stream: list[list[int]]) -> None:
    seen, before = Seen(most=10_000), set[int]()
    for segment in stream:
        fresh = put(seen, segment)
        for one, is_fresh in zip(segment, fresh, strict=True):
            assert is_fresh == (one not in before)
            before.add(one)


@given(segments, st.integers(0, 25), st.integers(2, 80))
def test_the_last_are_known_the_rest_may_be_forgotten_and_a_restart_changes_nothing(
    stream: list[list[int]], cut: int, most: int
) -> None:
    seen, kept = Seen(most=most), list[tuple[int, np.ndarray]]()
    arrived: list[int] = []
    for number, segment in enumerate(stream):
        if number == cut:
            seen = Seen(kept, most)
        keys = np.array(segment, np.uint64)
        fresh = seen.fresh(keys)
        assert not fresh[np.isin(keys, arrived[-(most // 2) or len(arrived) :])].any()
        generation = seen.generation(int(fresh.sum()))
        kept = [one for one in kept if one[0] >= generation - 1] + [(generation, keys[fresh])]
        seen.add(keys[fresh], generation)
        arrived += keys[fresh].tolist()
        held = sum(len(run) for run in (*seen._older, *seen._recent))
        assert held <= max(most, 2) + 2 * 12


def arrivals(folder: Path) -> tuple[Arrivals, DriftState]:
    state = DriftState(folder / "windows.sqlite")
    return Arrivals(state, DAY), state


def test_what_came_is_known_to_the_next_process_and_a_segment_again_is_itself(
    tmp_path: Path,
) -> None:
    own = list(records(values(np.random.default_rng(0), 40), START, START + 2 * DAY))
    first = Rows.of(table(own[:30], SOURCE), HOUR)
    again = Rows.of(table(own[20:], SOURCE), HOUR)
    name = Sealed("a", MODEL, DIGEST, "12" * 32)
    known, state = arrivals(tmp_path)
    assert known.fresh(name, first).all()
    state.close()
    known, state = arrivals(tmp_path)
    for _ in range(2):  # killed before the segment was removed
        assert known.fresh(name, first).all()
    expected = [False] * 10 + [True] * 10
    second = replace(name, name="b")
    assert known.fresh(second, again).tolist() == expected
    assert known.fresh(second, again).tolist() == expected
    state.close()


def test_a_row_counts_once_in_each_window_and_an_answer_after_its_failure(tmp_path: Path) -> None:
    (record,) = records(values(np.random.default_rng(0), 1), START, START + DAY)
    day = 86_400_000_000
    nothing = {"numeric": b"", "categories": [], "scores": b"", "decisions": b""}
    failure = replace(record, error="boom", **nothing)
    sent = [failure, record, failure, record, replace(record, event_time=record.event_time + day)]
    known, state = arrivals(tmp_path)
    fresh = [
        known.fresh(Sealed(str(at), MODEL, DIGEST, "12" * 32), Rows.of(table([one], SOURCE), HOUR))
        for at, one in enumerate(sent)
    ]
    assert [bool(one[0]) for one in fresh] == [True, True, False, False, True]
    with state.transaction() as run:
        assert run.execute("SELECT sum(rows) FROM traffic").fetchone() == (2,)
    state.close()
