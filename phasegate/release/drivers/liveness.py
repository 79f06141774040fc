"""Whether a guard still looks, told over HTTP to whoever restarts one that hangs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from phasegate.errors import BadInput

PATH = "/healthz"
LOOKS = 3  # so many times the pause between two looks
# Store and cluster have time-outs of their own. A look that waits for them is no look that hangs,
# and a restart would cost the guard what it last knew of the release.
LEAST_SECONDS = 60.0


class Heartbeat:
    """When the last look ended.

    Args:
        every_seconds: between two looks.
        clock: seconds that only rise.
    """

    def __init__(self, every_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = max(LOOKS * every_seconds, LEAST_SECONDS)
        self._clock = clock
        self._last = clock()

    def beat(self) -> None:
        """A look has ended, however it did."""
        self._last = self._clock()

    @property
    def age(self) -> float:
        """Seconds since then."""
        return self._clock() - self._last

    @property
    def is_alive(self) -> bool:
        """Whether that is not too long ago."""
        return self.age <= self.limit


@contextmanager
def told(heartbeat: Heartbeat, port: int) -> Iterator[int]:
    """Answer ``GET /healthz`` for the context's time: 200 while looks end in time, else 503.

    Listens on all addresses of the machine, because a kubelet asks the pod's.

    Args:
        heartbeat: of the guard.
        port: to listen on; 0 takes any free one.

    Yields:
        The port.

    Raises:
        BadInput: the port is taken.
    """

    class Handler(_Handler):
        beats = heartbeat

    try:
        server = _Server(("", port), Handler)
    except OSError as error:
        raise BadInput(
            f"cannot listen ({error.strerror})", where=f"port {port}", fix="take another port"
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET

    def server_bind(self) -> None:
        with suppress(OSError, AttributeError):
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class _Handler(BaseHTTPRequestHandler):
    beats: Heartbeat
    timeout = 5

    def do_GET(self) -> None:
        if self.path != PATH:
            self.send_error(404)
            return
        beats = self.beats
        body = (
            f"the last look ended {beats.age:.1f} seconds ago, {beats.limit:g} are allowed\n"
        ).encode()
        self.send_response(200 if beats.is_alive else 503)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """A probe every few seconds is no news."""
