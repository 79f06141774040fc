"""Ids, limits, protocols, metrics and the log of one real server."""

from __future__ import annotations

import json
import signal
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

from phasegate.models import Model
from phasegate.network import free_port
from phasegate.prediction_log.folder import closed_segments
from phasegate.prediction_log.record import Prediction
from phasegate.prediction_log.segment import read_segment
from phasegate.serving.client import ModelClient
from phasegate.serving.process import ModelServerProcess
from tests.serving.conftest import NAME
from tests.serving.test_server import PATHS, ROW, offline, rows

LIMIT_BYTES, LIMIT_ROWS = 200_000, 1_000


class LoggingServer(ModelServerProcess):
    """A server with all that production gives it, and what it has logged."""

    def __init__(self, folder: Path, model: Model, place: Path, *options: str) -> None:
        self.spool, self.grpc_port = place / "spool", free_port()
        super().__init__(
            folder, model.digest, NAME,
            log=place / "server.log",
            options=[
                f"--spool={self.spool}", f"--grpc-port={self.grpc_port}",
                f"--max-body-bytes={LIMIT_BYTES}", f"--max-rows={LIMIT_ROWS}",
                "--project-version=fraud/3", *options,
            ],
        )  # fmt: skip

    def records(self) -> list[Prediction]:
        """What is logged; the server must have ended."""
        return [
            one for path in closed_segments(self.spool) for one in read_segment(path).predictions
        ]


@pytest.fixture(scope="module")
def logging_server(
    model_folder: Path, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoggingServer]:
    with LoggingServer(model_folder, model, tmp_path_factory.mktemp("logging")) as server:
        yield server


@pytest.fixture
def asked(logging_server: LoggingServer) -> Iterator[ModelClient]:
    with logging_server.client() as client:
        yield client


def body(**changed: Any) -> bytes:
    return json.dumps({"instances": [{**ROW, **changed}]}).encode()


def metric(client: ModelClient, name: str, **labels: str) -> float:
    """Sum of a metric's samples that have the labels."""
    text = client.send("GET", "/metrics")[1].decode()
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith((name + "{", name + " ")) and all(one in line for one in wanted)
    )


def test_an_id_of_another_request_is_a_conflict_and_a_retry_is_not(asked: ModelClient) -> None:
    headers = {"x-request-id": f"twice-{uuid.uuid4()}"}
    first = asked.send("POST", PATHS[0], body(), headers)
    again = asked.send("POST", PATHS[0], body(), headers)
    other = asked.send("POST", PATHS[0], body(amount=99), headers)
    assert first == again
    assert first[0] == 200
    assert other[0] == 409
    assert "was the id of another request" in other[1].decode()
    assert asked.send("POST", PATHS[0], body(amount=99), {"x-request-id": "fine"})[0] == 200


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"x-request-id": "a b"}, "x-request-id"),
        ({"x-request-id": "a" * 200}, "x-request-id"),
        ({"ce-id": "<a>"}, "ce-id"),
        ({"x-event-time": "yesterday"}, "x-event-time"),
        ({"x-phasegate-role": "root"}, "x-phasegate-role"),
    ],
)
def test_a_header_that_is_wrong_gets_400_and_its_name(
    asked: ModelClient, headers: dict[str, str], words: str
) -> None:
    for path, data in zip(PATHS, (body(), v2_body()), strict=True):
        status, answer = asked.send("POST", path, data, headers)
        assert status == 400
        assert json.loads(answer)["error"].startswith(words)


def v2_body(**more: Any) -> bytes:
    tensors = [
        {"name": "amount", "shape": [1], "datatype": "FP64", "data": [12.5]},
        {"name": "mean_7d", "shape": [1], "datatype": "INT64", "data": [40]},
        {"name": "category", "shape": [1], "datatype": "BYTES", "data": ["fuel"]},
    ]
    return json.dumps({"inputs": tensors, **more}).encode()


def test_an_id_in_the_body_cannot_carry_a_header(asked: ModelClient) -> None:
    status, answer = asked.send("POST", PATHS[1], v2_body(id="a\r\nx-evil: 1"))
    assert status == 400
    assert json.loads(answer)["error"].startswith("id:")


def test_a_body_beyond_the_limit_is_refused_unread(asked: ModelClient) -> None:
    status, answer = asked.send("POST", PATHS[0], b"[" + b"1," * LIMIT_BYTES)
    assert status == 413
    assert f"at most {LIMIT_BYTES:,} bytes" in json.loads(answer)["error"]
    assert asked.is_ready()


def test_a_body_without_a_length_is_bounded_too(
    logging_server: LoggingServer, asked: ModelClient
) -> None:
    chunks = iter([b"[" + b"1," * LIMIT_BYTES])
    with suppress(BrokenPipeError, ConnectionResetError):  # it may close before the end is sent
        asked._connection.request("POST", PATHS[0], chunks, encode_chunked=True)
    assert asked._connection.getresponse().status == 413
    with logging_server.client() as another:
        assert another.is_ready()


def test_too_many_rows_are_refused(asked: ModelClient) -> None:
    data = json.dumps({"instances": [[1, 2, "a"]] * (LIMIT_ROWS + 1)}).encode()
    status, answer = asked.send("POST", PATHS[0], data)
    assert status == 400
    assert "1,001 rows; expected at most 1,000" in json.loads(answer)["error"]


def test_text_that_is_too_long_is_refused(asked: ModelClient) -> None:
    status, answer = asked.send("POST", PATHS[0], body(category="a" * 1001))
    assert status == 400
    assert "at most 1000 characters" in json.loads(answer)["error"]


def test_grpc_gives_the_same_scores(logging_server: LoggingServer, model: Model) -> None:
    asked = rows(20)
    request = pb.ModelInferRequest(model_name=NAME, id="by-grpc")
    for name in ("amount", "mean_7d"):
        values = [float("nan") if row[name] is None else row[name] for row in asked]
        tensor = request.inputs.add(name=name, datatype="FP64", shape=[len(asked)])
        tensor.contents.fp64_contents.extend(values)
    category = request.inputs.add(name="category", datatype="BYTES", shape=[len(asked)])
    category.contents.bytes_contents.extend((row["category"] or "").encode() for row in asked)
    with grpc.insecure_channel(f"127.0.0.1:{logging_server.grpc_port}") as channel:
        answer = GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=10)
    scores = next(one for one in answer.outputs if one.name == "score")
    filled = [{**row, "category": row["category"] or ""} for row in asked]
    assert list(scores.contents.fp64_contents) == offline(model, filled).tolist()
    assert answer.id == "by-grpc"
    assert answer.parameters["model_digest"].string_param == model.digest


def test_grpc_names_what_is_wrong(logging_server: LoggingServer) -> None:
    request = pb.ModelInferRequest(model_name=NAME)
    request.inputs.add(name="colour", datatype="FP64", shape=[1]).contents.fp64_contents.append(1)
    with (
        grpc.insecure_channel(f"127.0.0.1:{logging_server.grpc_port}") as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "no 'amount'" in caught.value.details()


def test_one_matrix_is_not_taken_where_an_input_is_text(asked: ModelClient) -> None:
    tensor = {"name": "rows", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3]}
    status, answer = asked.send("POST", PATHS[1], json.dumps({"inputs": [tensor]}).encode())
    assert status == 400
    assert "no 'amount'" in json.loads(answer)["error"]


def test_metrics_count_by_role_and_kind(asked: ModelClient, model: Model) -> None:
    digest = model.digest[:12]
    name = {"digest": digest, "role": "shadow"}
    before = metric(asked, "phasegate_requests_total", **name)
    errors = metric(asked, "phasegate_request_errors_total", **name, kind="bad_request")
    scores = metric(asked, "phasegate_score_count", **name)
    role = {"x-phasegate-role": "shadow"}
    asked.send("POST", PATHS[0], json.dumps({"instances": rows(7)}).encode(), role)
    asked.send("POST", PATHS[0], b"{", role)
    assert metric(asked, "phasegate_requests_total", **name) == before + 2
    assert metric(asked, "phasegate_request_errors_total", **name, kind="bad_request") == errors + 1
    assert metric(asked, "phasegate_score_count", **name) == scores + len(rows(7))
    assert metric(asked, "phasegate_log_dropped_total") == 0


def test_unknown_models_are_counted(asked: ModelClient) -> None:
    before = metric(asked, "phasegate_request_errors_total", kind="http_404")
    assert asked.send("POST", "/v1/models/other:predict", body())[0] == 404
    assert metric(asked, "phasegate_request_errors_total", kind="http_404") == before + 1


@pytest.fixture(scope="module")
def standard(
    model_folder: Path, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoggingServer]:
    place = tmp_path_factory.mktemp("standard")
    with LoggingServer(model_folder, model, place, "--standard-route") as server:
        yield server


def test_kserves_own_route_gives_the_same_answers(
    standard: LoggingServer, asked: ModelClient
) -> None:
    many = json.dumps({"instances": rows(50)}).encode()
    with standard.client() as other:
        for path, data in zip(PATHS, (many, v2_body(id="mine")), strict=True):
            headers = {"x-request-id": f"same-{uuid.uuid4()}"}
            ours, theirs = (one.send("POST", path, data, headers) for one in (asked, other))
            assert ours[0] == theirs[0] == 200
            assert json.loads(ours[1]) == without_nulls(json.loads(theirs[1]), json.loads(ours[1]))
        for path, data in zip(PATHS, (b"{", v2_body(id="a b")), strict=True):
            assert other.send("POST", path, data)[0] == 400


def without_nulls(found: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """KServe writes optional fields as null."""
    outputs = [
        {key: value for key, value in one.items() if value is not None}
        for one in found.get("outputs", [])
    ]
    kept = {key: value for key, value in found.items() if key in like or value is not None}
    return {**kept, "outputs": outputs} if outputs else kept


def test_the_log_has_every_answer_once_and_every_failure_as_one(
    model_folder: Path, model: Model, tmp_path: Path
) -> None:
    server = LoggingServer(model_folder, model, tmp_path, "--role=challenger")
    asked = rows(3)
    with server, server.client() as client:
        moment = {"x-event-time": "2025-03-01T12:00:00Z", "x-entity-id": "c7"}
        data = json.dumps({"instances": asked}).encode()
        for headers in ({"x-request-id": "a", **moment}, {"x-request-id": "a", **moment}):
            assert client.send("POST", PATHS[0], data, headers)[0] == 200
        shadow = {"x-request-id": "a", "x-phasegate-role": "shadow"}
        assert client.send("POST", PATHS[0], data, shadow)[0] == 200
        assert client.send("POST", PATHS[0], b"{", {"x-request-id": "bad"})[0] == 400
        assert client.send("POST", PATHS[0], data, {"x-request-id": "not an id"})[0] == 400
        assert server.stop() == 0
    answered, copied, failed = server.records()
    assert (answered.request_id, answered.role, answered.entity) == ("a", "challenger", "c7")
    assert answered.event_time == 1_740_830_400_000_000
    assert np.frombuffer(answered.scores).tolist() == offline(model, asked).tolist()
    numeric = np.frombuffer(answered.numeric).reshape(len(asked), 2)
    assert numeric[:3, 0].tolist() == [row["amount"] for row in asked[:3]]
    assert answered.categories == [[row["category"] for row in asked]]
    assert (copied.request_id, copied.role) == ("a", "shadow")
    assert (failed.request_id, failed.error, failed.rows) == ("bad", "bad_request", 0)


def test_an_answer_is_logged_even_if_the_server_is_killed_at_once(
    model_folder: Path, model: Model, tmp_path: Path
) -> None:
    from phasegate.prediction_log.folder import adopt_abandoned

    server = LoggingServer(model_folder, model, tmp_path)
    with server, server.client() as client:
        for number in range(50):
            assert client.send("POST", PATHS[0], body(), {"x-request-id": str(number)})[0] == 200
        server._process.send_signal(signal.SIGKILL)
        server._process.wait()
    adopt_abandoned(server.spool)
    assert [one.request_id for one in server.records()] == [str(number) for number in range(50)]


def test_sensitive_columns_are_not_in_the_log(
    model_folder: Path, model: Model, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("k" * 32)
    key.chmod(0o600)
    options = ["--sensitive=category=hash", "--sensitive=amount=drop", f"--log-key-file={key}"]
    server = LoggingServer(model_folder, model, tmp_path, *options)
    with server, server.client() as client:
        assert client.send("POST", PATHS[0], body(amount=1234.5678, category="travel"))[0] == 200
    (record,) = server.records()
    assert len(record.categories[0][0]) == 32
    assert np.frombuffer(record.numeric).tolist() == [40]
    stored = b"".join(path.read_bytes() for path in server.spool.iterdir())
    assert b"travel" not in stored
    assert np.float64(1234.5678).tobytes() not in stored


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sensitive=colour=drop"], "sensitive column 'colour' is not logged"),
        (["--sensitive=category=hash"], "key"),
    ],
)
def test_a_server_that_would_log_what_it_must_not_does_not_start(
    model_folder: Path, model: Model, tmp_path: Path, options: list[str], words: str
) -> None:
    from phasegate.serving.client import ServingFailure

    server = LoggingServer(model_folder, model, tmp_path, *options)
    with pytest.raises(ServingFailure, match=f"exit code 2(?s:.*){words}"), server:
        pass
