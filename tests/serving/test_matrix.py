"""One large tensor is read the short way exactly as the usual way reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.models import Input
from phasegate.serving.columns import ColumnReader
from phasegate.serving.limits import Limits
from phasegate.serving.matrix import read_matrix
from phasegate.serving.protocols import read_object, read_v2
from phasegate.serving.rows import Batch, FeatureReader

INPUTS = tuple(Input(name, "numeric") for name in ("x", "y", "z"))
READER = ColumnReader({one.name: one.kind for one in INPUTS}, Limits())
FEATURES = FeatureReader(INPUTS, Limits())


def tensor(data: Any, rows: int, **changed: Any) -> dict[str, Any]:
    return {"name": "rows", "shape": [rows, 3], "datatype": "FP64", "data": data, **changed}


def body(*tensors: Any, **more: Any) -> bytes:
    return json.dumps({"inputs": tensors, **more}).encode()


def the_usual_way(data: bytes) -> Batch:
    return FEATURES.read(read_v2(read_object(data), READER))


def the_short_way(data: bytes) -> Batch | None:
    found = read_matrix(data)
    return found and FEATURES.read(READER.of_tensors([found[1]], nan_is_missing=False))


NUMBERS = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=8), st.booleans())
def test_numbers_have_the_same_bits(rows: list[tuple[float, ...]], nested: bool) -> None:
    data = [list(row) for row in rows] if nested else [value for row in rows for value in row]
    sent = body(tensor(data, len(rows)), id="mine")
    usual, short = the_usual_way(sent), the_short_way(sent)
    assert short is not None
    assert short.numeric.tobytes() == usual.numeric.tobytes()
    assert short.rows == usual.rows == len(rows)
    assert read_matrix(sent)[0] == "mine"


@pytest.mark.parametrize(
    "sent",
    [
        b"{",
        b"[]",
        b'{"inputs": 3}',
        body(),
        body(tensor([1, 2, None], 1)),
        body(tensor([1, 2, True], 1)),
        body(tensor([1, 2, "3"], 1)),
        body(tensor([1, 2, 10**30], 1)),
        body(tensor([1, 2, 3], 1), tensor([1, 2, 3], 1)),
        body(tensor([1, 2, 3], 1, name=7)),
        body(tensor([1, 2, 3], 1, shape=[3])),
        body(tensor([1, 2, 3], 1, shape=[1, 3.0])),
        body(tensor([1, 2, 3], 1, shape=None)),
        body(tensor(None, 1)),
        body({"name": "rows"}),
        b'{"inputs": [{"name": "rows", "shape": [1, 3], "datatype": "FP64", "data": [NaN]}]}',
    ],
)
def test_everything_else_is_left_to_the_usual_way(sent: bytes) -> None:
    assert read_matrix(sent) is None


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (body(tensor([1, 2, 1e39], 1)), "feature 'z' of row 0"),
        (body(tensor([1, 2, 3, 4], 1)), r"shape \[1, 3\] and 4 values"),
        (body(tensor([1, 2, 3], -1)), r"shape \[-1, 3\]"),
        (body(tensor([1, 2, 3], 1, datatype="BYTES")), "datatype BYTES"),
        (body(tensor([0] * 3 * 10_001, 10_001)), "10,001 rows"),
    ],
)
def test_both_ways_refuse_in_the_same_words(sent: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words) as usual:
        the_usual_way(sent)
    with pytest.raises(BadInput) as short:
        the_short_way(sent)
    assert str(short.value) == str(usual.value)


def test_reading_again_does_not_change_what_was_read() -> None:
    first = the_short_way(body(tensor([1, 2, 3], 1)))
    the_short_way(body(tensor([7, 8, 9], 1)))
    assert first.numeric.tolist() == [[1, 2, 3]]
