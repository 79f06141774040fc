"""A model server that misbehaves on demand: the other side of the proxy under test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from phasegate.network import free_port
from phasegate.traffic.headers import ROLE
from phasegate.traffic.plan import Backend

MODEL = "fraud"
_STATUS = {"ok": b"200 OK", "error": b"500 Internal Server Error", "refuse": b"400 Bad Request"}


@dataclass
class Received:
    """One request as it arrived; a header that came twice has two values."""

    method: str
    path: str
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str:
        """The header's only value."""
        (value,) = self.headers[name]
        return value


@dataclass
class Upstream:
    """An HTTP/1.1 server on a thread of its own.

    Attributes:
        name: told in every answer.
        behaviour: ``ok``, ``error`` (500), ``refuse`` (400), ``garbage`` (no HTTP), ``reset``
            (cuts the connection) or ``hang``; health checks are answered all the same.
        delay: seconds before an answer.
        healthy: what it says to health checks.
        received: the requests, health checks apart.
    """

    name: str
    behaviour: str = "ok"
    delay: float = 0
    healthy: bool = True
    received: list[Received] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=self.name)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._thread.start()

    @property
    def backend(self) -> Backend:
        """How a plan names it."""
        return Backend(self.name, f"127.0.0.1:{self.port}", MODEL)

    def roles(self) -> Counter[str]:
        """How many requests arrived in which role."""
        return Counter(request.header(ROLE) for request in self.received)

    def start(self) -> None:
        """Listen, on the same port as ever."""
        self._run(self._start())

    def die(self) -> None:
        """Close the port and cut every connection, as a killed process does."""
        self._run(self._die())

    def close(self) -> None:
        """Die and end the thread."""
        self.die()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)

    async def _die(self) -> None:
        if self._server:
            self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for writer in self._open:
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._answer(await _read(reader), writer):
                    pass
        except asyncio.CancelledError:  # dying
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> bool:
        """Answer as told; whether the connection can be used again."""
        if request.path.endswith("/ready"):
            status = b"200 OK" if self.healthy else b"503 Service Unavailable"
            writer.write(b"HTTP/1.1 %s\r\ncontent-length: 0\r\n\r\n" % status)
            return True
        self.received.append(request)
        behaviour = self.behaviour
        if behaviour == "hang":
            await asyncio.Event().wait()
        if self.delay:
            await asyncio.sleep(self.delay)
        if behaviour == "reset":
            writer.transport.abort()
            return False
        if behaviour == "garbage":
            writer.write(b"\x00\x01 no HTTP at all\r\n\r\n")
            return False
        body = json.dumps({"by": self.name, "bytes": len(request.body)}).encode()
        writer.write(
            b"HTTP/1.1 %s\r\nserver: python\r\ncontent-length: %d\r\n\r\n%s"
            % (_STATUS[behaviour], len(body), body)
        )
        await writer.drain()
        return True


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    length = int(headers.get("content-length", ["0"])[0])
    return Received(method, path, headers, await reader.readexactly(length))


@contextlib.contextmanager
def upstreams(*names: str) -> Iterator[list[Upstream]]:
    """Servers that run within the ``with`` body."""
    servers = [Upstream(name) for name in names]
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.close()
