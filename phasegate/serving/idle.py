"""A slot without a model: alive, not ready, and cheap, until it is replaced by one with a model."""

from __future__ import annotations

import json
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from phasegate.errors import BadInput
from phasegate.serving.limits import Limits

REASON = "no model in this slot yet"

_ALIVE = {"/": {"status": "alive"}, "/v2/health/live": {"live": True}}
_SECONDS = 10.0


def serve_idle(host: str, port: int) -> None:
    """Answer probes and scrapes until SIGTERM; 503 and the reason to everything else.

    Neither KServe nor XGBoost is imported: a slot that waits shall cost next to nothing.

    Raises:
        BadInput: the address is taken, or not this machine's.
    """
    try:
        server = _Server((host, port), _Answers)
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"cannot listen there ({error})",
            where=f"{host}:{port}",
            fix="Choose another --http-port",
        ) from error

    def stop(*_: object) -> None:
        # Of another thread: the server waits for its loop, which this signal interrupts.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    print(f"{REASON}; waiting for one on {host}:{port}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.2)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        # Without the look-up of this machine's name that the base class makes.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]


class _Answers(BaseHTTPRequestHandler):
    """One connection, one answer."""

    timeout = _SECONDS

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._metrics()
        elif path in _ALIVE:
            self._json(_ALIVE[path])
        else:
            self._json({"error": REASON}, 503)

    def do_POST(self) -> None:
        # A caller that is still sending would lose an answer given before its body was read.
        length = self.headers.get("content-length", "0")
        if length.isdecimal() and int(length) <= Limits.body_bytes:
            self.rfile.read(int(length))
        self._json({"error": REASON}, 503)

    def log_message(self, *_: object) -> None:
        """Say nothing of each probe."""

    def _metrics(self) -> None:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        self._send(generate_latest(), CONTENT_TYPE_LATEST)

    def _json(self, content: object, status: int = 200) -> None:
        self._send(json.dumps(content).encode(), "application/json", status)

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
