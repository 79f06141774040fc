"""Who answers, who gets copies, and whom an entity meets; on a real Envoy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from phasegate.traffic.headers import CLOUD_EVENT_ID, ENTITY, REQUEST_ID, ROLE
from phasegate.traffic.plan import Stickiness, TrafficPlan
from tests.traffic.conftest import Proxy
from tests.traffic.load import answered_by, send, send_all
from tests.traffic.upstream import Upstream

ENTITIES = [f"customer-{number}" for number in range(400)]


def close_to(count: int, of: int, share: float) -> bool:
    """Within 4 standard deviations of what chance gives."""
    return abs(count - of * share) <= 4 * math.sqrt(of * share * (1 - share))


def test_the_challenger_answers_its_share_and_always_the_same_entities(
    plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan.with_weight(500))
    cohort = answered_by(send_all(proxy.address, ENTITIES), challenger.name)
    assert close_to(len(cohort), len(ENTITIES), 0.05)
    assert answered_by(send_all(proxy.address, ENTITIES), challenger.name) == cohort

    proxy.target.apply(plan.with_weight(2500))
    grown = answered_by(send_all(proxy.address, ENTITIES), challenger.name)
    assert close_to(len(grown), len(ENTITIES), 0.25)
    assert cohort < grown

    state = proxy.target.observe()
    assert (state.champion.share, state.challenger.share) == (7500, 2500)
    assert state.champion.answers + state.challenger.answers == 3 * len(ENTITIES)
    assert state.challenger.answers == len(challenger.received)
    assert state.champion.errors == state.challenger.errors == state.fallbacks == 0


def test_another_salt_draws_another_cohort(
    plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(replace(plan, weight=2500, stickiness=Stickiness(salt="release-1")))
    first = answered_by(send_all(proxy.address, ENTITIES), challenger.name)
    proxy.target.apply(replace(plan, weight=2500, stickiness=Stickiness(salt="release-2")))
    second = answered_by(send_all(proxy.address, ENTITIES), challenger.name)
    assert close_to(len(first & second), len(ENTITIES), 0.25 * 0.25)


@pytest.mark.parametrize("weight", [0, 10_000])
def test_a_share_of_nothing_or_everything_is_exactly_that(
    weight: int, plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(replace(plan, weight=weight, mirror=1))
    answers = send_all(proxy.address, ENTITIES[:100])
    assert len(answered_by(answers, challenger.name)) == weight / 100


def test_every_request_is_copied_under_its_own_id(
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(plan.with_mirror(10_000))
    sent = [send(proxy.address, body=f"{number:08}".encode()) for number in range(100)]
    proxy.until(lambda state: state.mirror.answers == 100)
    assert challenger.roles() == {"shadow": 100}

    def seen(server: Upstream) -> set[tuple[str, str, str, bytes, str]]:
        return {
            (
                request.header(REQUEST_ID),
                request.header(CLOUD_EVENT_ID),
                request.header("host"),
                request.body,
                request.path,
            )
            for request in server.received
        }

    assert len(seen(champion)) == 100
    assert seen(champion) == seen(challenger)
    assert {answer.headers[REQUEST_ID] for answer in sent} == {item[0] for item in seen(champion)}


def test_half_of_the_champions_requests_are_copied_also_when_half_are_the_challengers(
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(replace(plan, weight=5000, mirror=5000))
    for _ in range(400):  # without an entity: the draw is by request id
        send(proxy.address)
    state = proxy.until(lambda state: state.mirror.active == 0)
    roles = challenger.roles()
    assert close_to(roles["challenger"], 400, 0.5)
    assert close_to(roles["shadow"], len(champion.received), 0.5)
    assert state.mirror.copies == state.mirror.answers == roles["shadow"]
    copied = {it.header(REQUEST_ID) for it in challenger.received if it.header(ROLE) == "shadow"}
    assert copied <= {it.header(REQUEST_ID) for it in champion.received}


def test_what_is_no_prediction_is_answered_by_the_champion_and_not_copied(
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(replace(plan, weight=10_000, mirror=10_000))
    answer = send(proxy.address, method="GET", path="/v2/models/fraud", body=b"")
    assert (answer.by, answer.role) == (champion.name, "champion")
    assert not challenger.received


def test_a_plan_without_a_challenger_is_carried_out(
    champion: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(TrafficPlan(champion.backend))
    assert send(proxy.address, {ENTITY: "customer-1"}).by == champion.name
    state = proxy.target.observe()
    assert (state.champion.share, state.challenger, state.mirror) == (10_000, None, None)
