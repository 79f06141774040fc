"""A stand-in for the bank's data platform: its feature pipeline, and who takes a version back.

Version 14 of the feature pipeline hands amounts over in cents. Nobody notices when it goes live:
it is announced in the journal as any change is, and the raw events are right. The platform listens
on HTTP for the CloudEvent ``dev.phasegate.rollback.requested``, goes back to the version before,
and says so in the journal, as a deployment tool would.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import duckdb

from phasegate.monitoring.events import ROLLBACK_REQUESTED
from phasegate.monitoring.retraining.decision import Change, ChangeKind
from phasegate.monitoring.retraining.entry import EventKind
from phasegate.monitoring.retraining.journal import Journal
from phasegate.monitoring.retraining.recording import announce_change, rollback_done, undo_change

ACTOR = "data platform"
WHAT = "feature pipeline v14"


class DataPlatform:
    """Serves features and takes requests to go back, within the ``with`` body.

    Args:
        journal: of the model's monitoring.
        bug_at: when version 14 goes live; None never.
        clock: event time.
        say: told what it does.

    Attributes:
        sink: address that takes CloudEvents.
        events: that it was sent, in order.
        broken: spans of event time in which version 14 was live; the last one may have no end.
    """

    def __init__(
        self,
        journal: Journal,
        bug_at: datetime | None,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
    ) -> None:
        self._journal, self._bug_at, self._clock, self._say = journal, bug_at, clock, say
        self._changed = threading.Lock()
        self._announced = 0
        self.events: list[dict[str, Any]] = []
        self.broken: list[tuple[datetime, datetime | None]] = []

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._take))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,))
        self._thread.start()
        self.sink = f"http://127.0.0.1:{self._server.server_port}/"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def deploy_due(self, until: datetime) -> None:
        """Let version 14 go live, if its time is before ``until``, and announce it."""
        with self._changed:
            if self._bug_at is None or self._bug_at >= until or self.broken:
                return
            self.broken = [(self._bug_at, None)]
            change = Change(ChangeKind.PIPELINE, self._bug_at, WHAT, ACTOR)
            self._announced = announce_change(self._journal, change, self._bug_at).sequence

    def broken_within(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """Spans of a piece of traffic in which version 14 is live, as far as is known."""
        with self._changed:
            return [(a, b or until) for a, b in self.broken if a < until and (b or until) > since]

    def serve(self, requests: Path, since: datetime, until: datetime, served: Path) -> Path:
        """The features of a piece of traffic, as the version that is live computes them.

        Args:
            requests: with the features as they should be.
            since, until: the piece: from, and before.
            served: written where a version computes other ones.

        Returns:
            The file to send.
        """
        spans = self.broken_within(since, until)
        if not spans:
            return requests
        within = " OR ".join(f"event_time >= '{a}' AND event_time < '{b}'" for a, b in spans)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(
                f"COPY (SELECT * REPLACE (CASE WHEN {within} THEN amount * 100 ELSE amount END "
                f"AS amount) FROM '{requests}' ORDER BY event_time, transaction_id) "
                f"TO '{served}' (FORMAT parquet)"
            )
        return served

    def _take(self, event: dict[str, Any]) -> None:
        """Do what is asked for; the same event twice is done once."""
        with self._changed:
            if any(known["id"] == event["id"] for known in self.events):
                return
            self.events.append(event)
            if event["type"] != ROLLBACK_REQUESTED:
                self._say(f"the data platform was told: {event['data'].get('reason', '')}")
                return
            if not self.broken or self.broken[-1][1] is not None:
                return
            now = self._clock()
            self.broken[-1] = (self.broken[-1][0], now)
            asked = event["data"]["entry"]
            reason = "went back to feature pipeline v13"
            undo_change(self._journal, self._announced, now, ACTOR, reason, now)
            entries = self._journal.entries()
            if entries[asked - 1].event.kind is EventKind.ROLLBACK_ASKED:
                rollback_done(self._journal, asked, now, ACTOR, reason)
            self._say(f"the data platform {reason}, as it was asked to")


def _handler(take: Callable[[dict[str, Any]], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                take(event)
                status = 204
            except (ValueError, KeyError, TypeError):
                status = 400
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
