"""Answers that leave the process in one piece.

uvicorn writes an answer's head, then its body. Of a process that dies between the two a user gets
half an answer, and no proxy can ask another model for the rest: what has begun cannot be retried.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD, _INTERIM = b"HTTP/1.1 ", b"HTTP/1.1 100"


class WholeAnswers(HttpToolsProtocol):
    """uvicorn's protocol, whose heads wait for the first piece of their bodies."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Write through what holds heads back."""
        super().connection_made(_HeadsHeld(transport))  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """Let a head go that no body follows."""
        self.transport.release()  # type: ignore[attr-defined]
        super().on_response_complete()


class _HeadsHeld:
    """A transport that writes an answer's head together with what comes next."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def write(self, data: bytes) -> None:
        """Write, or hold what begins an answer."""
        if not self._held and data.startswith(_HEAD) and not data.startswith(_INTERIM):
            self._held = data
            return
        held, self._held = self._held, b""
        self._transport.write(held + data)

    def release(self) -> None:
        """Write what is held."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Write what is held, and close."""
        self.release()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
