"""Whether a server's answers and its latency are good enough; values in, checks out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phasegate.contracts import Check, Outcome
from phasegate.serving.client import Answer


@dataclass(frozen=True, eq=False)
class Observation:
    """What was seen of a server.

    Attributes:
        answers: protocol -> the server's answer to all golden rows, in their order.
        latencies: milliseconds of each timed request of one row.
        started_in: seconds from start to ready.
    """

    answers: Mapping[str, Answer]
    latencies: np.ndarray
    started_in: float

    def quantile(self, share: float) -> float:
        """Latency that a share of the timed requests did not exceed, in milliseconds."""
        return float(np.quantile(self.latencies, share, method="higher"))


def judge(
    observation: Observation,
    rows: Sequence[Mapping[str, Any]],
    scores: np.ndarray,
    decisions: np.ndarray,
    model_digest: str,
    serving: Mapping[str, Any],
) -> tuple[Check, ...]:
    """Checks of digest, scores and decisions of each protocol, and of latency.

    Args:
        rows: the golden rows.
        scores: offline scores, float64 [rows].
        decisions: offline decisions [rows].
        serving: serving section of the project: `tolerance` and `p99_ms`.
    """
    checks = [_latency(observation.quantile(0.99), len(observation.latencies), serving["p99_ms"])]
    for protocol, answer in observation.answers.items():
        checks.append(_digest(protocol, answer, model_digest))
        checks.append(_scores(protocol, answer, rows, scores, serving["tolerance"]))
        checks.append(_decisions(protocol, answer, decisions))
    return tuple(checks)


def failed(reason: str) -> tuple[Check, ...]:
    """The one check of a server that could not be asked: without an answer nothing passes."""
    return (Check("answers", Outcome.BLOCK, "none", "an answer to every request", reason),)


def _latency(p99: float, requests: int, limit: float) -> Check:
    return _check(
        "latency p99",
        p99 <= limit,
        f"{p99:.2f} ms over {requests} requests",
        f"at most {limit:g} ms",
        f"the slowest 1 % of one-row requests took {p99:.2f} ms or more, {limit:g} ms are allowed",
    )


def _digest(protocol: str, answer: Answer, model_digest: str) -> Check:
    return _check(
        f"{protocol} model",
        answer.model_digest == model_digest,
        answer.model_digest[:12],
        model_digest[:12],
        f"{protocol} was answered by model {answer.model_digest[:12]}, not {model_digest[:12]}",
    )


def _scores(
    protocol: str,
    answer: Answer,
    rows: Sequence[Mapping[str, Any]],
    scores: np.ndarray,
    tolerance: float,
) -> Check:
    name = f"{protocol} scores"
    required = "equal to the offline scores" + (f" within {tolerance:g}" if tolerance else "")
    if len(answer.scores) != len(scores):
        observed = f"{len(answer.scores)} scores for {len(scores)} rows"
        return Check(name, Outcome.BLOCK, observed, required, f"{protocol} gave {observed}")
    served = np.array(answer.scores, dtype=np.float64)
    difference = np.abs(served - scores)
    # Written so that a NaN difference is wrong.
    wrong = np.flatnonzero(~(difference <= tolerance))
    if not len(wrong):
        largest = float(difference.max())
        return _check(name, True, f"largest difference {largest:g}", required, "")
    at = int(wrong[0])
    return _check(
        name,
        False,
        f"{len(wrong)} of {len(scores)} rows differ",
        required,
        f"{protocol} gave {answer.scores[at]!r} where offline is {float(scores[at])!r} "
        f"for {rows[at]}",
    )


def _decisions(protocol: str, answer: Answer, decisions: np.ndarray) -> Check:
    expected = tuple(decisions.tolist())
    differing = sum(a != b for a, b in zip(answer.decisions, expected, strict=False))
    return _check(
        f"{protocol} decisions",
        answer.decisions == expected,
        f"{differing} of {len(expected)} rows differ",
        "equal to the offline decisions",
        f"{protocol} decided differently from the offline model",
    )


def _check(name: str, passes: bool, observed: str, required: str, reason: str) -> Check:
    if passes:
        return Check(name, Outcome.PASS, observed, required, f"{name}: {observed}")
    return Check(name, Outcome.BLOCK, observed, required, reason)
