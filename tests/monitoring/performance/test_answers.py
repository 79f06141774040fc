"""Which answers count: those that users got, each once, whatever is logged beside them."""

from __future__ import annotations

import numpy as np

from tests.monitoring.performance.samples import DIGEST
from tests.monitoring.performance.world import labels_of


def test_repetitions_and_copies_and_failures_count_for_nothing(world, look):
    labels = labels_of(world.write_labels(world.all_labels() * 2))
    before, _ = look(labels)
    world.log(range(0, 2400, 3), later=0.001)  # retries
    world.log(range(0, 2400, 3), later=0.001)  # sealed twice
    world.log(range(0, 2400, 9), later=5.0)  # far later, in another window
    world.log(range(2400), role="shadow")
    copies = [world.record(n, "shadow", 0.0, request_id=f"s{n}") for n in range(900, 1200)]
    world.seal(copies, DIGEST)
    failure = {"error": "timeout", "numeric": b"", "scores": b"", "decisions": b""}
    records = [world.record(n, "champion", 0.0, request_id=f"x{n}", **failure) for n in range(900)]
    world.seal(records, DIGEST)
    after, _ = look(labels)
    assert after == before


def test_answers_of_a_challenger_are_users_answers(world, look):
    labels = labels_of(world.write_labels(world.all_labels()))
    before, _ = look(labels)
    record = world.record(2000, "challenger", 0.0, request_id="new")
    world.seal([record], DIGEST)
    after, _ = look(labels)
    assert sum(one.rows for one in after.windows) == sum(one.rows for one in before.windows) + 1
    assert sum(one.unlabelled + one.pending for one in after.windows) == 1 + sum(
        one.unlabelled + one.pending for one in before.windows
    )


def test_scores_that_are_none_are_left_out_of_estimates_and_said(world, look):
    labels = labels_of(world.write_labels(world.all_labels()))
    nan = np.array([np.nan], "<f8").tobytes()
    world.seal([world.record(2000, "champion", 0.0, request_id="nan", scores=nan)], DIGEST)
    found, _ = look(labels)
    assert found.problems == (
        "1 answers have no finite score: their decisions are measured, and they are left out of"
        " estimates.",
    )
