"""Whether a request id was used a moment ago, and for the same request."""

from __future__ import annotations

from collections import OrderedDict

from phasegate.errors import BadInput


class ConflictingId(BadInput):
    """A request id that was used for another request: 409."""


class RecentIds:
    """Remembers the ids of the latest answers, so that a retry is not logged as a second request.

    Args:
        capacity: ids remembered.
    """

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def is_repeat(self, role: str, request_id: str, content: int) -> bool:
        """Whether the same request was answered in this role already.

        Args:
            content: hash of the request's rows.

        Raises:
            ConflictingId: another request was answered under this id.
        """
        known = self._seen.get((role, request_id))
        if known is not None and known != content:
            raise ConflictingId(
                f"'{request_id}' was the id of another request",
                where="request id",
                expected="an id of its own for each request",
            )
        return known is not None

    def add(self, role: str, request_id: str, content: int) -> None:
        """Remember an id that was answered; the oldest is forgotten."""
        self._seen[role, request_id] = content
        if len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
