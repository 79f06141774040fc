"""Records of the prediction log, as bytes and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.prediction_log.record import (
    LATEST,
    Prediction,
    Source,
    decode,
    decode_source,
    encode,
    encode_source,
)
from tests.prediction_log.examples import SOURCE, failure, logs, prediction, sources


@given(log=logs())
def test_a_record_comes_back_as_it_was(log: tuple[Source, list[Prediction]]) -> None:
    source, records = log
    for record in records:
        assert decode(encode(record, source), source) == record


@given(source=sources())
def test_a_source_comes_back_as_it_was(source: Source) -> None:
    assert decode_source(encode_source(source)) == source


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=11) | st.dictionaries(st.text(max_size=3), inner),
)


@given(payload=st.binary(max_size=60) | JUNK.map(ormsgpack.packb))
def test_nonsense_is_refused_in_one_line(payload: bytes) -> None:
    for read in (lambda: decode(payload, SOURCE), lambda: decode_source(payload)):
        with pytest.raises(BadInput) as caught:
            read()
        assert "\n" not in str(caught.value)


@given(position=st.integers(0, 9), junk=JUNK)
def test_a_record_with_one_wrong_field_is_refused_or_fits(position: int, junk: Any) -> None:
    fields = ormsgpack.unpackb(encode(prediction(), SOURCE))
    fields[position] = junk
    try:
        record = decode(ormsgpack.packb(fields), SOURCE)
    except BadInput:
        return
    assert decode(encode(record, SOURCE), SOURCE) == record


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"scores": b"\0" * 16}, "16 bytes of scores; expected 8 for each of 1 rows"),
        ({"numeric": b"\0" * 8}, "expected 8 for each of 1 rows and 2 columns"),
        ({"categories": []}, "0 text columns; expected 1"),
        ({"categories": [["food", "fuel"]]}, "a text column is not a list of 1 texts"),
        ({"categories": [[3]]}, "a text column is not a list of 1 texts"),
        ({"categories": ["x"]}, "a text column is not a list of 1 texts"),
        ({"error": "timeout"}, "a failed request has rows"),
        ({"role": "guest"}, "expected one of champion, challenger, shadow"),
        ({"event_time": LATEST}, "expected microseconds of the years 1 to 9999"),
        ({"request_id": ""}, "the request id is empty"),
        ({"latency": -1}, "latency -1 is negative"),
        ({"latency": 1.5}, "fields of the types"),
        ({"latency": 2**64}, "a value cannot be logged"),
        ({"event_time": np.int64(5)}, "fields of the types"),
        ({"entity": "\ud800"}, "a value cannot be logged"),
    ],
)
def test_a_record_that_could_not_be_read_is_not_written(
    changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput) as caught:
        encode(prediction(**changed), SOURCE)
    assert words in str(caught.value)


def test_a_failed_request_has_no_rows() -> None:
    assert failure().rows == 0
    assert decode(encode(failure(), SOURCE), SOURCE) == failure()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": "../etc"}, "cannot be part of a file's name"),
        ({"model": ""}, "cannot be part of a file's name"),
        ({"writer": "a/b"}, "cannot be part of a file's name"),
        ({"model_digest": "AB" * 32}, "64 lower-case hex digits"),
        ({"numeric": (), "text": ()}, "expected columns to log"),
        ({"text": ("",)}, "expected columns to log"),
        ({"text": ("amount",)}, "column 'amount' is logged twice"),
    ],
)
def test_a_source_says_what_is_wrong_with_it(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        replace(SOURCE, **changed)
    assert words in str(caught.value)
