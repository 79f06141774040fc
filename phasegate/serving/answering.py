"""The one path of every request, whatever protocol it came by: rows, scores, counts, log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from phasegate.errors import BadInput, Unavailable
from phasegate.models import Model
from phasegate.serving.columns import Columns
from phasegate.serving.envelope import Envelope, read_envelope
from phasegate.serving.features import Features
from phasegate.serving.journal import Journal
from phasegate.serving.metrics import Metrics
from phasegate.serving.recent import ConflictingId, RecentIds
from phasegate.serving.scoring import Scorer

Read = Callable[[], tuple[object, Columns]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says of a request's rows.

    Attributes:
        id: what the caller called the request, or else its request id.
        request_id: id in the prediction log.
        role: the part that the model played.
        scores: float64 [rows].
        decisions: int8 [rows].
        model_digest: of the model that answered.
    """

    id: str
    request_id: str
    role: str
    scores: np.ndarray
    decisions: np.ndarray
    model_digest: str


class Answerer:
    """Answers requests to one model.

    Args:
        features: what requests carry, and how that becomes rows.
        role: the role for requests that name none.
        journal: the prediction log; None where nothing is logged.
        now: the clock, microseconds since 1970.
    """

    def __init__(
        self,
        model: Model,
        scorer: Scorer,
        features: Features,
        metrics: Metrics,
        *,
        role: str,
        journal: Journal | None,
        now: Callable[[], int],
    ) -> None:
        self._model, self._scorer, self._features = model, scorer, features
        self._metrics = metrics
        self._role, self._journal, self._now = role, journal, now
        self._recent = RecentIds()

    def answer(self, headers: Mapping[str, str], read: Read) -> Answer:
        """Answer one request; counted and logged whether it succeeds or not.

        Args:
            headers: names in lower case.
            read: gives the id that the body carries, or None, and its columns.

        Raises:
            BadInput: naming the field and what was expected.
            Unavailable: what the features are computed from cannot be read.
        """
        started = time.perf_counter()
        try:
            body_id, columns = read()
            envelope = read_envelope(headers, body_id, self._role, self._now)
            batch = self._features.rows(columns, envelope)
            repeated = envelope.is_named and self._recent.is_repeat(envelope, batch)
            scores = self._scorer.score(batch)
        except Exception as error:
            self._failed(headers, _kind(error), time.perf_counter() - started)
            raise
        decisions = self._model.decide(scores)
        seconds = time.perf_counter() - started
        self._metrics.answered(envelope.role, seconds, scores)
        if not repeated:
            if envelope.is_named:
                self._recent.add(envelope, batch)
            if self._journal:
                self._journal.answered(envelope, batch, scores, decisions, seconds)
        return Answer(
            body_id if isinstance(body_id, str) and body_id else envelope.request_id,
            envelope.request_id,
            envelope.role,
            scores,
            decisions,
            self._model.digest,
        )

    def refused(self, headers: Mapping[str, str], kind: str) -> None:
        """Count and log a request that was refused before its rows were read."""
        self._failed(headers, kind, 0.0)

    def _failed(self, headers: Mapping[str, str], kind: str, seconds: float) -> None:
        try:
            envelope: Envelope | None = read_envelope(headers, None, self._role, self._now)
        except BadInput:
            envelope = None  # its id or role is what is wrong: it cannot be logged as anyone's
        self._metrics.failed(envelope.role if envelope else self._role, kind)
        if self._journal and envelope:
            self._journal.failed(envelope, kind, seconds)


def _kind(error: Exception) -> str:
    if isinstance(error, ConflictingId):
        return "conflict"
    if isinstance(error, Unavailable):
        return "unavailable"
    return "bad_request" if isinstance(error, BadInput) else "internal"
