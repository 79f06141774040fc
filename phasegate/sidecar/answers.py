"""Scores and decisions in the answer of any runtime: v1 ``predictions`` or v2 ``outputs``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phasegate.serving.limits import Limits
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.services import Service
from phasegate.sidecar.tensors import Tensor, read_tensors

_SCORE_NAMES = ("score", "probability")
_DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a runtime answered, row by row.

    Attributes:
        scores: float64 little-endian, [rows].
        decisions: int8, [rows].
    """

    scores: bytes
    decisions: bytes

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.decisions)


def read_answers(document: dict[str, Any], service: Service, limits: Limits) -> Answers:
    """The answers in a response body.

    The score of a row is a number; or an object's value named as the service says, ``score`` or
    ``probability``; or, of two numbers, the second: the probability of the positive class.

    Raises:
        Refused: there are none, or a score is not a finite number.
    """
    if "predictions" in document:
        scores, decisions = _of_predictions(document["predictions"], service, limits.rows)
    elif "outputs" in document:
        scores, decisions = _of_tensors(
            read_tensors(document["outputs"], "outputs", limits.rows), service
        )
    else:
        raise Refused("body", "neither 'predictions' nor 'outputs'", where="response body")
    numbers = [_number(score) for score in scores]
    decided = [
        int(number >= service.threshold) if decision is None else _decision(decision)
        for number, decision in zip(numbers, decisions, strict=True)
    ]
    return Answers(np.array(numbers, "<f8").tobytes(), np.array(decided, np.int8).tobytes())


def _of_predictions(
    predictions: Any, service: Service, most_rows: int
) -> tuple[list[Any], list[Any]]:
    if not isinstance(predictions, list) or not 1 <= len(predictions) <= most_rows:
        raise Refused(
            "rows", "no list of rows", where="predictions", expected=f"1 to {most_rows:,} rows"
        )
    names = (service.score,) if service.score else _SCORE_NAMES
    scores, decisions = [], []
    for one in predictions:
        if isinstance(one, dict):
            scores.append(next((one[name] for name in names if name in one), None))
            decisions.append(one.get(_DECISION))
        else:
            scores.append(_of_classes(one) if isinstance(one, list) else one)
            decisions.append(None)
    return scores, decisions


def _of_tensors(tensors: list[Tensor], service: Service) -> tuple[Sequence[Any], Sequence[Any]]:
    named = {tensor.name: tensor for tensor in tensors}
    if service.score:
        tensor = named.get(service.score)
    else:
        tensor = next((named[name] for name in _SCORE_NAMES if name in named), tensors[0])
    if tensor is None or tensor.width > 2:
        raise Refused("scores", "no tensor of scores", where="outputs")
    scores = tensor.values[tensor.width - 1 :: tensor.width]
    decisions = named.get(_DECISION)
    if decisions is None or decisions is tensor or len(decisions.values) != len(scores):
        return scores, [None] * len(scores)
    return scores, decisions.values


def _of_classes(scores: list[Any]) -> Any:
    if not 1 <= len(scores) <= 2:
        raise Refused(
            "scores", f"{len(scores)} scores in a row", where="predictions", expected="one or two"
        )
    return scores[-1]


def _number(score: Any) -> float:
    if type(score) not in (int, float, bool) or not math.isfinite(score):
        raise Refused(
            "scores",
            f"a {type(score).__name__} where a score should be",
            expected="a finite number, or an object with one under the service's score=OUTPUT",
        )
    return float(score)


def _decision(value: Any) -> int:
    if type(value) not in (int, float, bool) or value not in (0, 1):
        raise Refused("scores", f"decision {str(value)[:40]!r}", expected="0 or 1")
    return int(value)
