import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.contracts.verdict import Outcome
from phasegate.evaluation import Comparison, Estimate, Measure, effective_gates, judge

PASS, BLOCK, INCONCLUSIVE = Outcome.PASS, Outcome.BLOCK, Outcome.INCONCLUSIVE
RANK = {BLOCK: 0, INCONCLUSIVE: 1, PASS: 2}

any_number = st.one_of(st.floats(), st.just(math.nan))
small = st.floats(-1, 1)
metrics = st.sampled_from(["pr_auc", "brier", "equalized_odds_difference"])
bounds = st.sampled_from(["estimate", "lower", "upper"])


@st.composite
def intervals(draw):
    lower, estimate, upper = sorted(draw(st.tuples(small, small, small)))
    return Estimate(estimate, lower, upper)


@st.composite
def gates(draw):
    gate = {"metric": draw(metrics)}
    kind = draw(st.sampled_from(["min", "max", "margin", "nothing"]))
    if kind == "margin":
        gate |= {"against": "champion", "margin": draw(st.floats(0, 1))}
    elif kind != "nothing":
        gate |= {kind: draw(any_number)}
    if draw(st.booleans()):
        gate["bound"] = draw(bounds)
    if draw(st.booleans()):
        gate["by"] = "sex"
    return gate


def estimates():
    return st.builds(Estimate, any_number, any_number, any_number)


def comparisons():
    return st.builds(Comparison, estimates(), st.none() | estimates(), st.none() | estimates())


def outcome_of(gate, found, *, champion=True, metric=None):
    results = {Measure(metric or gate["metric"]): found}
    return judge([gate], results, champion)[0].outcome


def ours(estimate, lower=None, upper=None):
    lower = estimate if lower is None else lower
    return Comparison(Estimate(estimate, lower, estimate if upper is None else upper))


def difference(lower, upper):
    middle = (lower + upper) / 2
    any_one = Estimate(0.5, 0.4, 0.6)
    return Comparison(any_one, any_one, Estimate(middle, lower, upper))


@given(
    st.lists(gates(), max_size=4),
    st.dictionaries(st.builds(Measure, metrics, st.sampled_from(["", "sex"])), comparisons()),
    st.booleans(),
)
def test_every_gate_gets_an_answer_whatever_the_results(declared, results, champion):
    checks = judge(declared, results, champion)
    assert len(checks) >= len(declared)
    assert checks
    assert all(check.outcome in Outcome and check.name and check.reason for check in checks)


@given(gates(), comparisons(), st.integers(0, 4))
def test_a_gate_whose_estimate_or_bound_is_not_a_number_never_passes(gate, found, which):
    broken = Estimate(math.nan, 0.0, 1.0) if which % 2 else Estimate(0.5, math.nan, math.nan)
    if which == 4:
        results = {}
    else:
        results = {
            Measure(gate["metric"], gate.get("by", "")): dataclasses.replace(
                found, challenger=broken, difference=broken
            )
        }
    if which in (0, 2) and gate.get("bound", "estimate") == "estimate" and "against" not in gate:
        return  # the estimate is a number, and the gate looks at nothing else
    assert judge([gate], results, True)[0].outcome is not PASS


@given(intervals(), small, st.floats(0, 1), bounds)
def test_a_better_result_is_never_judged_worse_by_a_minimum(found, limit, gain, end):
    gate = {"metric": "pr_auc", "min": limit, "bound": end}
    better = Estimate(found.estimate + gain, found.lower + gain, found.upper + gain)
    before, after = outcome_of(gate, Comparison(found)), outcome_of(gate, Comparison(better))
    assert RANK[after] >= RANK[before]


@given(intervals(), small, st.floats(0, 1), bounds)
def test_a_better_result_is_never_judged_worse_by_a_maximum(found, limit, gain, end):
    gate = {"metric": "brier", "max": limit, "bound": end}
    better = Estimate(found.estimate - gain, found.lower - gain, found.upper - gain)
    before, after = outcome_of(gate, Comparison(found)), outcome_of(gate, Comparison(better))
    assert RANK[after] >= RANK[before]


@given(intervals(), st.floats(0, 1), st.floats(0, 1), metrics)
def test_a_better_difference_is_never_judged_worse(found, margin, gain, metric):
    gate = {"metric": metric, "margin": margin, "against": "champion"}
    sign = 1 if metric == "pr_auc" else -1
    better = Estimate(
        found.estimate + sign * gain, found.lower + sign * gain, found.upper + sign * gain
    )
    before, after = (outcome_of(gate, Comparison(one, one, one)) for one in (found, better))
    assert RANK[after] >= RANK[before]


@given(intervals(), st.floats(0, 1), st.floats(0, 1), metrics)
def test_a_wider_margin_is_never_stricter(found, margin, more, metric):
    gate = {"metric": metric, "against": "champion"}
    result = Comparison(found, found, found)
    narrow = outcome_of({**gate, "margin": margin}, result)
    wide = outcome_of({**gate, "margin": margin + more}, result)
    assert RANK[wide] >= RANK[narrow]


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (-0.005, 0.02, PASS),
        (-0.02, 0.02, INCONCLUSIVE),
        (-0.01, 0.02, INCONCLUSIVE),
        (-0.05, -0.02, BLOCK),
        (-0.05, -0.005, INCONCLUSIVE),
    ],
)
def test_non_inferiority_needs_the_whole_interval_above_the_margin(lower, upper, expected):
    gate = {"metric": "pr_auc", "margin": 0.01, "against": "champion"}
    assert outcome_of(gate, difference(lower, upper)) is expected


def test_for_a_metric_whose_less_is_better_the_difference_is_turned_round():
    gate = {"metric": "brier", "margin": 0.01, "against": "champion"}
    assert outcome_of(gate, difference(-0.05, -0.02)) is PASS
    assert outcome_of(gate, difference(0.02, 0.05)) is BLOCK


@pytest.mark.parametrize(
    ("estimate", "lower", "expected"),
    [(0.9, 0.85, PASS), (0.85, 0.75, INCONCLUSIVE), (0.75, 0.7, BLOCK)],
)
def test_a_lower_bound_that_misses_while_the_estimate_clears_is_inconclusive(
    estimate, lower, expected
):
    gate = {"metric": "precision", "min": 0.8, "bound": "lower"}
    assert outcome_of(gate, ours(estimate, lower, 0.95)) is expected


def test_without_bound_the_estimate_is_compared():
    assert outcome_of({"metric": "precision", "min": 0.8}, ours(0.8, 0.5)) is PASS
    assert outcome_of({"metric": "brier", "max": 0.1}, ours(0.11)) is BLOCK


def test_a_gate_on_what_was_not_measured_does_not_pass():
    gate = {"metric": "recall", "min": 0.1}
    assert outcome_of(gate, ours(1.0), metric="precision") is INCONCLUSIVE


def test_a_champion_is_defended_even_if_no_gate_says_so():
    results = {Measure("pr_auc"): difference(-0.05, -0.02)}
    checks = judge([{"metric": "pr_auc", "min": 0.1}], results, True)
    assert [check.outcome for check in checks] == [PASS, BLOCK]
    own = {"metric": "recall", "margin": 0.02, "against": "champion"}
    assert effective_gates([own], True) == (own,)


def test_without_a_champion_only_absolute_gates_decide():
    gate = {"metric": "pr_auc", "margin": 0.01, "against": "champion"}
    absolute = {"metric": "pr_auc", "min": 0.4}
    checks = judge([gate, absolute], {Measure("pr_auc"): ours(0.5)}, False)
    assert [check.outcome for check in checks] == [PASS, PASS]
    assert checks[0].reason == "no champion: absolute gates only"


@pytest.mark.parametrize("declared", [[], [{"metric": "f1", "margin": 0.1, "against": "champion"}]])
def test_without_a_champion_and_an_absolute_gate_nothing_is_decided(declared):
    checks = judge(declared, {}, False)
    assert INCONCLUSIVE in {check.outcome for check in checks}
