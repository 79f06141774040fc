"""What a release must go through, as data: phases, gates, guardrails, error budgets, patience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from phasegate.values import from_json, to_json

Metric = Literal[
    "coverage", "disagreement", "psi", "ks", "latency", "errors", "slow", "decisions", "value"
]
AtEnd = Literal["end", "freeze"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that the challenger must be shown to be, or must not be shown not to be.

    As a gate it has to pass before the next phase; as a guardrail it only rolls back.

    Attributes:
        metric: what is looked at.
            ``coverage``: share of the champion's requests that the shadow answered too.
            ``disagreement``: share of the pairs that the two decide differently.
            ``psi``, ``ks``: distance between their scores on the pairs.
            ``latency``: share of the challenger's answers that take longer than ``limit`` times
            the champion's ``quantile``; at most 1 - ``quantile`` may.
            ``errors``: share of its requests that it fails.
            ``slow``: share of its answers that take longer than ``over_ms``.
            ``decisions``: share of rows that it decides positively; too many and too few are both
            harm.
            ``value``: business value of a request.
        limit: in the metric's unit; what it means is told by ``against``.
        against: ``champion``: the challenger may be worse by ``limit`` and no more (a negative
            limit is an effect that it must have); ``limit``: its own value may be that and no
            worse.
        relative: whether ``limit`` is a share of the champion's mean.
        on: ``pairs``: the same requests, answered by both; ``cohorts``: each one's own entities.
        by: column whose every value is looked at by itself; empty for all rows together.
        quantile: of ``latency``.
        over_ms: of ``slow``, in milliseconds.
        weight: of this gate in the budget for false rollbacks.
    """

    metric: Metric
    limit: float
    against: Literal["champion", "limit"] = "limit"
    relative: bool = False
    on: Literal["pairs", "cohorts"] = "pairs"
    by: str = ""
    quantile: float = 0.99
    over_ms: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Minimum:
    """What has to be seen before a phase can be left forwards.

    Attributes:
        duration: of event time.
        requests: that the challenger answered: copies where only copies reach it.
        entities: that they belong to.
    """

    duration: timedelta
    requests: int
    entities: int


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of the release.

    Attributes:
        name: told to people.
        weight: share of the requests that the challenger answers, in basis points.
        mirror: share of the champion's requests of which it gets a copy, in basis points.
        minimum: to be seen before the phase can be left forwards.
        patience: event time after which a phase that is still undecided ends.
        at_end: what happens then: ``end`` the release, or ``freeze`` it for a person to look at.
        gates: that must all pass.
        guardrails: that roll back as soon as harm is shown.
    """

    name: str
    weight: int
    mirror: int
    minimum: Minimum
    patience: timedelta
    at_end: AtEnd = "end"
    gates: tuple[Gate, ...] = ()
    guardrails: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class BusinessMetric:
    """What one answered row is worth, as an SQL expression over the joined log.

    Attributes:
        name: told to people.
        sql: an expression over the columns of one row: role, score, decision, label, entity,
            event_time, latency_us and each feature.
        unit: told to people, such as EUR.
        lower: least that a row can be worth; None where there is no bound.
        upper: most that a row can be worth; None where there is no bound.
        needs_label: whether rows without a mature label are left out.
        exact: whether intervals are empirical Bernstein ones, which assume nothing but ``lower``
            and ``upper``; else asymptotic ones by entity, many times narrower where values are
            rare and large. Chosen here, before anything is seen.
    """

    name: str
    sql: str
    unit: str = ""
    lower: float | None = None
    upper: float | None = None
    needs_label: bool = True
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """Where it is written what became of the events.

    Attributes:
        source: file, folder or ``gs://`` address of CSV or Parquet; empty where there are none.
        key: column of it that equals the request's id.
        column: of the label.
        positive: value that means yes.
        delay: after the event, when its label is known.
        absent: what a row is taken for that has no label when it should have one: ``unknown``
            leaves it out, ``negative`` takes no news for good news.
    """

    source: str = ""
    key: str = ""
    column: str = ""
    positive: str | float | bool = 1
    delay: timedelta = timedelta(0)
    absent: Literal["unknown", "negative"] = "unknown"


@dataclass(frozen=True, slots=True)
class Policy:
    """A release's rules.

    Attributes:
        phases: in order; the last one answers everything with the challenger: the bake.
        false_rollback: probability, at most, that a challenger as good as it must be is rolled
            back by a statistical gate or guardrail; split over all of them by their weights.
        false_promotion: probability, at most, that a challenger that is worse than a value gate
            allows passes it. Each gate has it whole: all must pass, so that the chance that a bad
            one passes all is no larger than that it passes one (intersection-union; Berger 1982).
        unreachable: event time without complete evidence after which a release is rolled back.
        mismatch: probability, at most, that sound cohorts are frozen as a sample-ratio mismatch.
        slices: columns whose values are compared one by one.
        metric: business value; None where none is declared.
        labels: where labels are found.
        shadow_off: why the release does not begin with a shadow; empty where it does.
        automatic: whether a registered challenger is released without being told to.
    """

    phases: tuple[Phase, ...]
    false_rollback: float = 0.05
    false_promotion: float = 0.05
    unreachable: timedelta = timedelta(hours=6)
    mismatch: float = 0.001
    slices: tuple[str, ...] = ()
    metric: BusinessMetric | None = None
    labels: Labels = field(default_factory=Labels)
    shadow_off: str = ""
    automatic: bool = True

    def alpha_of(self, gate: Gate) -> float:
        """The part of the budget for false rollbacks that a gate of any phase may spend."""
        total = sum(g.weight for p in self.phases for g in (*p.gates, *p.guardrails))
        return self.false_rollback * gate.weight / total if total > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "release policy") -> Policy:
        """The policy of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
