"""KServe's payload logger, spoken by hand over real HTTP to a real sidecar process."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.prediction_log.privacy import Privacy
from phasegate.sidecar.process import SidecarProcess
from tests.sidecar.conftest import Start
from tests.sidecar.events import Headers, request, response
from tests.sidecar.reading import health, metric, stored, stored_ids
from tests.waiting import until

DIGEST = "cd" * 32
QUICK = ("--batch-seconds", "0.1")


class Logger:
    """Sends events on one kept connection."""

    def __init__(self, sidecar: SidecarProcess) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(sidecar.address).netloc, timeout=30)

    def __enter__(self) -> Logger:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, event: tuple[Headers, bytes]) -> int:
        return self.answer(event)[0]

    def answer(self, event: tuple[Headers, bytes]) -> tuple[int, str]:
        found, body = event
        self._connection.request("POST", "/", body, found)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture
def running(sidecar: Start) -> Iterator[SidecarProcess]:
    with sidecar(*QUICK, "--join-seconds", "1", "--foreign", f"iris={DIGEST}") as process:
        yield process


@pytest.fixture
def logger(running: SidecarProcess) -> Iterator[Logger]:
    with Logger(running) as logger:
        yield logger


def test_pairs_in_any_order_are_stored_once_with_all_that_is_known(
    running: SidecarProcess, logger: Logger, tmp_path: Path
) -> None:
    ids = [f"pair-{number}" for number in range(50)]
    events = [event for one in ids for event in (request(one), response(one))] * 2
    random.Random(7).shuffle(events)
    assert {logger.send(event) for event in events} == {202}
    until(lambda: stored_ids(tmp_path / "store") == Counter(ids))
    outcomes = ("waiting", "joined", "duplicate")
    counts = [metric(running, "events_total", outcome=one) for one in outcomes]
    assert counts == [50, 50, 100]
    row = stored(tmp_path / "store").to_pylist()[0]
    assert row["features"] == {"amount": 12.5, "category": "food"}
    assert (row["model"], row["model_digest"], row["role"]) == ("iris", DIGEST, "champion")
    assert (row["score"], row["decision"], row["latency_us"]) == (0.75, 1, 1_450)
    assert row["event_time"].isoformat() == "2026-03-01T12:00:00.000250+00:00"
    assert health(running)["status"] == "ready"


def test_a_request_that_nobody_answered_is_stored_as_a_failure(
    running: SidecarProcess, logger: Logger, tmp_path: Path
) -> None:
    logger.send(request("lonely"))
    logger.send(response("orphan"))
    until(lambda: metric(running, "events_total", outcome="no_response") == 1)
    until(lambda: metric(running, "events_total", outcome="no_request") == 1)
    until(lambda: stored_ids(tmp_path / "store") == Counter(["lonely"]))
    (row,) = stored(tmp_path / "store").to_pylist()
    assert (row["error"], row["score"], row["features"]) == ("no_response", None, None)
    assert logger.send(response("lonely")) == 202
    until(lambda: metric(running, "events_total", outcome="late") == 1)


def test_killed_under_load_each_pair_is_stored_exactly_once(sidecar: Start, tmp_path: Path) -> None:
    moments = random.Random(7)
    ids = [f"pair-{number}" for number in range(400)]
    events = [event for one in ids for event in (request(one), response(one))]
    sent = 0
    for _ in range(5):
        with sidecar(*QUICK) as process, Logger(process) as logger:
            last = sent + moments.randrange(80, 160)
            while sent < last:
                assert logger.send(events[sent]) == 202
                sent += 1
            os.kill(process.pid, signal.SIGKILL)
            sent -= 3  # the logger does not know what became of the last ones, and sends them again
    with sidecar(*QUICK) as process, Logger(process) as logger:
        assert {logger.send(event) for event in events[sent:]} == {202}
        assert process.stop() == 0
    assert stored_ids(tmp_path / "store") == Counter(ids)


def test_personal_data_is_hashed_as_the_predictor_does_or_dropped(
    sidecar: Start, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef" * 2)
    key.chmod(0o600)
    options = [
        "--sensitive", "customer=hash", "--sensitive", "age=hash", "--sensitive", "name=drop",
        "--entity", "customer", "--log-key-file", str(key),
    ]  # fmt: skip
    row = {"customer": "c-17", "age": 41, "name": "Ann", "amount": 5}
    metadata = json.dumps({"X-Entity-Id": ["c-17"]})
    with sidecar(*options) as process, Logger(process) as logger:
        logger.send(request("a1", [row], ce_metadata=metadata))
        logger.send(response("a1"))
        for path in (tmp_path / "state").iterdir():
            if path.is_file():
                assert b"c-17" not in path.read_bytes()
    (found,) = stored(tmp_path / "store").to_pylist()
    privacy = Privacy({"customer": "hash"}, key.read_bytes())
    hashed = privacy.entity("customer", "c-17")
    assert found["entity"] == hashed
    assert found["features"]["customer"] == hashed
    assert found["features"]["age"] == privacy.entity("customer", "41.0")
    assert found["features"].keys() == {"customer", "age", "amount"}


def test_what_is_refused_is_told_why_and_counted(running: SidecarProcess, logger: Logger) -> None:
    refused = [
        (request("a b"), 400, "header", "ce-id: 'a b' is not"),
        (request("a1", content_type="text/csv"), 415, "content_type", "'text/csv'"),
        (request("a1", []), 400, "rows", "1 to 10,000 rows"),
        ((request("a1")[0], b"{"), 400, "body", "not JSON"),
    ]
    for event, status, reason, words in refused:
        assert logger.answer(event)[0] == status
        assert words in logger.answer(event)[1]
        assert metric(running, "events_refused_total", reason=reason) == 2


def test_a_body_that_is_too_large_is_refused_without_being_kept(
    running: SidecarProcess, logger: Logger
) -> None:
    event = (request("a1")[0], b"x" * (9 << 20))
    # The answer may come, and the connection end, while we are still sending.
    with Logger(running) as first, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        assert first.send(event) == 413
    assert metric(running, "events_refused_total", reason="size") == 1
    assert logger.send(request("a2")) == 202


@pytest.mark.parametrize(
    "lines",
    [
        b"ce-id: a\nce-id: b\r\n",
        b"ce-id: a\x00b\r\n",
        b"ce-id : a\r\n",
        b"ce-id: a\r\nce-id: b\r\n",
        b"ce-id: a\r\n\tce-type: b\r\n",
        b"content-length: 2\r\ncontent-length: 3\r\n",
        b"x: " + b"y" * 100_000 + b"\r\n",
    ],
)
def test_injected_headers_are_refused(
    running: SidecarProcess, logger: Logger, lines: bytes
) -> None:
    address = urlsplit(running.address)
    found, body = request("a1")
    del found["ce-id"]
    if not lines.startswith(b"content"):
        found["content-length"] = str(len(body))
    head = b"POST / HTTP/1.1\r\nhost: sidecar\r\n" + lines
    head += b"".join(f"{name}: {value}\r\n".encode() for name, value in found.items())
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head + b"\r\n" + body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 4")
    assert logger.send(request("a2")) == 202


def test_other_paths_and_methods_are_refused(running: SidecarProcess) -> None:
    connection = http.client.HTTPConnection(urlsplit(running.address).netloc, timeout=30)
    for method, path, status in (
        ("GET", "/", 405), ("POST", "/healthz", 405), ("GET", "/nothing", 404),
        ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("GET", "/metrics", 200),
    ):  # fmt: skip
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status, path
    connection.close()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logger]:
    from phasegate.local.environments import environment

    folder = tmp_path_factory.mktemp("fuzzed")
    with SidecarProcess(
        [], str(folder / "store"), state=folder / "state", log=folder / "log",
        python=environment("sidecar").python,
    ) as process:  # fmt: skip
        with Logger(process) as logger:
            yield logger
        assert process.stop() == 0
        assert "Traceback" not in process.last_lines(100)


_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    headers=st.dictionaries(st.sampled_from(sorted(request("a1")[0])), _values, max_size=3),
    body=st.one_of(
        st.binary(max_size=50),
        _json.map(lambda value: json.dumps({"instances": value}).encode()),
        _json.map(lambda value: json.dumps({"predictions": [value]}).encode()),
        _json.map(lambda value: json.dumps({"inputs": [value]}).encode()),
    ),
)
@settings(max_examples=200)
def test_whatever_is_sent_it_is_taken_or_refused_in_one_line(
    fuzzed: Logger, headers: Headers, body: bytes
) -> None:
    status, text = fuzzed.answer((request("a1")[0] | headers, body))
    assert status in (202, 400, 415)
    if status != 202:
        assert json.loads(text)["error"].isprintable()
