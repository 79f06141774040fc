"""Why an event was not taken: one line for its sender, one word for the count."""

from __future__ import annotations

from phasegate.errors import BadInput


class Refused(BadInput):
    """An event that is not taken.

    Args:
        reason: one word, under which it is counted.
        what: what is wrong with it.
        where: the header or the place in the body.
        expected: what would have been right.
        status: HTTP status of the answer.
    """

    def __init__(
        self,
        reason: str,
        what: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        status: int = 400,
    ) -> None:
        self.reason, self.status = reason, status
        super().__init__(what, where=where, expected=expected)
