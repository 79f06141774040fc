"""A trial of a model server: real rows, and the scores that the model's own files give them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phasegate.models import CATEGORICAL, Model
from phasegate.serving.client import ModelClient, ServingFailure
from phasegate.traffic.headers import REQUEST_ID, ROLE

ROWS = 8
# The server may score few rows by another engine than XGBoost, which rounds differently.
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Trial:
    """What to ask, and what has to be answered.

    Attributes:
        model: the model, from its files.
        rows: feature values.
        scores: of the rows, by the files.
    """

    model: Model
    rows: tuple[dict[str, Any], ...]
    scores: tuple[float, ...]

    @classmethod
    def of(cls, model: Model, sample: Path | None) -> Trial:
        """A trial of reference rows, where there are any, and of a row without values.

        Args:
            model: the model, from its files.
            sample: Parquet file of reference rows.
        """
        rows = (*_sampled(model, sample), dict.fromkeys(one.name for one in model.inputs))
        scores = model.score(model.matrix(_columns(model, rows)))
        return cls(model, rows, tuple(float(score) for score in scores))

    def ask(self, address: str, name: str, seconds: float = 10.0) -> None:
        """Ask a server all rows in one request of the Open Inference Protocol.

        The prediction log has them as a shadow's, under an id that begins with ``trial-``.

        Args:
            address: ``HOST:PORT``.
            name: that the model is served under.
            seconds: for connecting, and for each part of the answer.

        Raises:
            ServingFailure: no answer, another model's, or other scores.
        """
        headers = {ROLE: "shadow", REQUEST_ID: f"trial-{secrets.token_hex(8)}"}
        with ModelClient(f"http://{address}", name, seconds, headers) as client:
            asked, known = client.inputs(), [one.name for one in self.model.inputs]
            if sorted(asked) != sorted(known):
                raise ServingFailure(
                    f"{address} asks for {', '.join(asked)}; expected the model's inputs "
                    f"{', '.join(known)}"
                )
            answer = client.predict_v2(self.rows, self.model.inputs)
        if answer.model_digest != self.model.digest:
            raise ServingFailure(
                f"{address} serves model {answer.model_digest[:12]}; expected "
                f"{self.model.digest[:12]}"
            )
        if len(answer.scores) != len(self.scores):
            raise ServingFailure(f"{len(answer.scores)} scores for {len(self.scores)} rows")
        difference = float(np.max(np.abs(np.subtract(answer.scores, self.scores))))
        if not difference <= TOLERANCE:  # also where it is no number
            raise ServingFailure(
                f"{address} scores otherwise than the model's files do, by {difference:g}"
            )


def _sampled(model: Model, sample: Path | None) -> list[dict[str, Any]]:
    if sample is None:
        return []
    import pyarrow.parquet as pq

    kinds = {one.name: one.kind for one in model.inputs}
    file = pq.ParquetFile(sample)
    names = [name for name in file.schema_arrow.names if name in kinds]
    batch = next(file.iter_batches(ROWS, columns=names), None)
    return [
        {name: _value(row.get(name), kind) for name, kind in kinds.items()}
        for row in (batch.to_pylist() if batch is not None else [])
    ]


def _value(value: Any, kind: str) -> str | float | None:
    """A value as a request carries it."""
    if value is None or kind == CATEGORICAL:
        return None if value is None else str(value)
    return float(value) if np.isfinite(value) else None


def _columns(model: Model, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    import pyarrow as pa

    types = {
        one.name: pa.string() if one.kind == CATEGORICAL else pa.float64() for one in model.inputs
    }
    return pa.table({name: pa.array([row[name] for row in rows], of) for name, of in types.items()})
