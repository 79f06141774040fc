"""The kill switch: at once, with the proxy alone, and for as long as nobody revives."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from phasegate.errors import Unavailable
from phasegate.network import free_port
from phasegate.traffic.envoy.kill import kill
from phasegate.traffic.plan import TrafficPlan
from tests.traffic.conftest import Proxy
from tests.traffic.load import load, send
from tests.traffic.upstream import Upstream


@pytest.fixture
def busy(plan: TrafficPlan) -> TrafficPlan:
    """Half of the requests are the challenger's, and it gets copies of the others."""
    return replace(plan, weight=5000, mirror=10_000)


def is_champion_only(proxy: Proxy, challenger: Upstream) -> bool:
    """Whether 100 requests have no trace at the challenger."""
    before = len(challenger.received)
    roles = {send(proxy.address).role for _ in range(100)}
    return roles == {"champion"} and len(challenger.received) == before


def test_after_a_kill_the_challenger_sees_no_new_request(
    busy: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(busy)
    for _ in range(10):
        with load(proxy.address) as requests:
            requests.wait_for(100)
            assert kill(proxy.process.admin.address)
            requests.wait_for(8)  # those that were under way
            seen, answered = len(challenger.received), len(requests.answers)
            requests.wait_for(100)
        assert requests.errors == []
        assert {answer.role for answer in requests.answers[answered:]} == {"champion"}
        assert len(challenger.received) == seen
        proxy.target.revive()


def test_a_kill_needs_the_admin_interface_alone(
    busy: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(busy)
    shutil.rmtree(proxy.folder)
    assert not kill(proxy.process.admin.address)
    assert is_champion_only(proxy, challenger)


def test_a_kill_by_command_loads_next_to_nothing(
    busy: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(busy)
    code = (
        "import sys; before = set(sys.modules); import phasegate.traffic.envoy.kill; "
        "print(*set(sys.modules) - before)"
    )
    modules = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert {name.partition(".")[0] for name in modules} - sys.stdlib_module_names == {"phasegate"}
    assert {name for name in modules if name.startswith("phasegate.")} == {
        "phasegate.errors",
        "phasegate.traffic",
        "phasegate.traffic.envoy",
        "phasegate.traffic.envoy.kill",
    }
    command = [sys.executable, "-m", "phasegate.traffic.envoy.kill", proxy.process.admin.address]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "champion only\n"
    assert is_champion_only(proxy, challenger)


def test_a_killed_plan_stays_killed_whatever_shares_are_applied_until_it_is_revived(
    busy: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(busy)
    proxy.target.kill()
    for plan in (busy.with_weight(10_000), busy.with_weight(9000).revive()):
        proxy.target.apply(plan)
        assert is_champion_only(proxy, challenger)
    state = proxy.target.observe()
    assert state.killed
    assert (state.champion.share, state.challenger.share, state.mirror.share) == (10_000, 0, 0)

    proxy.target.revive()
    state = proxy.target.observe()
    assert not state.killed
    assert (state.champion.share, state.challenger.share, state.mirror.share) == (
        1000,
        9000,
        10_000,
    )
    assert not is_champion_only(proxy, challenger)


def test_a_kill_outlives_the_proxy(
    busy: TrafficPlan, challenger: Upstream, start: Callable[..., Proxy]
) -> None:
    first = start(busy)
    kill(first.process.admin.address)
    first.process.stop()
    for plan in (None, busy.with_weight(10_000)):
        proxy = start(plan)
        assert proxy.target.observe().killed
        assert is_champion_only(proxy, challenger)
        proxy.process.stop()
    proxy = start(None)
    proxy.target.revive()
    assert send(proxy.address).by == challenger.name


def test_a_plan_that_is_killed_itself_kills(
    busy: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(busy)
    proxy.target.apply(busy.kill())
    assert is_champion_only(proxy, challenger)
    proxy.target.apply(busy)
    assert is_champion_only(proxy, challenger)


def test_a_kill_of_a_proxy_that_is_gone_says_so_and_holds_when_it_starts(
    busy: TrafficPlan, challenger: Upstream, start: Callable[..., Proxy]
) -> None:
    proxy = start(busy)
    proxy.process.stop()
    with pytest.raises(Unavailable, match=r"does not answer.*It will start with the champion"):
        kill(proxy.process.admin.address, proxy.folder)
    assert is_champion_only(start(None), challenger)
    with pytest.raises(Unavailable, match=r"does not answer \([^)]*\)\.$"):
        kill(f"127.0.0.1:{free_port()}")
