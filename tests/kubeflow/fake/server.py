"""The backend over HTTP: one thread for each connection, JSON in and out."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.kubeflow.fake.backend import Backend
from tests.kubeflow.fake.refusals import Refused

_READ_SECONDS = 60


class Server(ThreadingHTTPServer):
    """A listener on loopback whose connections all end when it is closed."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, backend: Backend) -> None:
        self.backend = backend
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
        """A client that went away is no error; anything else is the fake's own."""

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
        backend = self.server.backend
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = backend.faults.due(self.command, self.path)
        if fault and fault.delay:
            time.sleep(fault.delay)
        status, value, more = 200, None, {}
        try:
            if fault is None or fault.late or (fault.status is None and not fault.reset):
                value = backend.answer(self.command, self.path, headers, body)
            if fault and fault.status:
                raise fault.refused()
        except Refused as error:
            status, value, more = error.status, error.body(), error.headers
        except Exception as error:
            status, value = 599, {"message": f"the fake failed: {error!r}"}
        reset = fault is not None and fault.reset
        backend.record(self.command, self.path, headers, body, 0 if reset else status)
        if reset:
            self._reset()
        elif fault and fault.html:
            page = b"<html><body>Sign in</body></html>"
            self._send(fault.status or 200, page, "text/html", {"Location": "/login", **more})
        else:
            self._send(status, json.dumps(value).encode(), "application/json", more)

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()
