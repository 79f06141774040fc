"""What all judges have in common: nothing that is missing passes, and a finding explains itself."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.contracts.verdict import Outcome
from phasegate.digests import canonical_json
from phasegate.release.decision import Finding
from phasegate.release.evidence import Cohort, Cohorts, Evidence, Pairs, Proportion, Traffic
from phasegate.release.policy import Gate
from phasegate.statistics.bounded import Moments
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES
from phasegate.values import from_json, to_json
from tests.release.judges.looks import EXACT, METRIC, PLACES, SHADOW, evidence, good, look

NAN = float("nan")
places = pytest.mark.parametrize(
    ("weight", "gate"), PLACES, ids=lambda value: getattr(value, "metric", value)
)


def no_pairs() -> Pairs:
    scores, times = (0,) * (len(SCORE_EDGES) - 1), (0,) * (len(LATENCY_EDGES_US) - 1)
    return Pairs(
        0, 0, 0, 0, 0, 0, 0, Proportion(0, 0), {"country": {}}, scores, scores, times, times,
        Clusters.none(), Clusters.none(), Moments(0.0, 0.0, 0.0),
    )  # fmt: skip


def no_cohorts() -> Cohorts:
    one = Cohort(
        0, 0, 0, (0,) * (len(LATENCY_EDGES_US) - 1),
        Clusters.none(), Clusters.none(), Moments(0.0, 0.0, 0.0),
    )  # fmt: skip
    return Cohorts(one, one)


def no_traffic() -> Traffic:
    none = Proportion(0, 0)
    return Traffic("a", "b", 0, 0, False, none, none, none, True)


def spoiled(value: Any) -> Any:
    """The same evidence with every real number replaced by one that is none."""
    if isinstance(value, Clusters | Moments):
        return type(value)(*(NAN for _ in fields(value)))
    if isinstance(value, Pairs | Cohorts | Cohort | Evidence):
        changes = {field.name: spoiled(getattr(value, field.name)) for field in fields(value)}
        return replace(value, **changes)
    return value


@places
def test_good_evidence_passes(weight: int, gate: Gate) -> None:
    found = look(gate, good(weight), weight)
    assert {one.outcome for one in found} == {Outcome.PASS}, found


@places
@pytest.mark.parametrize("metric", [METRIC, EXACT], ids=["asymptotic", "exact"])
@pytest.mark.parametrize(
    "known",
    [
        {},
        {"traffic": no_traffic()},
        {"pairs": no_pairs(), "cohorts": no_cohorts()},
        {"pairs": no_pairs(), "cohorts": no_cohorts(), "traffic": no_traffic()},
    ],
    ids=["nothing", "idle-proxy", "empty", "all-empty"],
)
def test_nothing_is_inconclusive(
    weight: int, gate: Gate, metric: Any, known: dict[str, Any]
) -> None:
    found = look(gate, evidence(**known), weight, metric=metric)
    assert found
    assert {one.outcome for one in found} == {Outcome.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("weight", "gate"), [place for place in PLACES if place[1].metric in ("value", "decisions")]
)
@pytest.mark.parametrize("metric", [METRIC, EXACT], ids=["asymptotic", "exact"])
def test_sums_that_are_not_numbers_are_inconclusive(weight: int, gate: Gate, metric: Any) -> None:
    found = look(gate, spoiled(good(weight)), weight, metric=metric)
    assert {one.outcome for one in found} == {Outcome.INCONCLUSIVE}


@places
@pytest.mark.parametrize("limit", [NAN, math.inf, -math.inf])
def test_a_limit_that_is_not_a_number_decides_nothing(
    weight: int, gate: Gate, limit: float
) -> None:
    found = look(replace(gate, limit=limit), good(weight), weight)
    assert {one.outcome for one in found} == {Outcome.INCONCLUSIVE}


@places
def test_a_finding_explains_itself_and_survives_json(weight: int, gate: Gate) -> None:
    for seen in (good(weight), evidence()):
        for guardrail in (False, True):
            for one in look(gate, seen, weight, guardrail=guardrail):
                assert one.guardrail is guardrail
                assert one.reason.startswith(one.name)
                assert all((one.observed, one.required, one.reason))
                assert "nan" not in one.reason.lower()
                stored = json.loads(canonical_json(to_json(one)))
                assert to_json(from_json(Finding, stored, "finding")) == stored


@places
def test_a_smaller_budget_blocks_and_passes_no_more_than_a_larger_one(
    weight: int, gate: Gate
) -> None:
    small, large = (
        look(gate, good(weight), weight, false_rollback=alpha, false_promotion=alpha)
        for alpha in (1e-6, 0.2)
    )
    for one, other in zip(small, large, strict=True):
        assert one.outcome in (other.outcome, Outcome.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("weight", "gate"),
    [place for place in PLACES if place[1].metric not in ("coverage", "psi", "ks")],
)
def test_each_bound_has_its_own_budget(weight: int, gate: Gate) -> None:
    """Harm is shown at the rate of false rollbacks, its absence at that of false promotions."""
    towards_harm, away = ("upper", "lower") if gate.metric == "value" else ("lower", "upper")
    seen = good(weight)
    usual = look(gate, seen, weight)
    strict = look(gate, seen, weight, false_rollback=1e-4)
    safe = look(gate, seen, weight, false_promotion=1e-4)
    for one, other, third in zip(usual, strict, safe, strict=True):
        assert getattr(other, away) == getattr(one, away)
        assert getattr(third, towards_harm) == getattr(one, towards_harm)
        assert getattr(third, away) != getattr(one, away)


counts = st.integers(-3, 10_000)


@given(st.sampled_from([gate for weight, gate in PLACES if weight == SHADOW]), st.data())
def test_no_counts_make_a_judge_fail(gate: Gate, data: st.DataObject) -> None:
    drawn = {
        name: data.draw(counts, name)
        for name in ("requests", "answered", "failed", "absent", "conflicting", "rows", "entities")
    }
    pair = Proportion(data.draw(counts), data.draw(counts))
    sums = Clusters(*(data.draw(st.floats(allow_nan=True)) for _ in range(6)))
    seen = evidence(
        pairs=replace(
            no_pairs(), **drawn, disagreements=pair, slices={"country": {"NL": pair}},
            champion_value=sums, difference=sums,
        ),
        traffic=replace(no_traffic(), copies_lost=pair, champion_errors=pair),
    )  # fmt: skip
    assert look(gate, seen)
