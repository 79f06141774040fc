"""What the predictor writes to the prediction log of each request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from phasegate.models import CATEGORICAL, NUMERIC, Model
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.spool import Spool, writer_id
from phasegate.serving.envelope import Envelope
from phasegate.serving.rows import Batch


class Journal:
    """Turns requests and answers into records. Nothing here waits for a disk."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool

    def answered(
        self,
        envelope: Envelope,
        batch: Batch,
        scores: np.ndarray,
        decisions: np.ndarray,
        seconds: float,
    ) -> None:
        """Log a request and its answer: scores float64 [rows], decisions int8 [rows]."""
        self.spool.append(
            Prediction(
                envelope.request_id, envelope.event_time, envelope.entity, envelope.role,
                int(seconds * 1e6), None,
                batch.numeric.tobytes(), batch.text, scores.tobytes(), decisions.tobytes(),
            )
        )  # fmt: skip

    def failed(self, envelope: Envelope, kind: str, seconds: float) -> None:
        """Log that a request was refused or failed."""
        self.spool.append(
            Prediction(
                envelope.request_id, envelope.event_time, envelope.entity, envelope.role,
                int(seconds * 1e6), kind,
            )
        )  # fmt: skip

    def close(self) -> None:
        """Finish what was written."""
        self.spool.close()


def open_journal(
    model: Model,
    folder: Path | None,
    *,
    name: str,
    project_version: str,
    rules: Sequence[tuple[str, str]],
    key_file: Path | None,
    budget_bytes: int,
    max_age_seconds: float,
) -> Journal | None:
    if folder is None:
        return None
    source = Source(
        name, model.digest, project_version,
        tuple(one.name for one in model.inputs if one.kind == NUMERIC),
        tuple(one.name for one in model.inputs if one.kind == CATEGORICAL),
        writer_id(),
    )  # fmt: skip
    return Journal(
        Spool(folder, source, budget_bytes=budget_bytes, max_age_seconds=max_age_seconds)
    )
