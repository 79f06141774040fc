"""The sidecar's HTTP interface: events in, health and metrics out."""

from __future__ import annotations

import asyncio
import threading

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from phasegate.serving.limits import Limits
from phasegate.sidecar.cloud_events import read_event, too_large
from phasegate.sidecar.concealing import Concealer
from phasegate.sidecar.health import Health
from phasegate.sidecar.joining import Joiner
from phasegate.sidecar.metrics import CONTENT_TYPE, Metrics
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.services import Services

_BODY_SECONDS = 10.0
_MOST_AT_ONCE = 16


class EventReceiver:
    """Takes CloudEvents.

    Args:
        joiner: what they are given to.
        services: what is known of the services.
        concealer: hashes or drops personal data in them.
        role: of revisions that are no canary.
        limits: bounds of a body.
        metrics: counts them.
    """

    def __init__(
        self,
        joiner: Joiner,
        services: Services,
        concealer: Concealer,
        role: str,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._joiner, self._services, self._concealer = joiner, services, concealer
        self._role, self._limits, self._metrics = role, limits, metrics
        self._under_way = 0
        self._one_at_a_time = threading.Lock()

    async def receive(self, request: Request) -> Response:
        """202 when the event is taken, be it new or a duplicate; else why it is not."""
        try:
            outcome = await self._take(request)
        except Refused as refused:
            self._metrics.events_refused.labels(refused.reason).inc()
            return _json({"error": str(refused)}, refused.status)
        except ClientDisconnect:
            self._metrics.events_refused.labels("disconnected").inc()
            return Response(status_code=400)
        self._metrics.events.labels(outcome).inc()
        return Response(status_code=202)

    async def _take(self, request: Request) -> str:
        if self._under_way >= _MOST_AT_ONCE:
            raise Refused("busy", "too many events at once", status=503)
        self._under_way += 1
        try:
            body = await self._body(request)
            # SQLite and long bodies may take their time; health checks shall not wait for them.
            return await run_in_threadpool(self._add, request.headers.raw, body)
        finally:
            self._under_way -= 1

    def _add(self, headers: list[tuple[bytes, bytes]], body: bytes) -> str:
        with self._one_at_a_time:
            event = read_event(headers, body, self._services, self._role, self._limits)
            return self._joiner.add(self._concealer.conceal(event))

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > self._limits.body_bytes:
                        raise too_large(self._limits)
        except TimeoutError:
            raise Refused(
                "slow", "the body did not arrive", expected=f"it within {_BODY_SECONDS:g} seconds",
                status=408,
            ) from None  # fmt: skip
        return bytes(body)


def create_app(receiver: EventReceiver, health: Health, metrics: Metrics) -> Starlette:
    """Routes: ``POST /`` for CloudEvents, ``/healthz``, ``/readyz``, ``/metrics``."""

    async def alive(_: Request) -> Response:
        return _json({"status": "alive"}) if health.alive else _json({"status": "dead"}, 503)

    async def ready(_: Request) -> Response:
        # A pod whose sidecar is unready gets no requests: a store that is down must not cost the
        # predictor its traffic, so what is degraded says so and stays ready.
        wrong = health.wrong
        return _json({"status": "degraded" if wrong else "ready", "reasons": wrong})

    async def scrape(_: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return Starlette(
        routes=[
            Route("/", receiver.receive, methods=["POST"]),
            Route("/healthz", alive),
            Route("/readyz", ready),
            Route("/metrics", scrape),
        ]
    )


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
