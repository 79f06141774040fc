"""A sick challenger's share is the champion's, and no user notices; under load, on a real Envoy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from phasegate.traffic.plan import TrafficPlan
from tests.traffic.conftest import Proxy
from tests.traffic.load import load, send
from tests.traffic.upstream import Upstream


def fail(server: Upstream, failure: str) -> None:
    """Make a server fail in a way that has a name."""
    match failure:
        case "killed":
            server.die()
        case "slow":
            server.delay = 2
        case "not ready":
            server.healthy = False
        case behaviour:
            server.behaviour = behaviour


@pytest.mark.parametrize(
    "failure", ["killed", "hang", "slow", "error", "refuse", "garbage", "reset", "not ready"]
)
def test_no_user_notices_a_challenger_that_fails(
    failure: str,
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(plan.with_weight(2000))
    with load(proxy.address) as requests:
        requests.wait_for(200)
        fail(challenger, failure)
        requests.wait_for(800)
    assert requests.errors == []
    state = proxy.until(lambda state: state.champion.active == state.challenger.active == 0)
    by = requests.by
    assert state.champion.answers == by[champion.name] == len(champion.received)
    assert state.challenger.answers == by[challenger.name]
    assert champion.roles() == {"champion": by[champion.name]}
    assert state.fallbacks >= state.challenger.errors
    if failure not in ("refuse", "not ready"):
        # Few requests meet the failure: then it is known, and they go to the champion at once.
        assert 0 < state.challenger.errors <= 5 + 8  # 8 may be under way at the same time
        assert not state.challenger.healthy


def test_a_challenger_that_recovers_gets_its_share_again(
    plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan.with_weight(10_000))
    challenger.die()
    proxy.until(lambda state: not state.challenger.healthy)
    assert send(proxy.address).role == "champion"
    challenger.start()
    proxy.until(lambda _: send(proxy.address).by == challenger.name)
    assert proxy.target.observe().challenger.healthy


def test_a_challenger_that_was_put_aside_for_its_errors_comes_back(
    plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan.with_weight(10_000))
    challenger.behaviour = "error"
    while proxy.target.observe().challenger.healthy:
        assert send(proxy.address).role == "champion"
    challenger.behaviour = "ok"
    proxy.until(lambda _: send(proxy.address).by == challenger.name)


def test_a_champion_that_fails_its_health_checks_is_still_asked(
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(plan.with_weight(5000))
    champion.healthy = False
    challenger.die()
    state = proxy.until(lambda state: not (state.champion.healthy or state.challenger.healthy))
    assert (state.champion.share, state.challenger.share) == (5000, 5000)
    with load(proxy.address) as requests:
        requests.wait_for(100)
    assert requests.errors == []


def test_a_champion_that_fails_is_said_to_fail(
    plan: TrafficPlan, champion: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    champion.die()
    assert send(proxy.address).status == 503
    state = proxy.until(lambda state: not state.champion.healthy)
    assert (state.champion.answers, state.champion.errors > 0) == (0, True)
    champion.start()
    assert send(proxy.address).status == 200
