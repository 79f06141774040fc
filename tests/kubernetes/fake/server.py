"""The API over HTTP: JSON in and out, watches as chunked lines."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.kubernetes.fake import requests
from tests.kubernetes.fake.answers import Answers, Stream
from tests.kubernetes.fake.failures import Failure, UnknownPath
from tests.kubernetes.fake.requests import Call
from tests.loopback import Handler, Listener

_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


class Server(Listener):
    """The API on loopback."""

    def __init__(self, port: int, answers: Answers) -> None:
        self.answers = answers
        super().__init__(port, _Handler)


class _Handler(Handler):
    server: Server

    def answer(self, body: bytes) -> None:
        """Carry a request out, or fail it as a test has said."""
        answers = self.server.answers
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
            self.send(404, b"404 page not found\n", "text/plain; charset=utf-8")

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
            self.send(code, value, kind)
        else:
            self._send_json(code, value, {})

    def _send_json(self, code: int, value: Any, headers: Mapping[str, str]) -> None:
        self.send(code, json.dumps(value).encode() + b"\n", "application/json", headers)

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
        self.cut()
