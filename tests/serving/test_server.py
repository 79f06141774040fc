"""The predictor in a real KServe model server, asked over HTTP."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasegate.models import Model
from phasegate.serving.client import ModelClient
from phasegate.serving.process import ModelServerProcess

ROW = {"amount": 12.5, "mean_7d": 40, "category": "fuel"}
PATHS = ["/v1/models/fraud:predict", "/v2/models/fraud/infer"]


def rows(count: int = 300) -> list[dict[str, Any]]:
    random = np.random.default_rng(3)
    drawn = [
        {
            "amount": float(random.normal()),
            "mean_7d": float(random.gamma(2, 30)),
            "category": str(random.choice(["food", "fuel", "travel", "never seen"])),
        }
        for _ in range(count)
    ]
    return [*drawn, dict.fromkeys(ROW), {**ROW, "category": ""}, {**ROW, "amount": 1e-300}]


def offline(model: Model, asked: list[dict[str, Any]]) -> np.ndarray:
    return model.score(model.matrix({name: [row[name] for row in asked] for name in ROW}))


def post(client: ModelClient, path: str, body: Any) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer = client.send("POST", path, data)
    return status, answer.decode()


def tensors(**changed: Any) -> dict[str, Any]:
    """A right v2 request of one row, in which the tensors named are replaced (or left out)."""
    right = {
        "amount": {"name": "amount", "shape": [1], "datatype": "FP64", "data": [12.5]},
        "mean_7d": {"name": "mean_7d", "shape": [1], "datatype": "INT64", "data": [40]},
        "category": {"name": "category", "shape": [1], "datatype": "BYTES", "data": ["fuel"]},
    }
    return {"inputs": [one for one in {**right, **changed}.values() if one is not None]}


def test_both_protocols_give_exactly_the_offline_scores(client: ModelClient, model: Model) -> None:
    asked = rows()
    expected = offline(model, asked)
    first, second = client.predict_v1(asked), client.predict_v2(asked, model.inputs)
    assert first.scores == second.scores == tuple(expected.tolist())
    assert first.decisions == second.decisions == tuple(model.decide(expected).tolist())
    assert first.model_digest == second.model_digest == model.digest
    assert 0 < sum(first.decisions) < len(asked)


def test_a_list_is_read_in_the_order_of_the_inputs(client: ModelClient, model: Model) -> None:
    status, answer = post(client, PATHS[0], {"instances": [[12.5, 40, "fuel"]]})
    assert status == 200
    assert json.loads(answer)["predictions"][0]["score"] == offline(model, [ROW])[0]


def test_no_rows_have_no_predictions(client: ModelClient) -> None:
    assert client.predict_v1([]).scores == ()


def test_the_content_type_may_name_its_character_set(client: ModelClient) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    body = json.dumps({"instances": [ROW]}).encode()
    assert client.send("POST", PATHS[0], body, headers)[0] == 200


def test_a_request_keeps_its_id_and_gets_one_if_it_has_none(client: ModelClient) -> None:
    body = json.dumps({"id": "from-body", **tensors()}).encode()
    with_id = json.loads(client.send("POST", PATHS[1], body)[1])
    header = {"x-request-id": "from-header"}
    by_header = json.loads(
        client.send("POST", PATHS[0], json.dumps({"instances": [ROW]}).encode(), header)[1]
    )
    first, second = client.predict_v1([ROW]), client.predict_v1([ROW])
    assert with_id["id"] == "from-body"
    assert by_header["id"] == "from-header"
    assert first.id
    assert first.id != second.id


def test_a_binary_tensor_says_missing_with_nan(client: ModelClient, model: Model) -> None:
    parts = {
        "amount": struct.pack("<d", float("nan")),
        "mean_7d": struct.pack("<d", 40),
        "category": struct.pack("<I", 4) + b"fuel",
    }
    head = tensors(
        **{
            name: {
                "name": name,
                "shape": [1],
                "datatype": "BYTES" if name == "category" else "FP64",
                "parameters": {"binary_data_size": len(data)},
            }
            for name, data in parts.items()
        }
    )
    text = json.dumps(head).encode()
    headers = {
        "content-type": "application/octet-stream",
        "inference-header-content-length": str(len(text)),
    }
    status, answer = client.send("POST", PATHS[1], text + b"".join(parts.values()), headers)
    assert status == 200, answer
    score = json.loads(answer)["outputs"][0]["data"][0]
    assert score == offline(model, [{**ROW, "amount": None}])[0]


def test_metadata_name_every_input(client: ModelClient) -> None:
    status, answer = client.send("GET", "/v2/models/fraud")
    described = json.loads(answer)
    assert status == 200
    assert [(one["name"], one["datatype"]) for one in described["inputs"]] == [
        ("amount", "FP64"),
        ("mean_7d", "FP64"),
        ("category", "BYTES"),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "request body"),
        (b"[1]", "expected a JSON object"),
        ({}, "'instances'"),
        ({"instances": {}}, "a list of objects"),
        ({"instances": [3]}, "instances[0]: int 3"),
        ({"instances": [ROW, {"amount": 1, "mean_7d": 2}]}, "instances[1]: no 'category'"),
        ({"instances": [{**ROW, "colour": 1}]}, "unknown 'colour'"),
        ({"instances": [[1, 2]]}, "expected 3, in the order amount, mean_7d, category"),
        ({"instances": [{**ROW, "amount": "12"}]}, "'amount' of row 0: str '12'; expected a fin"),
        ({"instances": [{**ROW, "amount": True}]}, "feature 'amount' of row 0: bool True"),
        ({"instances": [{**ROW, "amount": 1e39}]}, "'amount'"),
        ({"instances": [{**ROW, "amount": [1]}]}, "list [1]"),
        ({"instances": [{**ROW, "category": 5}]}, "'category' of row 0: int 5; expected text"),
        (b'{"instances": [{"amount": NaN, "mean_7d": 1, "category": "a"}]}', "request body"),
    ],
)
def test_a_bad_v1_request_gets_400_and_the_field(
    client: ModelClient, body: Any, words: str
) -> None:
    status, answer = post(client, PATHS[0], body)
    assert status == 400
    assert words in json.loads(answer)["error"]


def tensor(name: str, data: list[Any], datatype: str = "FP64", shape: Any = None) -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(data)], "datatype": datatype, "data": data}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "JSON"),
        (b"", "request body: not JSON"),
        ({"inputs": "all"}, "inputs"),
        ({"inputs": []}, "no 'amount', 'category', 'mean_7d'"),
        (tensors(amount=None), "inputs: no 'amount'"),
        (tensors(colour=tensor("colour", [1])), "unknown 'colour'"),
        (tensors(other=tensor("amount", [1])), "two tensors of the same name"),
        (tensors(amount=tensor("amount", ["1"], "BYTES")), "input 'amount': datatype BYTES"),
        (tensors(category=tensor("category", [1])), "input 'category': datatype FP64"),
        (tensors(amount=tensor("amount", [1, 2])), "input 'mean_7d'"),
        (tensors(amount=tensor("amount", [1], shape=[-1])), "shape [-1]"),
        (tensors(amount=tensor("amount", ["x"])), "feature 'amount' of row 0: str 'x'"),
        (tensors(amount=tensor("amount", [float("nan")])), "null where missing, not NaN"),
        (tensors(amount=tensor("amount", [10**400])), "number is infinity"),
        (tensors(category=tensor("category", ["\ud800"], "BYTES")), "no low surrogate"),
    ],
)
def test_a_bad_v2_request_gets_400_and_the_field(
    client: ModelClient, body: Any, words: str
) -> None:
    status, answer = post(client, PATHS[1], body)
    assert status == 400
    assert words in json.loads(answer)["error"]


@pytest.mark.parametrize("length", ["x", "-5", "0", "3", "100000"])
def test_a_wrong_binary_header_gets_400(client: ModelClient, length: str) -> None:
    headers = {
        "content-type": "application/octet-stream",
        "inference-header-content-length": length,
    }
    body = json.dumps({"inputs": [{"name": "amount"}]}).encode()
    assert client.send("POST", PATHS[1], body, headers)[0] == 400


def test_an_unknown_model_gets_404(client: ModelClient) -> None:
    assert client.send("POST", "/v1/models/other:predict", b"{}")[0] == 404


@pytest.mark.parametrize("verb", ["load", "unload"])
def test_a_caller_cannot_change_what_is_served(client: ModelClient, verb: str) -> None:
    assert client.send("POST", f"/v2/repository/models/fraud/{verb}")[0] == 501
    assert client.is_ready()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
VALUES = st.fixed_dictionaries({}, optional=dict.fromkeys(ROW, JSON))
V1 = JSON | st.fixed_dictionaries({"instances": JSON | st.lists(VALUES | JSON, max_size=3)})
TENSOR = st.fixed_dictionaries(
    {
        "name": st.sampled_from(list(ROW)) | JSON,
        "shape": st.just([1]) | st.lists(st.integers(-2, 3), max_size=3) | JSON,
        "datatype": st.sampled_from(["FP64", "FP16", "INT8", "BYTES", "BOOL"]) | JSON,
        "data": st.lists(JSON, max_size=3) | JSON,
    }
)
V2 = JSON | st.fixed_dictionaries(
    {"inputs": JSON | st.lists(TENSOR, max_size=4)},
    optional={"id": JSON, "outputs": JSON, "parameters": JSON},
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=st.tuples(st.just(PATHS[0]), V1) | st.tuples(st.just(PATHS[1]), V2))
def test_no_body_makes_the_server_fail(client: ModelClient, request: tuple[str, Any]) -> None:
    path, body = request
    status, answer = post(client, path, body)
    assert status in (200, 400), answer


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from(PATHS),
    body=st.binary(max_size=60),
    kind=st.sampled_from(["application/json", "application/octet-stream", "text/plain"]),
    length=st.none() | st.integers(-1, 80).map(str),
)
def test_no_bytes_make_the_server_fail(
    client: ModelClient, path: str, body: bytes, kind: str, length: str | None
) -> None:
    headers = {"content-type": kind}
    if length is not None:
        headers["inference-header-content-length"] = length
    status, answer = client.send("POST", path, body, headers)
    assert status in (200, 400), answer


def test_the_server_listens_on_loopback_only(server: ModelServerProcess) -> None:
    port = int(server.address.rpartition(":")[2])
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [address for _, address, _, state, *_ in sockets if state == "0A"]
    assert [one for one in listening if one.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]
