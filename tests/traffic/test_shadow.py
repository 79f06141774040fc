"""Copies cannot hurt, and each has its answer or its reason; under load, on a real Envoy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from phasegate.traffic.plan import TrafficPlan
from tests.traffic.conftest import Proxy
from tests.traffic.load import load
from tests.traffic.test_fallback import fail
from tests.traffic.upstream import Upstream


@pytest.mark.parametrize(
    ("failure", "reasons"),
    [
        ("killed", {"connection", "sick"}),
        ("not ready", {"sick"}),
        ("garbage", {"connection"}),
        ("reset", {"connection"}),
        ("error", set()),
        ("refuse", set()),
        ("hang", {"late", "connection"}),
        ("slow", set()),
    ],
)
def test_no_user_notices_a_shadow_that_fails_and_every_copy_is_accounted_for(
    failure: str,
    reasons: set[str],
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(plan.with_mirror(10_000))
    with load(proxy.address) as requests:
        requests.wait_for(200)
        fail(challenger, failure)
        requests.wait_for(100)
        if failure == "not ready":
            proxy.until(lambda state: not state.challenger.healthy)
            requests.wait_for(100)
    assert requests.errors == []
    assert requests.by == {champion.name: len(champion.received)}
    assert max(answer.seconds for answer in requests.answers) < 1

    state = proxy.until(lambda state: state.mirror.active == 0, seconds=20)
    mirror = state.mirror
    assert mirror.copies == len(champion.received)
    assert mirror.copies == mirror.answers + sum(mirror.lost.values())
    assert {reason for reason, count in mirror.lost.items() if count} <= reasons
    assert bool(sum(mirror.lost.values())) == bool(reasons)
    assert state.champion.errors == 0


def test_large_copies_that_nobody_takes_are_few_at_a_time(
    plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan.with_mirror(10_000))
    before = proxy.memory()
    challenger.behaviour = "hang"
    with load(proxy.address, body=b"x" * (1 << 20)) as requests:
        requests.wait_for(200)
    assert requests.errors == []
    state = proxy.target.observe()
    assert state.mirror.active <= 16 + 32
    assert state.mirror.lost["limit"] >= 200 - (16 + 32)
    assert proxy.memory() - before < 100 << 20


def test_the_challengers_own_requests_are_not_copied_to_it(
    plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(replace(plan, weight=5000, mirror=10_000))
    with load(proxy.address) as requests:
        requests.wait_for(200)
    state = proxy.until(lambda state: state.mirror.active == 0)
    roles = challenger.roles()
    assert roles["challenger"] == requests.by[challenger.name]
    assert roles["challenger"] + roles["shadow"] == len(requests.answers)
    assert state.mirror.copies == roles["shadow"]
