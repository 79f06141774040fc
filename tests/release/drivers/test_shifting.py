"""A release at another pipeline's pace: never past its gates, never beyond what was asked for."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from phasegate.contracts.verdict import Check, Judgement, Outcome
from phasegate.errors import BadInput, Unavailable
from phasegate.release.drivers import manual
from phasegate.release.drivers.shifting import Shift, promotion_goal, share_goal, shift
from phasegate.release.drivers.step import step
from phasegate.release.drivers.taking_back import take_back
from phasegate.release.record import ReleaseRecord, Status
from tests.release.drivers.conftest import Place
from tests.release.drivers.test_guard import unreachable
from tests.release.samples import DAY, START

WHY = "complaints about declined cards"
to_promotion = partial(promotion_goal, gate="promote")


def to(percent: float):
    return partial(share_goal, weight=round(100 * percent), gate="shift_traffic")


def verdict(place: Place, outcome: Outcome = Outcome.PASS, digest: str = "") -> Judgement:
    check = Check("fair", outcome, "0.1", "0.2", "because of the numbers")
    return Judgement("ours", digest or place.versions[1].model_digest, "0" * 64, (check,))


def record(place: Place) -> ReleaseRecord:
    return place.world.releases.head(place.setting.model).record


def asked(place: Place, goal, days: float, judged: Judgement | None = None) -> Shift:
    return shift(place.world, goal, judged or verdict(place), START + days * DAY)


@pytest.fixture
def begun(place: Place) -> Place:
    step(place.world, START)
    return place


def test_it_goes_to_each_share_in_turn_and_then_promotes(begun: Place) -> None:
    place, world = begun, begun.world
    early = asked(place, to(10), 1)
    assert early.judgement.outcome is Outcome.INCONCLUSIVE
    assert not early.is_final
    assert "of 7 days" in early.judgement.checks[0].reason
    assert record(place).current.name == "shadow"

    reached = asked(place, to(10), 8)
    assert (reached.judgement.outcome, reached.is_final) == (Outcome.PASS, True)
    assert reached.judgement.subject_digest == place.versions[1].model_digest
    assert world.target.observe().challenger.share == 1_000
    # It stays there, however good the evidence, because nobody asks for more.
    again = asked(place, to(10), 12)
    assert (again.judgement.outcome, again.look.decision) == (Outcome.PASS, None)
    assert record(place).current.name == "canary"

    # Two phases away: one look goes one phase, and says that more is to come.
    nearer = asked(place, to(100), 12)
    assert nearer.judgement.outcome is Outcome.INCONCLUSIVE
    assert record(place).current.name == "ramp"
    assert asked(place, to_promotion, 15).judgement.outcome is Outcome.INCONCLUSIVE
    assert record(place).current.name == "ramp"
    assert asked(place, to(100), 15).judgement.outcome is Outcome.PASS
    assert asked(place, to_promotion, 16).judgement.outcome is Outcome.INCONCLUSIVE
    done = asked(place, to_promotion, 18)
    assert (done.judgement.outcome, done.is_final) == (Outcome.PASS, True)
    assert record(place).status is Status.PROMOTED
    assert place.aliases == {"champion": 2}
    assert asked(place, to_promotion, 19).judgement.outcome is Outcome.PASS
    assert asked(place, to(50), 19).judgement.outcome is Outcome.PASS


@pytest.mark.parametrize("goal", [to(10), to_promotion], ids=["share", "promotion"])
@pytest.mark.parametrize(
    ("outcome", "digest"),
    [(Outcome.BLOCK, ""), (Outcome.INCONCLUSIVE, ""), (Outcome.PASS, "f" * 64)],
)
def test_a_verdict_that_is_no_pass_on_the_challenger_moves_nothing(
    begun: Place, goal, outcome: Outcome, digest: str
) -> None:
    before = begun.world.releases.head(begun.setting.model)
    held = asked(begun, goal, 8, verdict(begun, outcome, digest))
    assert held.is_final
    assert held.judgement.outcome is (Outcome.BLOCK if digest else outcome)
    assert begun.world.releases.head(begun.setting.model) == before
    assert begun.world.target.observe().challenger.share == 0


def test_a_passing_verdict_does_not_outweigh_harm(begun: Place) -> None:
    begun.setting = begun.setting.with_(harmful=True)
    lost = asked(begun, to(10), 8)
    assert (lost.judgement.outcome, lost.is_final) == (Outcome.BLOCK, True)
    assert record(begun).status is Status.ROLLED_BACK
    assert asked(begun, to_promotion, 9).judgement.outcome is Outcome.BLOCK
    assert begun.aliases == {"champion": 1}


def test_a_frozen_release_is_not_moved(begun: Place) -> None:
    manual.freeze(begun.world, START + DAY, WHY)
    held = asked(begun, to(10), 8)
    assert held.judgement.outcome is Outcome.INCONCLUSIVE
    assert "frozen" in held.judgement.checks[0].reason


def test_a_share_that_no_phase_has_is_bad_input(begun: Place) -> None:
    with pytest.raises(BadInput, match=r"no phase gives the challenger 25 %; .* 0, 10, 50, 100"):
        asked(begun, to(25), 8)


def test_nothing_is_started(place: Place) -> None:
    with pytest.raises(BadInput, match="there is no release of this model"):
        asked(place, to(10), 0)


def test_a_release_is_taken_back_once_from_any_phase_and_after_promotion(begun: Place) -> None:
    place = begun
    name, now = record(place).release, START
    while not record(place).is_over:
        now += 8 * DAY
        step(place.world, now)
    assert place.aliases["champion"] == 2
    with pytest.raises(BadInput, match="cannot be taken back any more"):
        take_back(place.world, "another-1", WHY, now)
    with pytest.raises(BadInput, match="at least 10 characters"):
        take_back(place.world, name, "no", now)
    for _ in range(2):
        taken = take_back(place.world, name, WHY, now + timedelta(hours=1))
        assert (taken.is_done, taken.champion) == (True, f"{place.setting.model}/1")
    assert place.aliases == {"champion": 1}
    assert place.world.target.observe().challenger is None
    assert [one.action for one in place.world.releases.entries(place.setting.model)].count(
        "roll back"
    ) == 1


def test_without_a_release_there_is_nothing_to_take_back(place: Place) -> None:
    assert not take_back(place.world, "", WHY, START).is_done


def test_without_the_store_traffic_is_taken_back_all_the_same(begun: Place) -> None:
    with pytest.raises(Unavailable):
        take_back(unreachable(begun.world), "", WHY, START + DAY)
    assert begun.world.target.observe().killed
