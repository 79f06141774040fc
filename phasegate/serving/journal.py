"""What the predictor writes to the prediction log of each request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, NUMERIC, Input
from phasegate.prediction_log.privacy import Privacy, read_key
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.spool import Spool, writer_id
from phasegate.serving.envelope import Envelope
from phasegate.serving.rows import Batch


@dataclass(frozen=True)
class LogSettings:
    """How a predictor logs.

    Attributes:
        folder: the spool, shared with the sidecar.
        project_version: what the model is a version of, such as ``card-fraud/3``.
        sensitive: column -> ``hash`` or ``drop``.
        key_file: key of the hashes.
        budget_bytes: room for what waits for the sidecar.
        segment_seconds: longest time until a record can be sealed.
    """

    folder: Path
    project_version: str
    sensitive: Mapping[str, str]
    key_file: Path | None
    budget_bytes: int
    segment_seconds: float


class Journal:
    """Turns requests and answers into records. Nothing here waits for a disk.

    Args:
        settings: where and how.
        name: that the model is served under.
        digest: of the model.
        inputs: columns of the rows that are logged.
        entity: the column that requests' entities come from, if the project names one.

    Raises:
        BadInput: the spool cannot be written, a sensitive column does not exist, or the key is
            none.
    """

    def __init__(
        self,
        settings: LogSettings,
        name: str,
        digest: str,
        inputs: Sequence[Input],
        entity: str | None,
    ) -> None:
        _check_columns(settings.sensitive, [*(one.name for one in inputs), entity])
        key = read_key(settings.key_file) if settings.key_file else None
        self._privacy = Privacy(settings.sensitive, key)
        self._entity = entity or ""
        self._source = Source(
            name, digest, settings.project_version,
            tuple(one.name for one in inputs if one.kind == NUMERIC),
            tuple(one.name for one in inputs if one.kind == CATEGORICAL),
            writer_id(),
        )  # fmt: skip
        self.spool = Spool(
            settings.folder,
            self._privacy.source(self._source),
            budget_bytes=settings.budget_bytes,
            max_age_seconds=settings.segment_seconds,
        )

    def answered(
        self,
        envelope: Envelope,
        batch: Batch,
        scores: np.ndarray,
        decisions: np.ndarray,
        seconds: float,
    ) -> None:
        """Log a request and its answer: scores float64 [rows], decisions int8 [rows]."""
        self._append(
            envelope, seconds, None,
            batch.numeric.tobytes(), batch.text, scores.tobytes(), decisions.tobytes(),
        )  # fmt: skip

    def failed(self, envelope: Envelope, kind: str, seconds: float) -> None:
        """Log that a request was refused or failed."""
        self._append(envelope, seconds, kind, b"", [], b"", b"")

    def close(self) -> None:
        """Finish what was written."""
        self.spool.close()

    def _append(
        self, envelope: Envelope, seconds: float, error: str | None,
        numeric: bytes, text: list[list[str | None]], scores: bytes, decisions: bytes,
    ) -> None:  # fmt: skip
        prediction = Prediction(
            envelope.request_id, envelope.event_time,
            self._privacy.entity(self._entity, envelope.entity), envelope.role,
            int(seconds * 1e6), error, numeric, text, scores, decisions,
        )  # fmt: skip
        self.spool.append(self._privacy.prediction(prediction, self._source))


def _check_columns(sensitive: Mapping[str, str], known: Sequence[str | None]) -> None:
    if unknown := sorted(sensitive.keys() - set(known)):
        raise BadInput(
            f"sensitive column '{unknown[0]}' is not logged",
            expected=f"one of {', '.join(sorted(filter(None, known)))}",
            fix="a misspelt name would leave personal data in the log",
        )
