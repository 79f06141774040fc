"""Requests and responses joined by id, in any order; each pair becomes one record."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import Connection

from phasegate.sidecar.answers import Answers
from phasegate.sidecar.cloud_events import Event
from phasegate.sidecar.database import Database
from phasegate.sidecar.pairs import NO_RESPONSE, join, pack
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.rows import MOST_FEATURES, Column

NO_REQUEST = "no_request"

_AT_ONCE = 1_000


@dataclass(frozen=True)
class JoinLimits:
    """How long and how much is kept.

    Attributes:
        timeout_seconds: a request without response by then failed; a response without request is
            dropped.
        retention_seconds: how long the same id is known as a duplicate after its record was made.
        retention_keys: how many ids are known at most; the oldest are forgotten first.
        waiting: events and records at most, before new ones are refused.
        waiting_bytes: their size at most.
        services: services at most.
    """

    timeout_seconds: float = 60.0
    retention_seconds: float = 3_600.0
    retention_keys: int = 500_000
    waiting: int = 100_000
    waiting_bytes: int = 256 << 20
    services: int = 100


DEFAULT_LIMITS = JoinLimits()


@dataclass(frozen=True)
class Waiting:
    """What waits in the database: events and records, and the bytes of their payloads."""

    count: int
    bytes: int


class Joiner:
    """Takes events and makes records. One thread adds; another may expire.

    Args:
        database: where everything waits.
        limits: bounds.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        limits: JoinLimits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._limits, self._clock = database, limits, clock
        self._features: dict[str, dict[str, bool]] = {}
        with database.transaction() as run:
            for service, name, is_text in run.execute("SELECT service, name, is_text FROM feature"):
                self._features.setdefault(service, {})[name] = bool(is_text)

    def add(self, event: Event) -> str:
        """Take one event.

        Returns:
            ``waiting`` for its other half; ``joined`` with it; ``duplicate`` of one that came
            before; or ``late``, after its request was given up.

        Raises:
            Refused: there is no room for it (503), or too many services or features (400).
        """
        service = f"{event.namespace}/{event.service}"
        key = f"{service}/{event.envelope.request_id}"
        payload = pack(event)
        is_response = isinstance(event.content, Answers)
        news = {} if is_response else self._news(service, event.content.columns)
        with self._database.transaction() as run:
            outcome = self._match(run, key, service, is_response, payload)
            run.executemany(
                "INSERT INTO feature VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET is_text = excluded.is_text",
                [(service, name, is_text) for name, is_text in news.items()],
            )
        if news:
            self._features.setdefault(service, {}).update(news)
        return outcome

    def expire(self) -> Counter[str]:
        """Give up what waited too long, and forget old keys.

        Returns:
            Requests that became records of failures (``no_response``), and responses that were
            dropped (``no_request``).
        """
        now = self._clock()
        expired: Counter[str] = Counter()
        while some := self._give_up(now):
            expired += some
        with self._database.transaction() as run:
            run.execute("DELETE FROM done WHERE since < ?", (now - self._limits.retention_seconds,))
            (known,) = run.execute("SELECT done FROM total").fetchone()
            run.execute(
                "DELETE FROM done WHERE key IN (SELECT key FROM done ORDER BY since LIMIT ?)",
                (max(0, known - self._limits.retention_keys),),
            )
        return expired

    def waiting(self) -> Waiting:
        """How much waits now."""
        with self._database.transaction() as run:
            return _waiting(run)

    def _news(self, service: str, columns: dict[str, Column]) -> dict[str, bool]:
        """Features not seen before, or as numbers only: whether they are text."""
        known = self._features.get(service)
        if known is None:
            if len(self._features) >= self._limits.services:
                raise Refused("services", f"more than {self._limits.services} services")
            known = {}
        news = {
            name: isinstance(column, list)
            for name, column in columns.items()
            if name not in known or (isinstance(column, list) and not known[name])
        }
        if len(known.keys() | news) > MOST_FEATURES:
            raise Refused("features", f"more than {MOST_FEATURES:,} features of {service}")
        return news

    def _match(
        self, run: Connection, key: str, service: str, is_response: bool, payload: bytes
    ) -> str:
        done = run.execute("SELECT is_whole FROM done WHERE key = ?", (key,)).fetchone()
        if done:
            return "late" if is_response and not done[0] else "duplicate"
        half = run.execute("SELECT is_response, payload FROM half WHERE key = ?", (key,)).fetchone()
        if half is None:
            self._check_room(run, payload)
            run.execute(
                "INSERT INTO half VALUES (?, ?, ?, ?, ?)",
                (key, is_response, service, self._clock(), payload),
            )
            return "waiting"
        if bool(half[0]) == is_response:
            return "duplicate"
        request, response = (half[1], payload) if is_response else (payload, half[1])
        self._finish(run, key, is_whole=True)
        self._record(run, service, join(request, response))
        return "joined"

    def _check_room(self, run: Connection, payload: bytes) -> None:
        waiting = _waiting(run)
        if (
            waiting.count >= self._limits.waiting
            or waiting.bytes + len(payload) > self._limits.waiting_bytes
        ):
            raise Refused("full", "too many events wait already", status=503)

    def _give_up(self, now: float) -> Counter[str]:
        expired: Counter[str] = Counter()
        with self._database.transaction() as run:
            halves = run.execute(
                "SELECT key, is_response, service, payload FROM half WHERE arrived < ? "
                "ORDER BY arrived LIMIT ?",
                (now - self._limits.timeout_seconds, _AT_ONCE),
            ).fetchall()
            for key, is_response, service, payload in halves:
                if is_response:
                    run.execute("DELETE FROM half WHERE key = ?", (key,))
                else:
                    self._finish(run, key, is_whole=False)
                    self._record(run, service, join(payload, None))
                expired[NO_REQUEST if is_response else NO_RESPONSE] += 1
        return expired

    def _finish(self, run: Connection, key: str, *, is_whole: bool) -> None:
        run.execute("DELETE FROM half WHERE key = ?", (key,))
        run.execute("INSERT INTO done VALUES (?, ?, ?)", (key, is_whole, self._clock()))

    def _record(self, run: Connection, service: str, payload: bytes) -> None:
        run.execute(
            "INSERT INTO record (service, made, size, payload) VALUES (?, ?, ?, ?)",
            (service, self._clock(), len(payload), payload),
        )


def _waiting(run: Connection) -> Waiting:
    return Waiting(*run.execute("SELECT waiting, bytes FROM total").fetchone())
