"""Worse evidence never looks better: of two challengers the worse one is judged no better."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.contracts.verdict import Outcome
from phasegate.release.evidence import Cohort, Cohorts, Evidence, Proportion
from phasegate.release.policy import Gate
from tests.release import samples
from tests.release.judges.looks import (
    EXACT,
    METRIC,
    RANK,
    SHADOW,
    SPLIT,
    evidence,
    good,
    latency,
    look,
    moments,
    shifted,
)

BOTH = (0.05, 0.3)  # error budgets: bounds of different widths


def no_better(gate: Gate, worse: Evidence, better: Evidence, weight: int, **rules: object) -> None:
    for alpha in BOTH:
        rates = {"false_rollback": alpha, "false_promotion": alpha}
        pairs = zip(
            look(gate, worse, weight, **rates, **rules),
            look(gate, better, weight, **rates, **rules),
            strict=True,
        )
        for one, other in pairs:
            assert RANK[one.outcome] <= RANK[other.outcome], (one.reason, other.reason)


totals = st.integers(1, 20_000)
two = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@given(totals, two, st.sampled_from(["", "country"]))
@settings(max_examples=50, deadline=None)
def test_disagreement(of: int, shares: list[float], by: str) -> None:
    better, worse = (
        evidence(
            pairs=replace(
                samples.pairs(),
                disagreements=Proportion(round(share * of), of),
                slices={
                    "country": {
                        "NL": Proportion(round(share * of), of),
                        "BE": Proportion(0, of),
                    }
                },
            )
        )
        for share in shares
    )
    no_better(Gate("disagreement", 0.05, by=by), worse, better, SHADOW)


@given(totals, two, st.sampled_from(["limit", "champion"]), st.sampled_from([SHADOW, SPLIT]))
@settings(max_examples=25, deadline=None)
def test_errors(of: int, shares: list[float], against: str, weight: int) -> None:
    def failing(share: float) -> Evidence:
        failed = round(share * of)
        pairs = replace(samples.pairs(), answered=of - failed, failed=failed)
        both = samples.cohorts(SPLIT)
        challenger = replace(both.challenger, requests=of, failed=failed)
        traffic = samples.traffic(samples.running().record)
        proxy = replace(traffic, copies_lost=Proportion(failed, of))
        return evidence(
            pairs=pairs,
            cohorts=replace(both, challenger=challenger),
            traffic=replace(proxy, challenger_errors=Proportion(failed, of)),
        )

    better, worse = map(failing, shares)
    no_better(Gate("errors", 0.02, against), worse, better, weight)


@given(st.integers(1, 5_000), st.tuples(st.floats(0.1, 50), st.floats(0.1, 50)).map(sorted))
@settings(max_examples=15, deadline=None)
def test_speed(of: int, milliseconds: list[float]) -> None:
    better, worse = (
        evidence(
            pairs=replace(
                samples.pairs(),
                champion_latency=latency(5_000, 5.0),
                challenger_latency=latency(of, mean),
            )
        )
        for mean in milliseconds
    )
    no_better(Gate("latency", 1.5, "champion", quantile=0.95), worse, better, SHADOW)
    no_better(Gate("slow", 0.05, over_ms=20.0), worse, better, SHADOW)
    no_better(Gate("slow", 0.05, "champion", over_ms=20.0), worse, better, SHADOW)


gains = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)


@given(
    st.integers(50, 5_000),
    gains,
    st.sampled_from([-0.2, 0.0, 0.2]),
    st.booleans(),
    st.floats(-2, 2),
)
@settings(max_examples=80, deadline=None)
def test_value(
    entities: int, shifts: list[float], limit: float, relative: bool, champion: float
) -> None:
    def of_pairs(gain: float) -> Evidence:
        base = samples.clusters(entities, 10, 0.0, 0.5)
        own = samples.clusters(entities, 10, champion, 0.5)
        pairs = replace(samples.pairs(), difference=shifted(base, gain), champion_value=own)
        return evidence(pairs=pairs)

    def of_cohorts(gain: float) -> Evidence:
        both = samples.cohorts(SPLIT)
        base = samples.clusters(entities, 10, champion, 0.5)
        cohorts = Cohorts(
            replace(both.champion, value=samples.clusters(20_000, 10, champion, 0.5)),
            replace(both.challenger, value=shifted(base, gain)),
        )
        return evidence(cohorts=cohorts)

    for of, on, weight in ((of_pairs, "pairs", SHADOW), (of_cohorts, "cohorts", SPLIT)):
        worse, better = map(of, shifts)
        gate = Gate("value", limit, "champion", relative=relative, on=on)
        no_better(gate, worse, better, weight)


@given(st.integers(1, 3_000), gains)
@settings(max_examples=30, deadline=None)
def test_exact_value(count: int, gain: list[float]) -> None:
    # Values at the two ends of the range, so that a larger mean is not a smaller variance too.
    worse, better = (
        evidence(
            pairs=replace(samples.pairs(), bounded=moments(count, mean, -2.0, 2.0)),
        )
        for mean in gain
    )
    one, other = (look(Gate("value", 0.1, "champion"), e, metric=EXACT)[0] for e in (worse, better))
    assert not (one.outcome is Outcome.PASS and other.outcome is Outcome.BLOCK)


@given(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)).map(sorted), st.booleans())
@settings(max_examples=50, deadline=None)
def test_decisions(shifts: list[float], fewer: bool) -> None:
    def deciding(shift: float) -> Evidence:
        def cohort(entities: int, mean: float) -> Cohort:
            sums = shifted(samples.clusters(entities, 10, 0.5, 0.3), mean - 0.5)
            return replace(samples.cohort(entities), decisions=sums)

        moved = 0.5 - shift if fewer else 0.5 + shift
        return evidence(cohorts=Cohorts(cohort(18_000, 0.5), cohort(2_000, moved)))

    better, worse = map(deciding, shifts)
    no_better(Gate("decisions", 0.02, "champion", on="cohorts"), worse, better, SPLIT)


def test_the_good_and_the_bad_differ() -> None:
    """What is compared above has both ends: the best passes, and the worst blocks."""
    fine = good(SHADOW)
    bad = replace(
        fine,
        pairs=replace(
            fine.pairs,
            failed=5_000,
            disagreements=Proportion(5_000, 20_000),
            challenger_latency=latency(20_000, 60.0),
            difference=shifted(fine.pairs.difference, -2.0),
        ),
    )
    for gate in (
        Gate("disagreement", 0.05),
        Gate("errors", 0.01),
        Gate("latency", 1.5, "champion"),
        Gate("slow", 0.05, "champion", over_ms=100.0),
        Gate("value", 0.1, "champion"),
        Gate("value", 0.1, "champion", relative=True),
    ):
        assert look(gate, fine, metric=METRIC)[0].outcome is Outcome.PASS
        assert look(gate, bad, metric=METRIC)[0].outcome is Outcome.BLOCK
