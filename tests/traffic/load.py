"""Clients of the proxy: one request, or many at a time from another thread."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp

from phasegate.traffic.headers import ENTITY, ROLE
from tests.traffic.upstream import MODEL

INFER = f"/v2/models/{MODEL}/infer"


@dataclass
class Answer:
    """What a client got; ``by`` is the upstream's name, empty when none answered."""

    status: int
    headers: Mapping[str, str]
    by: str = ""
    bytes: int = 0
    seconds: float = 0

    @property
    def role(self) -> str | None:
        """Role of who answered, as the answer says."""
        return self.headers.get(ROLE)


def send(
    address: str,
    headers: Mapping[str, str] | None = None,
    *,
    body: bytes = b"{}",
    path: str = INFER,
    method: str = "POST",
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)
    started = time.perf_counter()
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return _answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
            time.perf_counter() - started,
        )
    finally:
        connection.close()


def send_all(address: str, entities: list[str]) -> dict[str, Answer]:
    """One request for each entity, one after the other."""
    return {entity: send(address, {ENTITY: entity}) for entity in entities}


def answered_by(answers: Mapping[str, Answer], name: str) -> set[str]:
    """Entities whom the upstream of this name answered."""
    return {entity for entity, answer in answers.items() if answer.by == name}


@dataclass
class Load:
    """Requests from concurrent clients, and how they ended."""

    answers: list[Answer] = field(default_factory=list)

    @property
    def errors(self) -> list[Answer]:
        """Answers that a user would complain about; status 0 is none at all."""
        return [answer for answer in self.answers if answer.status != 200]

    @property
    def by(self) -> Counter[str]:
        """How many each upstream answered."""
        return Counter(answer.by for answer in self.answers)

    def wait_for(self, count: int, seconds: float = 20) -> None:
        """Wait until so many more requests have been answered."""
        target, deadline = len(self.answers) + count, time.monotonic() + seconds
        while len(self.answers) < target:
            assert time.monotonic() < deadline, f"{len(self.answers)} answers, want {target}"
            time.sleep(0.005)


@contextmanager
def load(address: str, *, clients: int = 8, body: bytes = b"{}") -> Iterator[Load]:
    """Clients that send one request after the other within the ``with`` body, from a thread.

    Each request names another entity. They stop by themselves after 20,000 requests.
    """
    result, stop = Load(), threading.Event()
    thread = threading.Thread(
        target=lambda: asyncio.run(_clients(address, clients, body, result, stop)), name="load"
    )
    thread.start()
    try:
        yield result
    finally:
        stop.set()
        thread.join()


async def _clients(
    address: str, clients: int, body: bytes, result: Load, stop: threading.Event
) -> None:
    numbers = iter(range(20_000))
    timeout = aiohttp.ClientTimeout(total=20)
    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(address, timeout=timeout, connector=connector) as session:

        async def client() -> None:
            for number in numbers:
                if stop.is_set():
                    return
                result.answers.append(await _send(session, number, body))

        await asyncio.gather(*(client() for _ in range(clients)))


async def _send(session: aiohttp.ClientSession, number: int, body: bytes) -> Answer:
    started = time.perf_counter()
    try:
        async with session.post(INFER, data=body, headers={ENTITY: f"entity-{number}"}) as response:
            content = await response.read()
            return _answer(
                response.status, response.headers, content, time.perf_counter() - started
            )
    except (aiohttp.ClientError, TimeoutError) as error:
        return Answer(0, {"error": repr(error)}, seconds=time.perf_counter() - started)


def _answer(status: int, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
    try:
        told = json.loads(body)
        return Answer(status, headers, told["by"], told["bytes"], seconds)
    except ValueError:  # written by the proxy
        return Answer(status, headers, seconds=seconds)
