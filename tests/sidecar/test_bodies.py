from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.serving.limits import Limits
from phasegate.sidecar.cloud_events import REQUEST, RESPONSE
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.services import Services
from tests.sidecar.events import headers, read, request, response

DIGEST = "ab" * 32


def _floats(packed: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(packed) // 8}d", packed))


def _v2(kind: str, key: str, tensors: Any) -> tuple[dict[str, str], bytes]:
    return headers(kind, "a1"), json.dumps({key: tensors}).encode()


def test_instances_may_be_objects_and_name_their_features() -> None:
    rows = read(request("a1", [{"x": 1, "c": "food"}, {"c": None, "x": True, "y": 2.5}])).content
    assert rows.count == 2
    assert _floats(rows.columns["x"]) == [1.0, 1.0]
    assert str(_floats(rows.columns["y"])) == "[nan, 2.5]"
    assert rows.columns["c"] == ["food", None]


def test_instances_may_be_lists_or_numbers_and_features_are_numbered() -> None:
    rows = read(request("a1", [[1, "a", None], [2, "b", None]])).content
    assert rows.columns == {
        "feature_0": struct.pack("<2d", 1, 2), "feature_1": ["a", "b"], "feature_2": None,
    }  # fmt: skip
    assert read(request("a1", [4, 5])).content.columns == {"feature_0": struct.pack("<2d", 4, 5)}


def test_a_number_among_texts_becomes_text() -> None:
    assert read(request("a1", [["a"], [1], [1.5]])).content.columns == {
        "feature_0": ["a", "1", "1.5"]
    }


def test_tensors_of_one_or_two_dimensions_become_columns() -> None:
    tensors = [
        {"name": "x", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]},
        {"name": "c", "shape": [2, 1], "datatype": "BYTES", "data": ["a", "b"]},
        {"name": "m", "shape": [2, 2], "datatype": "INT64", "data": [[1, 2], [3, 4]]},
    ]
    rows = read(_v2(REQUEST, "inputs", tensors)).content
    assert rows.count == 2
    assert _floats(rows.columns["x"]) == [1.5, 2.5]
    assert rows.columns["c"] == ["a", "b"]
    assert (_floats(rows.columns["m_0"]), _floats(rows.columns["m_1"])) == ([1, 3], [2, 4])


@pytest.mark.parametrize(
    ("predictions", "scores", "decisions"),
    [
        ([0.2, 0.7], [0.2, 0.7], [0, 1]),
        ([[0.8, 0.2], [0.3, 0.7]], [0.2, 0.7], [0, 1]),
        ([[0.7]], [0.7], [1]),
        ([1, 0], [1.0, 0.0], [1, 0]),
        ([{"score": 0.7, "decision": 0}], [0.7], [0]),
        ([{"probability": 0.5}], [0.5], [1]),
    ],
)
def test_predictions_are_read_in_the_forms_that_runtimes_use(
    predictions: Any, scores: list[float], decisions: list[int]
) -> None:
    answers = read(response("a1", predictions)).content
    assert _floats(answers.scores) == scores
    assert list(answers.decisions) == decisions


def test_a_declared_service_says_its_threshold_and_where_its_score_is() -> None:
    services = Services([f"iris={DIGEST},threshold=0.9,score=p"])
    answers = read(response("a1", [{"score": 1, "p": 0.89}, {"p": 0.9}]), services).content
    assert _floats(answers.scores) == [0.89, 0.9]
    assert list(answers.decisions) == [0, 1]
    tensors = [
        {"name": "label", "shape": [2], "datatype": "INT64", "data": [1, 1]},
        {"name": "p", "shape": [2, 2], "datatype": "FP32", "data": [0.2, 0.8, 0.05, 0.95]},
    ]
    answers = read(_v2(RESPONSE, "outputs", tensors), services).content
    assert _floats(answers.scores) == [0.8, 0.95]
    assert list(answers.decisions) == [0, 1]


def test_outputs_without_a_declaration_are_read_from_score_or_the_first() -> None:
    score = {"name": "score", "shape": [1], "datatype": "FP64", "data": [0.4]}
    decision = {"name": "decision", "shape": [1], "datatype": "INT8", "data": [1]}
    answers = read(_v2(RESPONSE, "outputs", [decision, score])).content
    assert (_floats(answers.scores), list(answers.decisions)) == ([0.4], [1])
    predict = {"name": "predict", "shape": [1, 1], "datatype": "FP32", "data": [0.6]}
    answers = read(_v2(RESPONSE, "outputs", [predict])).content
    assert (_floats(answers.scores), list(answers.decisions)) == ([0.6], [1])


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"rows": []}', "body"),
        (b'{"instances": []}', "rows"),
        (b'{"instances": {"a": 1}}', "rows"),
        (b'{"instances": [[1], [1, 2]]}', "features"),
        (b'{"instances": [[1], {"a": 1}]}', "features"),
        (b'{"instances": [[[1, 2]]]}', "features"),
        (b'{"instances": [{}]}', "features"),
        (b'{"instances": [{"": 1}]}', "features"),
        (b'{"instances": [{"a\\nb": 1}]}', "features"),
        (b'{"instances": [{"a": "\\ud800"}]}', "body"),
        (b'{"instances": [{"a": NaN}]}', "body"),
        (b'{"instances": [{"a": 1e999}]}', "body"),
        (b'{"instances": [{"a": "%s"}]}' % (b"x" * 1_001), "features"),
        (b'{"instances": [%s]}' % b",".join([b"1"] * 10_001), "rows"),
        (b'{"instances": [[%s]]}' % b",".join([b"1"] * 2_001), "features"),
        (b'{"inputs": []}', "body"),
        (b'{"inputs": [{"name": "x"}]}', "binary"),
        (b'{"inputs": [{"name": "x", "shape": [2], "data": [1]}]}', "features"),
        (b'{"inputs": [{"name": "x", "shape": [1, 1, 1], "data": [1]}]}', "features"),
        (b'{"inputs": [{"name": "x", "shape": [true], "data": [1]}]}', "features"),
        (b'{"inputs": [{"name": "x", "shape": [1], "data": [1]},'
         b' {"name": "x", "shape": [1], "data": [1]}]}', "features"),
        (b'{"inputs": [{"name": "x", "shape": [1], "data": [1]},'
         b' {"name": "y", "shape": [2], "data": [1, 2]}]}', "rows"),
    ],
)  # fmt: skip
def test_a_request_body_that_cannot_be_logged_is_refused_by_reason(
    document: bytes, reason: str
) -> None:
    with pytest.raises(Refused) as caught:
        read((headers(REQUEST, "a1"), document))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "document",
    [
        {"instances": [1]},
        {"predictions": []},
        {"predictions": ["cat"]},
        {"predictions": [None]},
        {"predictions": [[0.1, 0.2, 0.7]]},
        {"predictions": [{"label": 1}]},
        {"predictions": [{"score": 0.5, "decision": 7}]},
        {"outputs": [{"name": "p", "shape": [1, 3], "data": [0.1, 0.2, 0.7]}]},
    ],
)
def test_an_answer_without_a_score_is_refused(document: Any) -> None:
    with pytest.raises(Refused):
        read((headers(RESPONSE, "a1"), json.dumps(document).encode()))


def test_few_bytes_cannot_ask_for_many_values() -> None:
    rows = [{f"f{at % 1_999}": 1} for at in range(10_000)]
    with pytest.raises(Refused, match="1 to 2,000 features and at most 1,000,000 values"):
        read(request("a1", rows))


def test_a_body_over_the_limit_is_too_large() -> None:
    with pytest.raises(Refused) as caught:
        read(request("a1"), limits=Limits(body_bytes=10))
    assert caught.value.status == 413


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "shape", "data", "score", "decision", "datatype", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["instances", "inputs", "predictions", "outputs"]), _json),
    st.sampled_from([REQUEST, RESPONSE]),
)
def test_any_body_is_either_read_or_refused_in_one_line(document: Any, kind: str) -> None:
    try:
        content = read((headers(kind, "a1"), json.dumps(document).encode())).content
    except Refused as refused:
        assert str(refused).isprintable()
        return
    assert content.count >= 1


@pytest.mark.parametrize(
    ("declaration", "what"),
    [
        ("iris", "not a foreign service"),
        ("iris=abc", "not a foreign service"),
        (f"Iris={DIGEST}", "not a foreign service"),
        (f"iris/green={DIGEST}", "not a foreign service"),
        (f"iris={DIGEST},threshold=high", "threshold 'high' is not a number"),
        (f"iris={DIGEST},threshold=nan", "is not a number"),
        (f"iris={DIGEST},score=", "unknown option"),
        (f"iris={DIGEST},colour=red", "unknown option 'colour=red'"),
    ],
)
def test_a_declaration_of_another_form_is_refused(declaration: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        Services([declaration])


def test_a_service_is_declared_once_and_has_a_digest_of_its_own_otherwise() -> None:
    with pytest.raises(BadInput, match="declared twice"):
        Services([f"iris={DIGEST}", f"iris={DIGEST}"])
    services = Services([f"iris={DIGEST}"])
    assert services.find("iris").digest == DIGEST
    assert len({services.find(key).digest for key in ("iris", "iris/canary", "wine")}) == 3
