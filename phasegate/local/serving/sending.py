"""Requests sent at a rate, many in flight, and what came back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from phasegate.local.serving.requests import Request
from phasegate.progress import Progress
from phasegate.traffic.headers import ROLE

_REPORT_SECONDS = 0.2


@dataclass
class Sent:
    """What came of some requests.

    Attributes:
        by_role: answers by the role of who gave them, as the proxy says.
        by_status: answers by HTTP status.
        failures: requests without an answer, by what went wrong.
        latencies: seconds of each answer.
        seconds: of all of it.
        example: the first answer that was an error.
    """

    by_role: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    example: str = ""

    @property
    def requests(self) -> int:
        """Sent, answered or not."""
        return self.by_status.total() + self.failures.total()

    @property
    def errors(self) -> int:
        """Those without a good answer."""
        return self.requests - self.by_status[200]

    def quantile(self, share: float) -> float:
        """Latency in seconds below which a share of the answers came; 0 where there are none."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values, latencies in milliseconds."""
        return {
            "requests": self.requests,
            "errors": self.errors,
            "by_role": dict(self.by_role),
            "by_status": {str(status): count for status, count in self.by_status.items()},
            "failures": dict(self.failures),
            "seconds": self.seconds,
            "p50_ms": self.quantile(0.5) * 1000,
            "p99_ms": self.quantile(0.99) * 1000,
        }


def send(
    requests: Iterable[Request],
    url: str,
    *,
    total: int,
    rate: float,
    in_flight: int,
    timeout: float,
    progress: Progress,
) -> Sent:
    """Send requests to ``url`` and collect the answers.

    Args:
        total: how many there are, for the progress.
        rate: requests a second; 0 is as fast as answers come.
        in_flight: requests waiting for their answer at most; at a rate that the server cannot keep
            up with, sending slows down instead of piling up.
        timeout: seconds for one request.
    """
    sent = Sent()
    asyncio.run(_send_all(iter(requests), url, sent, total, rate, in_flight, timeout, progress))
    return sent


async def _send_all(
    requests: Iterator[Request],
    url: str,
    sent: Sent,
    total: int,
    rate: float,
    in_flight: int,
    timeout: float,
    progress: Progress,
) -> None:
    started = time.monotonic()
    places = asyncio.Semaphore(in_flight)
    reported = 0.0
    connector = aiohttp.TCPConnector(limit=in_flight)
    limit = aiohttp.ClientTimeout(total=timeout)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=limit) as session,
        asyncio.TaskGroup() as tasks,
    ):
        for number, request in enumerate(requests):
            if rate:
                due = started + number / rate
                if (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
            await places.acquire()
            task = tasks.create_task(_send_one(session, url, request, sent))
            task.add_done_callback(lambda _: places.release())
            if time.monotonic() - reported > _REPORT_SECONDS:
                reported = time.monotonic()
                progress(number / max(total, 1), f"{number:,} of {total:,} requests")
    sent.seconds = time.monotonic() - started


async def _send_one(session: aiohttp.ClientSession, url: str, request: Request, sent: Sent) -> None:
    started = time.perf_counter()
    try:
        async with session.post(url, data=request.body, headers=request.headers) as response:
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        sent.failures[type(error).__name__] += 1
        return
    sent.latencies.append(time.perf_counter() - started)
    sent.by_status[response.status] += 1
    if response.status == 200:
        sent.by_role[response.headers.get(ROLE, "unknown")] += 1
    elif not sent.example:
        sent.example = body[:300].decode(errors="replace")
