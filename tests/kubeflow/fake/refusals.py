"""How the backend says no."""

from __future__ import annotations

from typing import Any

_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 500: 13, 503: 14}


class Refused(Exception):
    """An answer of 400 and above.

    Attributes:
        status: HTTP status.
        upload: whether it is worded as the upload endpoints word theirs.
        headers: more headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        upload: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.upload = status, message, upload
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        if self.upload:
            return {"error_message": self.message, "error_details": self.message}
        return {"code": _CODES.get(self.status, 2), "message": self.message, "details": []}


def invalid(message: str) -> Refused:
    """400, as the backend words it."""
    return Refused(400, f"Invalid input error: {message}")


def missing(kind: str, name: str) -> Refused:
    """404, as the backend words it."""
    return Refused(404, f"ResourceNotFoundError: {kind} {name} not found.")


def exists(kind: str, name: str) -> Refused:
    """409, as the backend words it."""
    return Refused(409, f"Already exist error: The {kind} {name} already exist.")
