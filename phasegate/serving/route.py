"""The way into the server: bodies are bounded, and JSON for the model takes the short way.

KServe's own route spends most of a small request's time in pydantic models, dependency injection
and timing middleware. JSON requests for the model are read, answered and written here instead, by
the same code that KServe's route ends in; every other request goes on to KServe's application.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson

from phasegate.errors import BadInput
from phasegate.serving.limits import Limits
from phasegate.serving.predictor import BINARY_HEADER, BadRequest, Predictor
from phasegate.traffic.headers import REQUEST_ID

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

NO_HEADERS: Mapping[str, str] = {}

_log = logging.getLogger(__name__)


class Gone(Exception):
    """The caller closed the connection before the body was complete."""


class Route:
    """An ASGI application in front of KServe's.

    Args:
        application: KServe's.
        predictor: the model that is served.
        limits: of a request.
        short: whether JSON requests take the short way; both give the same answers.
    """

    def __init__(
        self, application: Application, predictor: Predictor, limits: Limits, *, short: bool = True
    ) -> None:
        self._application, self._predictor, self._limits = application, predictor, limits
        name = predictor.name
        self._versions = {f"/v1/models/{name}:predict": "v1", f"/v2/models/{name}/infer": "v2"}
        self._short = short

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._application(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            body = await _read(receive, headers, self._limits.body_bytes)
        except Gone:
            return
        if body is None:
            self._predictor.refused(headers, "too_large")
            message = BadInput(
                "too large",
                where="request body",
                expected=f"at most {self._limits.body_bytes:,} bytes",
            )
            # The rest of the body is not read: the connection cannot be used again.
            await _send(send, 413, {"error": str(message)}, {"connection": "close"})
            return
        version = self._versions.get(scope["path"])
        if version and self._short and self._predictor.ready and _is_plain_json(headers):
            await self._answer(version, body, headers, send)
        else:
            await self._pass_on(scope, body, headers, receive, send)

    async def _answer(
        self, version: str, body: bytes, headers: Mapping[str, str], send: Send
    ) -> None:
        try:
            request_id, answer = self._predictor.answer_json(version, body, headers)
        except BadInput as error:
            await _send(send, BadRequest(error).status, {"error": str(error)})
        except Exception:
            _log.exception("a request failed")
            await _send(send, 500, {"error": "internal error; the server's log says more"})
        else:
            await _send(send, 200, answer, {REQUEST_ID: request_id})

    async def _pass_on(
        self, scope: Message, body: bytes, headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        async def watch(message: Message) -> None:
            # What `predict` was asked, it has counted itself.
            if message["type"] == "http.response.start" and message["status"] in (404, 503):
                self._predictor.refused(headers, f"http_{message['status']}")
            await send(message)

        await self._application(scope, replay, watch)


async def _read(receive: Receive, headers: Mapping[str, str], most: int) -> bytes | None:
    """The body; None when it is larger than ``most`` bytes.

    Raises:
        Gone: nobody is there to be answered.
    """
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        return None
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _is_plain_json(headers: Mapping[str, str]) -> bool:
    """Neither binary tensors nor a CloudEvent around the request: KServe unpacks those."""
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    return BINARY_HEADER not in headers and "ce-type" not in headers and kind == "application/json"


async def _send(
    send: Send, status: int, answer: dict[str, Any], headers: Mapping[str, str] = NO_HEADERS
) -> None:
    body = orjson.dumps(answer)
    fields = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
