"""Segments: what is written is read, wherever the file ends."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.prediction_log.record import Prediction, Source, encode
from phasegate.prediction_log.segment import SegmentTail, read_segment
from phasegate.prediction_log.segment_writer import SegmentWriter, largest_payload
from tests.prediction_log.examples import SOURCE, logs, prediction

SIZE = 1 << 16


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def written(path: Path, source: Source, records: list[Prediction]) -> Path:
    writer = SegmentWriter(path, source, SIZE)
    for record in records:
        assert writer.append(encode(record, source))
    closed = writer.close()
    assert closed
    return closed


@settings(max_examples=50)
@given(log=logs())
def test_a_segment_gives_back_its_records(log: tuple[Source, list[Prediction]]) -> None:
    source, records = log
    with folder() as here:
        path = here / "a.open"
        writer = SegmentWriter(path, source, SIZE)
        for record in records:
            assert writer.append(encode(record, source))
        in_use = read_segment(path)
        closed = writer.close()
        assert not path.exists()
        if not records:
            assert closed is None
            return
        assert closed == here / "a.closed"
        content = read_segment(closed)
        data = closed.read_bytes()
    assert content == in_use
    assert content.source == source
    assert list(content.predictions) == list(content.predictions) == records
    assert not content.torn
    assert content.valid_bytes == len(data)
    assert content.sha256 == hashlib.sha256(data).hexdigest()


@settings(max_examples=10)
@given(log=logs().filter(lambda log: log[1]))
def test_a_segment_cut_at_any_byte_gives_the_records_before_it(
    log: tuple[Source, list[Prediction]],
) -> None:
    source, records = log
    with folder() as here:
        whole = written(here / "a.open", source, records)
        data = whole.read_bytes()
        frames = [8 + len(encode(record, source)) for record in records]
        ends = [len(data) - sum(frames[kept:]) for kept in range(len(records) + 1)]
        for cut in range(len(data) + 1):
            whole.write_bytes(data[:cut])
            if cut < ends[0]:
                with pytest.raises(BadInput):
                    read_segment(whole)
                continue
            kept = sum(end <= cut for end in ends) - 1
            content = read_segment(whole)
            assert list(content.predictions) == records[:kept]
            assert content.valid_bytes == ends[kept]
            assert content.torn == any(data[ends[kept] : cut][:8])


@given(data=st.data())
def test_a_flipped_bit_never_gives_another_record(data: st.DataObject) -> None:
    records = [prediction(number) for number in range(4)]
    with folder() as here:
        path = written(here / "a.open", SOURCE, records)
        damaged = bytearray(path.read_bytes())
        bit = data.draw(st.integers(0, 8 * len(damaged) - 1))
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            content = read_segment(path)
        except BadInput:
            return
        read = list(content.predictions)
    assert read == records[: len(read)]
    assert content.torn


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 400_000), max_size=6),
    reads=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_a_tail_gives_each_record_once(sizes: list[int], reads: list[bool]) -> None:
    records = [prediction(number, entity="x" * size) for number, size in enumerate(sizes)]
    with folder() as here:
        writer = SegmentWriter(here / "a.open", SOURCE, 1 << 22)
        with SegmentTail(here / "a.open") as tail:
            assert tail.source == SOURCE
            seen = []
            for number, (record, read) in enumerate(zip(records, reads, strict=False)):
                writer.append(encode(record, SOURCE))
                if read:
                    seen += tail.read()
                    assert seen == records[: number + 1]
            writer.close()
            seen += tail.read()
            assert seen == records
            assert list(tail.read()) == []


def test_a_tail_waits_for_a_record_that_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "a.open"
    data = written(path, SOURCE, [prediction(1), prediction(2)]).read_bytes()
    frame = 8 + len(encode(prediction(2), SOURCE))
    path.write_bytes(data[:-frame] + bytes(frame + 100))
    with SegmentTail(path) as tail, path.open("r+b", buffering=0) as file:
        assert list(tail.read()) == [prediction(1)]
        for position in reversed(range(len(data) - frame, len(data))):
            assert list(tail.read()) == []
            os.pwrite(file.fileno(), data[position : position + 1], position)
        assert list(tail.read()) == [prediction(2)]


def test_a_full_segment_takes_no_more_and_stays_whole(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "a.open", SOURCE, SIZE)
    largest = largest_payload(SOURCE, SIZE)
    assert not writer.append(b"x" * (largest + 1))
    assert writer.append(b"x" * largest)
    assert not writer.append(b"x")
    closed = writer.close()
    assert closed
    assert closed.stat().st_size == SIZE
    assert read_segment(closed).payloads == [b"x" * largest]


@pytest.mark.parametrize("data", [b"", b"PGPLOG\0\2", b"PAR1" * 30, bytes(4096)])
def test_another_file_is_not_taken_for_a_segment(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.closed"
    path.write_bytes(data)
    for read in (read_segment, SegmentTail):
        with pytest.raises(BadInput, match=r"a\.closed: this is not a segment"):
            read(path)


def test_a_segment_that_cannot_hold_its_source_is_not_left_behind(tmp_path: Path) -> None:
    assert largest_payload(SOURCE, 64) < 0
    with pytest.raises(OSError, match="too small for its source"):
        SegmentWriter(tmp_path / "a.open", SOURCE, 64)
    assert list(tmp_path.iterdir()) == []
