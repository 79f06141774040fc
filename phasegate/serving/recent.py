"""Whether a request id was used a moment ago, and for the same request."""

from __future__ import annotations

from collections import OrderedDict

from phasegate.errors import BadInput
from phasegate.serving.envelope import Envelope
from phasegate.serving.rows import Batch


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

    def is_repeat(self, envelope: Envelope, batch: Batch) -> bool:
        """Whether the same rows were answered in this role under this id already.

        Raises:
            ConflictingId: other rows were.
        """
        known = self._seen.get((envelope.role, envelope.request_id))
        if known is not None and known != _content(batch):
            raise ConflictingId(
                f"'{envelope.request_id}' was the id of another request",
                where="request id",
                expected="an id of its own for each request",
            )
        return known is not None

    def add(self, envelope: Envelope, batch: Batch) -> None:
        """Remember a request that was answered; the oldest is forgotten."""
        self._seen[envelope.role, envelope.request_id] = _content(batch)
        if len(self._seen) > self._capacity:
            self._seen.popitem(last=False)


def _content(batch: Batch) -> int:
    return hash((batch.numeric.tobytes(), str(batch.text)))
