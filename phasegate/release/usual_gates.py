"""What a phase is judged by where its project file does not say."""

from __future__ import annotations

from phasegate.release.policy import BusinessMetric, Gate, Phase
from phasegate.traffic.plan import WHOLE

COVERAGE = 0.99
DISAGREEMENT = 0.05
SLICE_DISAGREEMENT = 0.2
PSI = 0.2
LATENCY_RATIO = 1.5
ERRORS = 0.005
DECISIONS = 0.02
FAILING = 0.01  # with no champion to compare with
SLOW = 0.02  # of the answers, beyond the p99 that serving promises
OF_RANGE = 0.0002  # margin of a business value that has bounds
OF_MEAN = 0.05  # margin of one that has none


def usual_gates(phase: Phase, metric: BusinessMetric | None, p99_ms: float) -> tuple[Gate, ...]:
    """Gates of a shadow, of split traffic, or of a challenger that answers everything.

    Args:
        phase: without its gates.
        metric: business value, where its labels are known before the phase ends.
        p99_ms: slowest 99th percentile that the project allows its server.
    """
    if phase.weight == WHOLE:
        return (
            Gate("errors", FAILING, on="cohorts"),
            Gate("slow", SLOW, on="cohorts", over_ms=p99_ms),
        )
    if phase.weight:
        return (
            Gate("latency", LATENCY_RATIO, "champion", on="cohorts"),
            Gate("errors", ERRORS, "champion", on="cohorts"),
            Gate("decisions", DECISIONS, "champion", on="cohorts"),
        )
    covered = (Gate("coverage", COVERAGE, weight=0.0),) if phase.mirror == WHOLE else ()
    return (
        *covered,
        Gate("disagreement", DISAGREEMENT),
        Gate("psi", PSI, weight=0.0),
        Gate("latency", LATENCY_RATIO, "champion"),
        Gate("errors", ERRORS, "champion"),
        *_value(metric, "pairs"),
    )


def usual_guardrails(
    phase: Phase, metric: BusinessMetric | None, slices: tuple[str, ...]
) -> tuple[Gate, ...]:
    """Guardrails of such a phase: they only roll back.

    Between cohorts business value is one of them and no gate: entities differ so much that to
    show the margin there takes far more of them than most projects have.
    """
    if phase.weight == WHOLE:
        return ()
    if phase.weight:
        return _value(metric, "cohorts")
    return tuple(Gate("disagreement", SLICE_DISAGREEMENT, by=column) for column in slices)


def _value(metric: BusinessMetric | None, on: str) -> tuple[Gate, ...]:
    if metric is None:
        return ()
    if metric.lower is None or metric.upper is None:
        return (Gate("value", OF_MEAN, "champion", relative=True, on=on),)
    return (Gate("value", OF_RANGE * (metric.upper - metric.lower), "champion", on=on),)
