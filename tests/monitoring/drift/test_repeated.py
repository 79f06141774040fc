"""Rows that are logged again count once, by whatever way they are read, whoever logged them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.monitoring.drift.gathering import Gathered, from_log, from_summaries
from phasegate.monitoring.keys import row_keys
from phasegate.monitoring.repeats import Repeats
from phasegate.monitoring.summaries import encode, summary_name
from phasegate.monitoring.summary import summarize
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from phasegate.sidecar.drift.rows import Rows
from phasegate.store.named import open_named
from tests.sidecar.drift.streams import MODEL, SOURCE, START, profile, records, values

PROFILE = profile(values(np.random.default_rng(0), 500))
OTHER = Source(MODEL, "ef" * 32, "fraud/2", SOURCE.numeric, SOURCE.text, "host-9-f00")
HOUR = timedelta(hours=1)
UNTIL = START + 12 * HOUR
SECOND = 1_000_000

_EVERYTHING = list(records(values(np.random.default_rng(1), 12), START, UNTIL))


def seal(store: Path, segments: Sequence[list[Prediction]], source: Source = SOURCE) -> None:
    """Log segments, and summarize them as their sidecars would."""
    named = open_named(str(store))
    for number, segment in enumerate(segments):
        digest = f"{number:02x}{source.model_digest[:62]}"
        for name, part in partitions(table(segment, source), source, digest):
            draft = store / "draft"
            draft.write_bytes(parquet_bytes(part))
            named.create(name, draft)
            found = Rows.of(part, HOUR)
            own = replace(PROFILE, model_digest=source.model_digest)
            said = summarize(own, found.once, found.keys, found.everything, digest, HOUR)
            draft.write_bytes(encode(said))
            named.create(summary_name(name), draft)


def both(store: Path, window: timedelta = 6 * HOUR) -> tuple[Gathered, Gathered]:
    """What is read from the log, and from summaries."""
    files = sorted((store / "predictions").rglob("*.parquet"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        log = from_log(files, PROFILE, window, since=START, until=UNTIL, folder=folder)
        summed = from_summaries(
            open_named(str(store)), MODEL, PROFILE, window,
            since=START, until=UNTIL, folder=folder,
        )  # fmt: skip
    return log, summed


def said(gathered: Gathered) -> list[tuple[object, int | None]]:
    """Windows as values."""
    return [(one.counts.to_json(), one.traffic) for one in gathered.windows]


# Which request, in which segment, how many seconds later than first, and whether it failed.
deliveries = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 3), st.sampled_from([0, 1, 1_800, 3_600, 21_600]),
              st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


def delivered(one: tuple[int, int, int, bool]) -> Prediction:
    number, _, later, failed = one
    record = _EVERYTHING[number]
    if failed:
        nothing = {"numeric": b"", "categories": [], "scores": b"", "decisions": b""}
        record = replace(record, error="boom", **nothing)
    return replace(record, event_time=record.event_time + later * SECOND)


@settings(max_examples=25)
@given(deliveries, st.integers(0, 4))
def test_summaries_of_any_segments_are_the_same_windows_as_the_log(
    sent: list[tuple[int, int, int, bool]], lost: int
) -> None:
    segments: list[list[Prediction]] = [[] for _ in range(4)]
    for one in sent:
        segments[one[1]].append(delivered(one))
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        seal(store, [one for one in segments if one])
        seal(store, [[delivered(one) for one in sent[:5]], [delivered(sent[0])]], OTHER)
        # Sidecars that were killed between a segment's rows and its summary, or had no profile.
        for summary in sorted((store / "monitoring").rglob("*.json"))[::2][:lost]:
            summary.unlink()
        log, summed = both(store)
        assert said(log) == said(summed)


@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_a_batch_that_is_asked_again_counts_once_whatever_the_number_of_replicas(
    tmp_path: Path, replicas: int
) -> None:
    own = list(records(values(np.random.default_rng(2), 400), START, UNTIL))
    parts = [own[one::replicas] for one in range(replicas)]
    batch = own[100:160]  # answered, and asked again of the next replica
    late = [replace(one, event_time=one.event_time + 5 * SECOND) for one in batch]
    seal(tmp_path, [*parts, late])
    log, summed = both(tmp_path, 12 * HOUR)
    assert said(log) == said(summed)
    assert summed.windows[0].counts.rows == 400
    assert "60 rows were logged again, and counted once." in summed.notes[0]


def test_rows_without_a_summary_are_counted_and_told(tmp_path: Path) -> None:
    own = list(records(values(np.random.default_rng(3), 90), START, UNTIL))
    seal(tmp_path, [own[:50], own[40:70], own[70:]])
    next((tmp_path / "monitoring").rglob("01*.json")).unlink()
    log, summed = both(tmp_path, 12 * HOUR)
    assert said(log) == said(summed)
    assert "1 files of the log have no summary, and were counted themselves" in summed.notes[1]


def test_segments_that_repeat_and_are_gone_from_the_log_are_left_out_and_told(
    tmp_path: Path,
) -> None:
    own = list(records(values(np.random.default_rng(3), 90), START, UNTIL))
    seal(tmp_path, [own[:50], own[40:70], own[70:]])
    second = next((tmp_path / "predictions").rglob("01*.parquet"))
    second.unlink()
    _, summed = both(tmp_path, 12 * HOUR)
    assert summed.windows[0].counts.rows == 70, "nothing is counted twice"
    assert "1 segments share rows with others, and the log does not have them" in summed.notes[0]


def test_repetitions_are_found_in_more_keys_than_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phasegate.monitoring.repeats._PENDING", 1_000)
    generator = np.random.default_rng(4)
    documents = [generator.integers(0, 2**63, 700).astype(np.uint64) for _ in range(9)]
    documents[7][3] = documents[2][650]
    documents[4] = np.append(documents[4], documents[4][0])
    repeats = Repeats(tmp_path / "keys")
    for number, keys in enumerate(documents):
        repeats.add(number, [keys[:300], keys[300:]])
    assert repeats.documents() == {2, 4, 7}
    repeats.close()


def test_keys_tell_rows_and_requests_apart() -> None:
    rows = table(
        [replace(one, request_id=f"r{number // 3}") for number, one in enumerate(_EVERYTHING)],
        SOURCE,
    )
    keys = row_keys(rows)
    assert len(np.unique(keys)) == 4, "records of one id are one row"
    whole = values(np.random.default_rng(5), 20_000)
    assert len(np.unique(row_keys(table(records(whole, START, UNTIL), SOURCE)))) == 20_000
