"""The client that costs little: what it sends, and what it says came back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from examples.production.stream import stream
from phasegate.local.serving.requests import Request


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.path, self.headers["x-request-id"], body))  # type: ignore[attr-defined]
        match body:
            case b"drop":
                self.close_connection = True
                return
            case b"hang":
                self.server.ended.wait(20)  # type: ignore[attr-defined]
                self.close_connection = True
                return
            case b"chunked":
                self.send_response(200)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"0\r\n\r\n")
                return
        self.send_response(503 if body == b"bad" else 200)
        self.send_header("X-Phasegate-Role", "challenger" if body == b"new" else "champion")
        answer = b"x" * 100_000 if body == b"long" else b"{}"
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.seen, server.ended = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


def requests(*bodies: bytes) -> Iterator[Request]:
    return (Request(body, {"x-request-id": str(n)}) for n, body in enumerate(bodies))


def url(server: Any) -> str:
    return f"http://127.0.0.1:{server.server_port}/v1/models/m:predict"


def test_each_request_is_sent_once_and_each_answer_counted(server: Any) -> None:
    bodies = [b"ok"] * 80 + [b"new"] * 15 + [b"bad"] * 3 + [b"long"] * 2
    sent = stream(requests(*bodies), url(server), in_flight=8)
    assert sent.by_role == {"champion": 82, "challenger": 15}
    assert sent.by_status == {200: 97, 503: 3}
    assert (sent.requests, sent.errors, sent.failures) == (100, 3, {})
    assert sorted(int(identity) for _, identity, _ in server.seen) == list(range(100))
    assert {path for path, _, _ in server.seen} == {"/v1/models/m:predict"}
    assert sorted(body for *_, body in server.seen) == sorted(bodies)
    assert len(sent.latencies) == 100
    assert sent.example == "{}"


def test_what_has_no_answer_has_failed_and_the_rest_goes_on(server: Any) -> None:
    bodies = [b"ok", b"drop", b"ok", b"hang", b"ok", b"chunked", b"ok"]
    sent = stream(requests(*bodies), url(server), in_flight=2, timeout=0.5)
    assert sent.by_status == {200: 4}
    assert sent.failures.total() == 3
    assert sent.failures["TimeoutError"] == 1
    assert len(server.seen) == 7


def test_nobody_there_is_a_failure_of_every_request(server: Any) -> None:
    nobody = url(server)
    server.shutdown()
    server.server_close()
    sent = stream(requests(*[b"ok"] * 5), nobody, in_flight=2)
    assert (sent.requests, sent.by_status) == (5, {})
    assert sent.failures["ConnectionRefusedError"] == 5


def test_nothing_to_send_is_nothing_sent(server: Any) -> None:
    assert stream(iter(()), url(server)).requests == 0
