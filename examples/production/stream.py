"""Requests sent as fast as they are answered, by a client that costs little.

On one machine users and servers share the cores: a general HTTP client takes as much of them as
the server that it asks. This one speaks just enough HTTP/1.1 for an answer with a length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from phasegate.local.serving.requests import Request
from phasegate.local.serving.sending import Sent
from phasegate.traffic.headers import ROLE

_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_ROLE = f"\r\n{ROLE.lower()}:".encode()
_LOOK_SECONDS = 1.0


def stream(
    requests: Iterable[Request], url: str, *, in_flight: int = 16, timeout: float = 30.0
) -> Sent:
    """Send requests to ``url``, each connection its next one when it has its answer.

    Args:
        requests: in the order in which they are sent.
        url: ``http://IP:PORT/PATH``.
        in_flight: connections.
        timeout: seconds for one request, after which it has failed.
    """
    sent = Sent()
    started = time.monotonic()
    asyncio.run(_stream(iter(requests), url, sent, in_flight, timeout))
    sent.seconds = time.monotonic() - started
    return sent


async def _stream(
    requests: Iterator[Request], url: str, sent: Sent, in_flight: int, timeout: float
) -> None:
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\n".encode()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(in_flight):
            tasks.create_task(
                _converse(requests, parts.hostname or "", parts.port or 80, head, sent, timeout)
            )


async def _converse(
    requests: Iterator[Request], host: str, port: int, head: bytes, sent: Sent, timeout: float
) -> None:
    """Ask over one connection at a time, until there are no more requests."""
    loop = asyncio.get_running_loop()
    while True:
        connection = _Connection(requests, head, sent)
        try:
            await loop.create_connection(lambda made=connection: made, host, port)
        except OSError as error:
            if next(requests, None) is None:
                return
            sent.failures[type(error).__name__] += 1
            continue
        while not await connection.ended(_LOOK_SECONDS):
            connection.give_up_after(timeout)
        if connection.is_finished:
            return


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, requests: Iterator[Request], head: bytes, sent: Sent) -> None:
        self._requests, self._head, self._sent = requests, head, sent
        self._buffer, self._asked = b"", 0.0
        self._over = asyncio.Event()
        self._why = "ServerDisconnectedError"
        self.is_finished = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take an answer when it is whole, and ask again."""
        self._buffer += data
        end = self._buffer.find(_END)
        if end < 0:
            return
        head = self._buffer[: end + 2]
        lower = head.lower()
        length = _value(lower, _LENGTH)
        if not length.isdigit():
            self._why = "an answer without a length"
            self._transport.abort()
            return
        whole = end + len(_END) + int(length)
        if len(self._buffer) < whole:
            return
        self._take(int(head[9:12]), lower, self._buffer[end + len(_END) : whole])
        self._buffer = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the request that has no answer now."""
        if self._asked:
            self._sent.failures[type(exc).__name__ if exc else self._why] += 1
        self._over.set()

    async def ended(self, seconds: float) -> bool:
        """Whether the connection ends within some seconds."""
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def give_up_after(self, seconds: float) -> None:
        """Close it where the present request has waited for longer."""
        if self._asked and time.perf_counter() - self._asked > seconds:
            self._why = "TimeoutError"
            self._transport.abort()

    def _ask(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._asked, self.is_finished = 0.0, True
            self._transport.close()
            return
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        length = f"content-length: {len(request.body)}\r\n\r\n"
        self._asked = time.perf_counter()
        self._transport.write(b"".join((self._head, lines.encode(), length.encode(), request.body)))

    def _take(self, status: int, head: bytes, body: bytes) -> None:
        self._sent.latencies.append(time.perf_counter() - self._asked)
        self._sent.by_status[status] += 1
        if status == 200:
            self._sent.by_role[_value(head, _ROLE).decode() or "unknown"] += 1
        elif not self._sent.example:
            self._sent.example = body[:300].decode(errors="replace")


def _value(head: bytes, name: bytes) -> bytes:
    """A header's value, from a head in lower case."""
    at = head.find(name)
    if at < 0:
        return b""
    at += len(name)
    return head[at : head.find(b"\r\n", at)].strip()
