"""What a request may ask for at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one request; what is beyond them is refused before it costs anything.

    Attributes:
        body_bytes: size of the body.
        rows: rows of the body.
        text_length: characters of one category.
    """

    body_bytes: int = 8 << 20
    rows: int = 10_000
    text_length: int = 1_000
