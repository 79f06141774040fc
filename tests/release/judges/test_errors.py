"""Errors are looked at twice: in the log, and at the proxy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phasegate.contracts.verdict import Outcome
from phasegate.release.evidence import Proportion, Traffic
from phasegate.release.policy import Gate
from phasegate.statistics import bernoulli
from tests.release import samples
from tests.release.judges.looks import ALL, SHADOW, SPLIT, evidence, good, look, only

MARGIN, MOST = Gate("errors", 0.01, "champion"), Gate("errors", 0.01)


def proxy(**counts: tuple[int, int]) -> Traffic:
    seen = {name: Proportion(*pair) for name, pair in counts.items()}
    return replace(samples.traffic(samples.running().record), **seen)


@pytest.mark.parametrize(
    ("gate", "weight", "counts"),
    [
        (MARGIN, SHADOW, {"copies_lost": (200, 2_000)}),
        (MARGIN, SPLIT, {"challenger_errors": (200, 2_000)}),
        (MOST, SPLIT, {"challenger_errors": (200, 2_000)}),
        (MOST, ALL, {"challenger_errors": (200, 2_000)}),
    ],
)
def test_the_proxy_alone_can_block_and_never_pass(
    gate: Gate, weight: int, counts: dict[str, tuple[int, int]]
) -> None:
    logged, counted = look(gate, evidence(traffic=proxy(**counts)), weight, guardrail=True)
    assert (logged.outcome, counted.outcome) == (Outcome.INCONCLUSIVE, Outcome.BLOCK)
    logged, _ = look(gate, evidence(traffic=proxy()), weight, guardrail=True)
    assert logged.outcome is Outcome.INCONCLUSIVE


def test_without_a_proxy_the_log_speaks_alone() -> None:
    found = only(look(MARGIN, replace(good(SHADOW), traffic=None)))
    assert found.outcome is Outcome.PASS


def test_a_champion_that_fails_as_often_excuses_the_challenger() -> None:
    counts = {"challenger_errors": (200, 2_000), "champion_errors": (2_000, 20_000)}
    _, against_champion = look(MARGIN, evidence(traffic=proxy(**counts)), SPLIT)
    _, against_limit = look(MOST, evidence(traffic=proxy(**counts)), SPLIT)
    assert against_champion.outcome is not Outcome.BLOCK
    assert against_limit.outcome is Outcome.BLOCK


def test_against_the_champion_there_must_be_one() -> None:
    counted = look(MARGIN, evidence(traffic=proxy(challenger_errors=(200, 2_000))), ALL)
    assert {one.outcome for one in counted} == {Outcome.INCONCLUSIVE}


def test_each_of_the_two_has_half_of_the_budget() -> None:
    failing = evidence(
        traffic=proxy(challenger_errors=(30, 1_000)), cohorts=samples.cohorts(SPLIT, failing=0.03)
    )
    logged, counted = look(MOST, failing, SPLIT, false_rollback=0.1)
    assert counted.lower == bernoulli.lower(30, 1_000, 0.05)
    assert logged.lower == bernoulli.lower(600, 20_000, 0.05)
    copies = evidence(pairs=samples.pairs(failing=0.03))
    assert only(look(MOST, copies, false_rollback=0.1)).lower == bernoulli.lower(600, 20_000, 0.05)
