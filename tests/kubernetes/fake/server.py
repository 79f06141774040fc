"""The API over HTTP: one thread for each connection, JSON in and out, watches as chunked lines."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.kubernetes.fake import requests
from tests.kubernetes.fake.answers import Answers, Stream
from tests.kubernetes.fake.failures import Failure, UnknownPath
from tests.kubernetes.fake.requests import Call

_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_READ_SECONDS = 60


class Server(ThreadingHTTPServer):
    """A listener on loopback whose connections all end when it is closed."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, answers: Answers) -> None:
        self.answers = answers
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        """A new connection, remembered."""
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """A connection that has ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""

    def stop(self) -> None:
        """Listen no more and end all connections."""
        self.shutdown()
        self.server_close()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _READ_SECONDS
    server: Server

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are recorded, not logged."""

    def _answer(self) -> None:
        answers = self.server.answers
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = answers.faults.due(self.command, self.path)
        if fault and fault.delay:
            time.sleep(fault.delay)
        try:
            if fault and fault.reset and not fault.late:
                self._reset(body)
            elif fault and fault.status and not fault.late:
                raise fault.failure()
            else:
                found = self._carried_out(body)
                if fault and fault.reset:
                    self._reset(body)
                elif fault and fault.status:
                    raise fault.failure()
                else:
                    self._send_found(found)
        except Failure as failure:
            self._record(failure.code, body)
            self._send_json(failure.code, failure.status(), failure.headers)
        except UnknownPath:
            self._record(404, body)
            self._send(404, b"404 page not found\n", "text/plain; charset=utf-8")

    def _carried_out(self, body: bytes) -> tuple[int, Any]:
        path = self.path.partition("?")[0].rstrip("/")
        answers = self.server.answers
        if path in ("/healthz", "/readyz", "/livez"):
            return 200, b"ok"
        if path.startswith("/openapi/"):
            return 200, b"" if _PROTOBUF in self.headers.get("Accept", "") else {"paths": {}}
        if self.command == "GET" and (document := answers.registry.document(path)):
            return 200, document
        call = requests.read(answers.registry, self.command, self.path, self.headers, body)
        code, found = answers.answer(call)
        answers.record(replace(call, status=code))
        return code, found

    def _record(self, code: int, body: bytes) -> None:
        answers = self.server.answers
        try:
            call = requests.read(answers.registry, self.command, self.path, self.headers, body)
        except (Failure, UnknownPath):
            call = Call(self.command, self.path, {}, body=body)
        answers.record(replace(call, status=code))

    def _send_found(self, found: tuple[int, Any]) -> None:
        code, value = found
        if isinstance(value, Stream):
            self._send_stream(value)
        elif isinstance(value, bytes):
            kind = "text/plain" if value else _PROTOBUF
            self._send(code, value, kind)
        else:
            self._send_json(code, value, {})

    def _send_json(self, code: int, value: Any, headers: Mapping[str, str]) -> None:
        self._send(code, json.dumps(value).encode() + b"\n", "application/json", headers)

    def _send(
        self, code: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send_stream(self, lines: Iterator[dict[str, Any] | None]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in lines:
            if line is None:
                if self._left():
                    self.close_connection = True
                    return
                continue
            data = json.dumps(line).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def _left(self) -> bool:
        """Whether the client has closed its end while nothing happened."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):
            return True

    def _reset(self, body: bytes) -> None:
        self._record(0, body)
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()
