from __future__ import annotations

import math
import struct
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.prediction_log.folder import closed_segments
from phasegate.prediction_log.record import Prediction
from phasegate.prediction_log.segment import SegmentContent, read_segment
from phasegate.sidecar.batching import Batcher, BatchLimits
from phasegate.sidecar.database import Database
from phasegate.sidecar.joining import Joiner, JoinLimits
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.services import Services
from tests.sidecar.events import read, request, response


class State:
    """Database, joiner and batcher on one folder, and a clock that is set by hand."""

    def __init__(self, folder: Path, **limits: float) -> None:
        self.folder, self.now, self._limits = folder, 1_000.0, limits
        self.open()

    def open(self) -> None:
        self.database = Database(self.folder / "events.sqlite")
        self.joiner = Joiner(self.database, JoinLimits(**self._limits), lambda: self.now)
        self.batcher = Batcher(
            self.database, Services(), self.folder / "spool", BatchLimits(), lambda: self.now
        )

    def reopen(self) -> None:
        self.database.close()
        self.open()

    def add(self, event: tuple[dict[str, str], bytes]) -> str:
        return self.joiner.add(read(event))

    def segments(self) -> list[SegmentContent]:
        self.batcher.export(everything=True)
        return [read_segment(path) for path in closed_segments(self.folder / "spool")]

    def records(self) -> list[Prediction]:
        return [one for segment in self.segments() for one in segment.predictions]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path, timeout_seconds=60, retention_seconds=600)
    yield state
    state.database.close()


def test_a_pair_becomes_one_record_in_either_order(state: State) -> None:
    assert state.add(request("a1")) == "waiting"
    assert state.add(response("a1")) == "joined"
    assert state.add(response("a2")) == "waiting"
    assert state.add(request("a2")) == "joined"
    first, second = state.records()
    assert (first.request_id, second.request_id) == ("a1", "a2")
    assert first.latency == second.latency == 1_450
    assert first.event_time == 1_772_366_400_000_250
    assert struct.unpack("<d", first.scores) == (0.75,)
    assert first.decisions == b"\x01"


def test_a_record_keeps_its_features_and_its_source_says_whose_they_are(state: State) -> None:
    state.add(request("a1", [{"amount": 1.5, "category": "food"}, {"amount": None}]))
    state.add(response("a1", [0.1, 0.9]))
    (segment,) = state.segments()
    assert (segment.source.model, segment.source.project_version) == ("iris", "kserve/default")
    assert segment.source.model_digest == Services().find("iris").digest
    assert (segment.source.numeric, segment.source.text) == (("amount",), ("category",))
    (record,) = segment.predictions
    assert str(struct.unpack("<2d", record.numeric)) == "(1.5, nan)"
    assert record.categories == [["food", None]]


@pytest.mark.parametrize("joined", [True, False])
def test_what_comes_again_is_a_duplicate(state: State, joined: bool) -> None:
    state.add(request("a1"))
    if joined:
        state.add(response("a1"))
        assert state.add(response("a1")) == "duplicate"
    assert state.add(request("a1", [{"amount": 9, "category": "other"}])) == "duplicate"
    if not joined:
        state.add(response("a1"))
    assert len(state.records()) == 1
    state.reopen()
    assert state.add(request("a1")) == "duplicate"


def test_the_same_id_elsewhere_is_another_request(state: State) -> None:
    for changed in ({}, {"ce_endpoint": "canary"}, {"ce_namespace": "other"}):
        state.add(request("a1", **changed))
        state.add(response("a1", **changed))
    assert len(state.records()) == 3
    assert len({segment.source.model_digest for segment in state.segments()}) == 2


def test_a_request_without_a_response_fails_after_the_timeout(state: State) -> None:
    state.add(request("a1"))
    state.add(response("a2"))
    state.now += 59
    assert state.joiner.expire() == Counter()
    state.now += 2
    assert state.joiner.expire() == Counter(no_response=1, no_request=1)
    (record,) = state.records()
    assert (record.request_id, record.error, record.rows) == ("a1", "no_response", 0)
    assert state.add(response("a1")) == "late"
    assert state.add(request("a1")) == "duplicate"
    assert state.joiner.waiting().count == 0


def test_an_answer_to_other_rows_than_asked_is_a_failure(state: State) -> None:
    state.add(request("a1", [{"amount": 1}, {"amount": 2}]))
    state.add(response("a1", [0.5]))
    assert [one.error for one in state.records()] == ["unequal_rows"]


def test_ids_are_forgotten_after_their_time_and_beyond_their_number(tmp_path: Path) -> None:
    state = State(tmp_path, retention_seconds=600, retention_keys=2)
    for number in range(4):
        state.now += 1
        state.add(request(f"a{number}"))
        state.add(response(f"a{number}"))
    state.joiner.expire()
    assert [state.add(request(f"a{number}")) for number in (0, 1, 2, 3)] == [
        "waiting", "waiting", "duplicate", "duplicate",
    ]  # fmt: skip
    state.now += 601
    state.joiner.expire()
    assert state.add(request("a3")) == "waiting"
    state.database.close()


@pytest.mark.parametrize("limits", [{"waiting": 2}, {"waiting_bytes": 150}])
def test_too_much_waiting_refuses_more_until_there_is_room(
    tmp_path: Path, limits: dict[str, int]
) -> None:
    state = State(tmp_path, **limits)
    state.add(request("a1"))
    state.add(request("a2"))
    with pytest.raises(Refused, match="too many events wait") as caught:
        state.add(request("a3"))
    assert (caught.value.reason, caught.value.status) == ("full", 503)
    assert state.add(response("a1")) == "joined"
    assert len(state.records()) == 1
    assert state.add(request("a3")) == "waiting"
    state.database.close()


def test_services_and_features_are_bounded(tmp_path: Path) -> None:
    state = State(tmp_path, services=1)
    state.add(request("a1", [{f"f{at}": 1 for at in range(2_000)}]))
    with pytest.raises(Refused, match="more than 2,000 features of default/iris"):
        state.add(request("a2", [{"another": 1}]))
    with pytest.raises(Refused, match="more than 1 services"):
        state.add(request("a3", ce_inferenceservicename="wine"))
    state.database.close()


def test_records_with_different_features_share_a_source_with_all_of_them(state: State) -> None:
    for number, row in enumerate([{"x": 1}, {"y": "a", "x": None}, {"z": None}, {"x": "b"}]):
        state.add(request(f"a{number}", [row]))
        state.add(response(f"a{number}"))
    (segment,) = state.segments()
    assert (segment.source.numeric, segment.source.text) == (("z",), ("x", "y"))
    records = list(segment.predictions)
    assert [one.categories for one in records] == [
        [["1"], [None]], [[None], ["a"]], [[None], [None]], [["b"], [None]],
    ]  # fmt: skip
    assert all(math.isnan(struct.unpack("<d", one.numeric)[0]) for one in records)


@pytest.mark.parametrize(
    ("limits", "seconds", "exported"),
    [
        (BatchLimits(records=2), 0, [2, 2]),
        (BatchLimits(records=2, size=1), 0, [1, 1, 1, 1, 1]),
        (BatchLimits(records=2, values=2), 0, [1, 1, 1, 1]),
        (BatchLimits(seconds=30), 29, []),
        (BatchLimits(seconds=30), 31, [5]),
    ],
)
def test_a_batch_is_closed_by_number_by_size_or_by_age(
    state: State, limits: BatchLimits, seconds: float, exported: list[int]
) -> None:
    for number in range(5):
        state.add(request(f"a{number}"))
        state.add(response(f"a{number}"))
    state.now += seconds
    batcher = Batcher(state.database, Services(), state.folder / "spool", limits, lambda: state.now)
    assert batcher.export() == sum(exported)
    segments = [read_segment(path) for path in closed_segments(state.folder / "spool")]
    assert [len(segment.payloads) for segment in segments] == exported
    ids = [one.request_id for segment in segments for one in segment.predictions]
    assert ids == [f"a{number}" for number in range(sum(exported))]


def test_a_damaged_database_is_put_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite"
    path.write_bytes(b"this is no database, and it never was one" * 100)
    database = Database(path)
    assert database.put_aside is not None
    assert database.put_aside.read_bytes().startswith(b"this is no database")
    assert Joiner(database).add(read(request("a1"))) == "waiting"
    database.close()


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("request"), st.integers(0, 5)),
        st.tuples(st.just("response"), st.integers(0, 5)),
        st.tuples(st.sampled_from(["expire", "export", "reopen", "wait"]), st.just(0)),
    ),
    max_size=40,
)


@given(_steps)
@settings(max_examples=60)
def test_whatever_happens_each_request_has_one_record_and_it_is_never_lost(
    steps: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder), timeout_seconds=60, retention_seconds=1e9)
        requested: set[str] = set()
        for step, number in steps:
            key = f"a{number}"
            if step == "request":
                state.add(request(key))
                requested.add(key)
            elif step == "response":
                state.add(response(key))
            elif step == "expire":
                state.joiner.expire()
            elif step == "export":
                state.batcher.export()
            elif step == "reopen":
                state.reopen()
            else:
                state.now += 40
        state.now += 1_000
        state.joiner.expire()
        records = state.records()
        assert Counter(one.request_id for one in records) == Counter(requested)
        assert state.joiner.waiting().count == state.joiner.waiting().bytes == 0
        state.database.close()
