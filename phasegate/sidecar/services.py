"""What is known of the InferenceServices whose payload loggers send events."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from phasegate.digests import digest_bytes
from phasegate.errors import BadInput

CANARY = "canary"

_FORM = "NAME[/canary]=DIGEST[,threshold=0.5][,score=OUTPUT]"
_KEY = re.compile(rf"[a-z0-9]([-a-z0-9]{{0,61}}[a-z0-9])?(/{CANARY})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Service:
    """A model behind a runtime that is not ours.

    Args:
        digest: hex sha256 that the model is logged under.
        threshold: scores from here on are positive, where the runtime does not decide itself.
        score: output or key that holds the score; None for the usual ones.
    """

    digest: str
    threshold: float = 0.5
    score: str | None = None


class Services:
    """Services by key: the InferenceService's name, and ``NAME/canary`` for its canary revision.

    A service that was not declared is logged under the sha256 of its key.
    """

    def __init__(self, declared: Iterable[str] = ()) -> None:
        """Parse declarations ``NAME[/canary]=DIGEST[,threshold=0.5][,score=OUTPUT]``.

        Raises:
            BadInput: a declaration of another form, or two of one service.
        """
        self._declared: dict[str, Service] = {}
        for text in declared:
            key, service = _parse(text)
            if key in self._declared:
                raise BadInput(f"service '{key}' is declared twice", where=text)
            self._declared[key] = service

    def find(self, key: str) -> Service:
        """The service of a key."""
        return self._declared.get(key) or Service(digest_bytes(key.encode()))


def _parse(text: str) -> tuple[str, Service]:
    key, _, rest = text.partition("=")
    digest, *options = rest.split(",")
    if not _KEY.fullmatch(key) or not _DIGEST.fullmatch(digest):
        raise BadInput("not a foreign service", where=text, expected=_FORM)
    threshold, score = 0.5, None
    for option in options:
        name, _, value = option.partition("=")
        if name == "threshold":
            threshold = _number(value, text)
        elif name == "score" and value:
            score = value
        else:
            raise BadInput(f"unknown option '{option}'", where=text, expected=_FORM)
    return key, Service(digest, threshold, score)


def _number(value: str, where: str) -> float:
    try:
        number = float(value)
        if not math.isfinite(number):
            raise ValueError
    except ValueError:
        raise BadInput(f"threshold '{value}' is not a number", where=where) from None
    return number
