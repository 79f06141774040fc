"""Plans: what is one, what is none, and what a kill makes of one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.traffic.plan import WHOLE, Backend, Stickiness, TrafficPlan, effective

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True)
addresses = st.builds(
    lambda ip, port: f"{ip}:{port}", st.ip_addresses(v=4), st.integers(1, 65535)
) | st.builds(lambda ip, port: f"[{ip}]:{port}", st.ip_addresses(v=6), st.integers(1, 65535))
shares = st.integers(0, WHOLE)
stickiness = st.builds(
    Stickiness,
    header=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True),
    salt=st.from_regex(r"[A-Za-z0-9._/:@-]{0,20}", fullmatch=True),
)


@st.composite
def plans(draw: st.DrawFn) -> TrafficPlan:
    model = draw(names)
    champion = Backend("champion", draw(addresses), model)
    challenger = draw(st.none() | st.builds(Backend, st.just("other"), addresses, st.just(model)))
    return TrafficPlan(
        champion,
        challenger,
        weight=draw(shares) if challenger else 0,
        mirror=draw(shares) if challenger else 0,
        stickiness=draw(stickiness),
        killed=draw(st.booleans()),
        challenger_seconds=draw(st.floats(0.001, 60)),
    )


@given(plans())
def test_a_plan_survives_json(plan: TrafficPlan) -> None:
    assert TrafficPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@given(plans())
def test_a_killed_plan_comes_to_the_champion_alone_and_its_revival_to_what_it_was(
    plan: TrafficPlan,
) -> None:
    killed = effective(plan.kill())
    assert (killed.weight, killed.mirror, killed.champion) == (0, 0, plan.champion)
    assert effective(plan.kill().revive()) == plan.revive()


def test_a_backend_may_be_known_by_name() -> None:
    backend = Backend("v1", "fraud-a-predictor.models.svc.cluster.local:80", "fraud")
    assert (backend.host, backend.port) == ("fraud-a-predictor.models.svc.cluster.local", 80)
    assert not backend.has_ip
    assert all(Backend("v1", one, "m").has_ip for one in ("10.0.0.1:80", "[::1]:80"))


CHAMPION = Backend("v1", "127.0.0.1:1", "fraud")
CHALLENGER = Backend("v2", "127.0.0.1:2", "fraud")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": 10_001}, "weight is 10001; expected an integer from 0 to 10,000"),
        ({"mirror": -1}, "mirror is -1"),
        ({"weight": 0.5}, r"weight is 0\.5"),
        ({"weight": True}, "weight is True"),
        ({"challenger": None, "weight": 1}, "there is no challenger"),
        ({"challenger": None, "mirror": 1}, "there is no challenger"),
        ({"challenger": Backend("v1", "127.0.0.1:2", "fraud")}, "both named 'v1'"),
        ({"challenger": Backend("v2", "127.0.0.1:2", "churn")}, "serves 'churn'.*one model name"),
        ({"challenger_seconds": 0}, "may take 0 seconds"),
        ({"challenger_seconds": float("nan")}, "may take nan seconds"),
    ],
)
def test_what_cannot_be_carried_out_is_no_plan(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        TrafficPlan(**{"champion": CHAMPION, "challenger": CHALLENGER} | change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Backend("v 1", "127.0.0.1:1", "m"), "a backend's name is 'v 1'"),
        (lambda: Backend("v1", "127.0.0.1:1", "m/../x"), "the model of v1 is"),
        (lambda: Backend("v1", "1.2.3:80", "m"), "'1.2.3:80' is not an address.*HOST:PORT"),
        (lambda: Backend("v1", "a..b:80", "m"), "'a..b:80' is not an address"),
        (lambda: Backend("v1", "-a.b:80", "m"), "is not an address"),
        (lambda: Backend("v1", "a.b", "m"), "is not an address"),
        (lambda: Backend("v1", f"{'a.' * 130}b:80", "m"), "is not an address"),
        (lambda: Backend("v1", "127.0.0.1", "m"), "expected HOST:PORT"),
        (lambda: Backend("v1", "127.0.0.1:70000", "m"), "not an address"),
        (lambda: Stickiness(header="X-Entity"), "header name in lower case"),
        (lambda: Stickiness(salt="\\1"), "the salt is"),
    ],
)
def test_what_names_nothing_is_refused(make: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make()


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"schema": "phasegate.traffic/2"},
        {"schema": "phasegate.traffic/1"},
        {"schema": "phasegate.traffic/1", "champion": "v1"},
        TrafficPlan(CHAMPION).to_json() | {"unknown": 1},
        TrafficPlan(CHAMPION).to_json() | {"stickiness": None},
    ],
)
def test_json_that_is_no_plan_is_refused_and_its_place_named(value: Any) -> None:
    with pytest.raises(BadInput, match=r"plan\.json: this is no traffic plan"):
        TrafficPlan.from_json(value, "plan.json")
