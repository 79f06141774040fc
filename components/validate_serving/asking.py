"""Start the model server that production runs, and ask it the golden rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.validate_serving.judging import Observation
from phasegate.models import Model
from phasegate.serving.client import Answer, ModelClient, ServingFailure
from phasegate.serving.process import ModelServerProcess

_WARM_UP_REQUESTS = 20
_ROWS_PER_BATCH = 100


def ask_real_server(
    folder: Path,
    model: Model,
    name: str,
    rows: Sequence[dict[str, Any]],
    log: Path,
    start_seconds: float = 120,
) -> Observation:
    """Serve a model folder in a process of its own, and ask it everything in both protocols.

    One-row requests in REST v1 are timed, one after the other on one connection.

    Raises:
        ServingFailure: when any answer is missing; with the server's last log lines.
    """
    server = ModelServerProcess(folder, model.digest, name, log=log, start_seconds=start_seconds)
    with server:
        try:
            with server.client() as client:
                for row in rows[:_WARM_UP_REQUESTS]:
                    client.predict_v1([row])
                singles, latencies = _one_by_one(client, rows)
                answers = {
                    "REST v1": singles,
                    "REST v2": _in_batches(client, model, rows),
                }
        except ServingFailure as error:
            raise ServingFailure(f"{error}; its last words:\n{server.last_lines()}") from error
        return Observation(answers, latencies, server.started_in)


def _one_by_one(client: ModelClient, rows: Sequence[dict[str, Any]]) -> tuple[Answer, np.ndarray]:
    answers, latencies = [], []
    for row in rows:
        started = time.perf_counter()
        answers.append(client.predict_v1([row]))
        latencies.append((time.perf_counter() - started) * 1000)
    return _joined(answers), np.array(latencies)


def _in_batches(client: ModelClient, model: Model, rows: Sequence[dict[str, Any]]) -> Answer:
    return _joined(
        [
            client.predict_v2(rows[start : start + _ROWS_PER_BATCH], model.inputs)
            for start in range(0, len(rows), _ROWS_PER_BATCH)
        ]
    )


def _joined(answers: Sequence[Answer]) -> Answer:
    """One answer of many; the digests of several models are shown as such, and match none."""
    return Answer(
        scores=tuple(score for answer in answers for score in answer.scores),
        decisions=tuple(decision for answer in answers for decision in answer.decisions),
        model_digest=" and ".join(sorted({answer.model_digest for answer in answers})),
        id=answers[0].id,
    )
