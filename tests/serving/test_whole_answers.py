"""An answer's head does not leave before its body."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from phasegate.serving.whole_answers import WholeAnswers

HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}


class Answering:
    """An application that waits between head and body until it is told to go on."""

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        if scope["path"] == "/nothing":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
            return
        await send(HEAD)
        self.began.set()
        self.go_on.wait(10)
        await send({"type": "http.response.body", "body": b"bo", "more_body": True})
        await send({"type": "http.response.body", "body": b"dy"})


@pytest.fixture
def application() -> Answering:
    return Answering()


@pytest.fixture
def connection(application: Answering) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(application, http=WholeAnswers, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        with socket.create_connection(listening.getsockname(), timeout=10) as client:
            yield client
        application.go_on.set()
        server.should_exit = True
        thread.join()


def ask(connection: socket.socket, path: str, verb: str = "GET") -> None:
    connection.sendall(f"{verb} {path} HTTP/1.1\r\nhost: here\r\n\r\n".encode())


def read_to(connection: socket.socket, end: bytes) -> bytes:
    read = b""
    while not read.endswith(end):
        part = connection.recv(65_536)
        assert part, read
        read += part
    return read


def test_nothing_leaves_before_there_is_a_body(
    application: Answering, connection: socket.socket
) -> None:
    ask(connection, "/")
    assert application.began.wait(10)
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(10)
    application.go_on.set()
    read = read_to(connection, b"body")
    assert read.startswith(b"HTTP/1.1 200 OK\r\n")


def test_heads_without_bodies_and_many_answers_on_one_connection(
    application: Answering, connection: socket.socket
) -> None:
    application.go_on.set()
    for _ in range(3):
        ask(connection, "/nothing")
        assert read_to(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 204")
        ask(connection, "/", "HEAD")
        assert b"content-length: 4" in read_to(connection, b"\r\n\r\n")
        ask(connection, "/")
        assert read_to(connection, b"body").startswith(b"HTTP/1.1 200")


def test_bytes_that_are_no_request_are_told_so(connection: socket.socket) -> None:
    connection.sendall(b"what is this\r\n\r\n")
    assert connection.recv(65_536).startswith(b"HTTP/1.1 400")


def test_a_client_that_asks_whether_to_go_on_is_told_at_once(
    application: Answering, connection: socket.socket
) -> None:
    application.go_on.set()
    connection.sendall(
        b"POST / HTTP/1.1\r\nhost: here\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    )
    assert read_to(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100")
    connection.sendall(b"hi")
    assert read_to(connection, b"body").startswith(b"HTTP/1.1 200")
