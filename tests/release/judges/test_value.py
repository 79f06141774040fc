"""Business value: margins, effects, shares of the champion's mean, and which bounds are used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Finding
from phasegate.release.evidence import Cohorts, Evidence
from phasegate.release.judges.entities import FEWEST
from phasegate.release.policy import Gate
from phasegate.statistics.clusters import Clusters
from tests.release import samples
from tests.release.judges.looks import (
    ALL,
    EXACT,
    SHADOW,
    SPLIT,
    evidence,
    good,
    look,
    moments,
    only,
)


def of_pairs(gain: float, champion: float = 1.0, entities: int = 5_000) -> Evidence:
    pairs = replace(
        samples.pairs(),
        difference=samples.clusters(entities, 10, gain, 0.5),
        champion_value=samples.clusters(entities, 10, champion, 0.5),
    )
    return evidence(pairs=pairs)


def judged(gain: float, champion: float = 1.0, **gate: float | bool) -> Outcome:
    limit = gate.pop("limit")
    return only(look(Gate("value", limit, "champion", **gate), of_pairs(gain, champion))).outcome


@pytest.mark.parametrize(
    ("gain", "limit", "outcome"),
    [
        (0.0, 0.1, Outcome.PASS),
        (-0.05, 0.1, Outcome.PASS),
        (-0.1, 0.1, Outcome.INCONCLUSIVE),
        (-0.2, 0.1, Outcome.BLOCK),
        (0.2, -0.1, Outcome.PASS),  # an effect that it must have, and has
        (0.0, -0.1, Outcome.BLOCK),  # as good as the champion, and shown not to be better enough
    ],
)
def test_margins_and_effects(gain: float, limit: float, outcome: Outcome) -> None:
    assert judged(gain, limit=limit) is outcome


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_relative_margin_is_a_share_of_what_the_champion_earns_or_costs(sign: float) -> None:
    scale = {"relative": True, "limit": 0.1}
    assert judged(-0.5, 10.0 * sign, **scale) is Outcome.PASS
    assert judged(-0.5, 1.0 * sign, **scale) is Outcome.BLOCK


def test_a_champion_around_nothing_leaves_no_share_to_lose() -> None:
    assert judged(-0.05, 0.0, relative=True, limit=0.1) is not Outcome.PASS
    assert judged(0.2, 0.0, relative=True, limit=0.1) is Outcome.PASS


def test_a_relative_gate_knows_less_than_an_absolute_one_of_the_same_size() -> None:
    absolute, relative = (
        only(look(Gate("value", 0.1, "champion", relative=relative), of_pairs(-0.05)))
        for relative in (False, True)
    )
    assert relative.lower < absolute.lower
    assert relative.limit >= absolute.limit


def test_few_entities_say_nothing_however_much_they_lose() -> None:
    gate = Gate("value", 0.1, "champion")
    few = only(look(gate, of_pairs(-50.0, entities=FEWEST - 1)))
    enough = only(look(gate, of_pairs(-50.0, entities=FEWEST)))
    assert (few.outcome, enough.outcome) == (Outcome.INCONCLUSIVE, Outcome.BLOCK)


def test_entities_that_do_not_differ_have_an_unknown_variance() -> None:
    same = Clusters.of(np.full(500, 10), np.zeros(500))
    pairs = replace(samples.pairs(), difference=same)
    found = only(look(Gate("value", 0.1, "champion"), evidence(pairs=pairs)))
    assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("entities", "outcome"), [(500, Outcome.INCONCLUSIVE), (20_000, Outcome.PASS)]
)
def test_pairs_that_never_differ_pass_once_few_could(entities: int, outcome: Outcome) -> None:
    """A retrained model that decides every request like the champion is no mystery for ever."""
    same = Clusters.of(np.full(entities, 10), np.zeros(entities))
    pairs = replace(samples.pairs(), difference=same)
    metric = replace(EXACT, lower=-120.0, upper=80.0, exact=False)
    found = only(look(Gate("value", 0.1, "champion"), evidence(pairs=pairs), metric=metric))
    assert found.outcome is outcome
    assert found.lower < found.estimate == 0.0 < found.upper


def test_a_hundred_entities_of_which_one_asks_most_are_few() -> None:
    requests = np.r_[np.full(400, 1), 10_000]
    skewed = Clusters.of(requests, -50.0 * requests + np.arange(401))
    found = only(
        look(
            Gate("value", 0.1, "champion"),
            evidence(pairs=replace(samples.pairs(), difference=skewed)),
        )
    )
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "few entities have most" in found.reason


class TestExact:
    """The policy says which bounds are used, and never the evidence."""

    gate = Gate("value", 0.1, "champion")

    def found(self, gain: float, count: int = 20_000) -> Finding:
        bounded = moments(count, gain, -2.0, 2.0)
        pairs = replace(of_pairs(-5.0).pairs, bounded=bounded)
        return only(look(self.gate, evidence(pairs=pairs), metric=EXACT))

    def test_it_rests_on_the_bounded_values_alone(self) -> None:
        assert self.found(0.0).outcome is Outcome.PASS
        assert self.found(-0.5).outcome is Outcome.BLOCK
        assert self.found(0.0, count=20).outcome is Outcome.INCONCLUSIVE

    def test_without_them_the_others_are_not_taken_instead(self) -> None:
        fine = replace(good(SHADOW).pairs, bounded=None)
        found = only(look(self.gate, evidence(pairs=fine), metric=EXACT))
        assert found.outcome is Outcome.INCONCLUSIVE
        plain = only(look(self.gate, evidence(pairs=fine)))
        assert plain.outcome is Outcome.PASS

    def test_without_declared_bounds_there_are_none(self) -> None:
        unbounded = replace(EXACT, upper=None)
        found = only(look(self.gate, good(SHADOW), metric=unbounded))
        assert found.outcome is Outcome.INCONCLUSIVE

    @pytest.mark.parametrize(("gain", "outcome"), [(0.0, Outcome.PASS), (-0.6, Outcome.BLOCK)])
    def test_cohorts_by_entity(self, gain: float, outcome: Outcome) -> None:
        both = samples.cohorts(SPLIT)
        cohorts = Cohorts(
            replace(both.champion, bounded=moments(50_000, 0.0)),
            replace(both.challenger, bounded=moments(50_000, gain)),
        )
        gate = replace(self.gate, on="cohorts")
        found = only(look(gate, evidence(cohorts=cohorts), SPLIT, metric=EXACT))
        assert found.outcome is outcome
        assert "entities" in found.reason


def test_cohorts_with_rows_without_a_value_are_not_compared() -> None:
    gate = Gate("value", 0.5, "champion", on="cohorts")
    fine = good(SPLIT)
    assert only(look(gate, fine, SPLIT)).outcome is Outcome.PASS
    for role in ("champion", "challenger"):
        spoilt = replace(getattr(fine.cohorts, role), unvalued=3)
        cohorts = replace(fine.cohorts, **{role: spoilt})
        found = only(look(gate, replace(fine, cohorts=cohorts), SPLIT))
        assert found.outcome is Outcome.INCONCLUSIVE
        assert "null for 3 rows" in found.reason


def test_its_own_value_needs_a_cohort() -> None:
    least = Gate("value", 0.5, on="cohorts")
    assert only(look(least, good(ALL), ALL)).outcome is Outcome.PASS
    assert only(look(replace(least, limit=2.0), good(ALL), ALL)).outcome is Outcome.BLOCK
    on_pairs = replace(least, on="pairs")
    assert only(look(on_pairs, good(SHADOW))).outcome is Outcome.INCONCLUSIVE


def test_without_a_metric_nothing_passes() -> None:
    found = only(look(Gate("value", 0.1, "champion"), good(SHADOW), metric=None))
    assert found.outcome is Outcome.INCONCLUSIVE


def test_amounts_are_told_with_their_unit() -> None:
    found = only(look(Gate("value", 0.1, "champion"), good(SHADOW)))
    assert "EUR" in found.observed
    assert "EUR" in found.required


def test_a_champion_of_unknown_value_has_no_share_that_could_be_kept() -> None:
    fine = of_pairs(1.0).pairs
    unknown = replace(fine.champion_value, value=float("nan"))
    seen = evidence(pairs=replace(fine, champion_value=unknown))
    for relative, outcome in ((False, Outcome.PASS), (True, Outcome.INCONCLUSIVE)):
        gate = Gate("value", 0.1, "champion", relative=relative)
        assert only(look(gate, seen)).outcome is outcome
