"""Plans change while requests go on, and no request is lost; on a real Envoy."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import pytest

from phasegate.errors import BadInput
from phasegate.traffic.envoy import target as envoy_target
from phasegate.traffic.envoy.folder import Folder
from phasegate.traffic.envoy.subscription import Subscription
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.envoy.xds import Resource
from phasegate.traffic.plan import Backend, TrafficPlan
from tests.traffic.conftest import Proxy
from tests.traffic.load import load, send
from tests.traffic.upstream import Upstream, upstreams


def test_backends_are_exchanged_20_times_under_load_without_a_failed_request(
    champion: Upstream, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(TrafficPlan(champion.backend, challenger.backend, weight=1000, mirror=10_000))
    with ExitStack() as stack, load(proxy.address) as requests:
        present = [champion, challenger]
        for number in range(20):
            (newer,) = stack.enter_context(upstreams(f"model-{number}"))
            gone = present.pop(0)
            present.append(newer)
            proxy.target.apply(
                TrafficPlan(present[0].backend, newer.backend, weight=1000, mirror=10_000)
            )
            # Its last answer has been given: it can be stopped.
            seen = len(gone.received)
            gone.die()
            requests.wait_for(30)
            assert len(gone.received) == seen
    assert requests.errors == []
    assert requests.by.keys() >= {f"model-{number}" for number in range(19)}
    assert len(proxy.process.admin.clusters()) == 6


def test_weights_change_under_load_without_a_failed_request(
    plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    with load(proxy.address) as requests:
        for weight in range(0, 10_001, 500):
            proxy.target.apply(replace(plan, weight=weight, mirror=10_000 - weight))
            assert proxy.target.observe().challenger.share == weight
            requests.wait_for(10)
    assert requests.errors == []


def test_a_backend_that_leaves_first_answers_what_it_has(
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(plan)
    champion.delay = 0.5
    answers = []
    client = threading.Thread(target=lambda: answers.append(send(proxy.address)))
    client.start()
    proxy.until(lambda state: state.champion.active == 1)
    proxy.target.apply(TrafficPlan(challenger.backend))
    client.join()
    assert [(answer.status, answer.by) for answer in answers] == [(200, champion.name)]
    assert send(proxy.address).by == challenger.name


def test_a_challenger_that_does_not_answer_is_added_without_waiting_for_it(
    champion: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(TrafficPlan(champion.backend))
    silent = Upstream("silent")  # its port is closed
    proxy.target.apply(TrafficPlan(champion.backend, silent.backend, weight=10_000, mirror=10_000))
    assert not proxy.target.observe().challenger.healthy
    assert send(proxy.address).by == champion.name
    silent.close()


def test_applying_the_same_plan_again_changes_nothing(
    plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan.with_weight(500))
    files = [Folder(proxy.folder).clusters, Folder(proxy.folder).routes]
    before = [file.stat().st_ino for file in files], proxy.target.observe().version
    proxy.target.apply(plan.with_weight(500))
    assert ([file.stat().st_ino for file in files], proxy.target.observe().version) == before


@pytest.mark.parametrize("steps", range(4))
def test_a_plan_whose_application_broke_off_is_completed_by_the_next_one(
    steps: int,
    plan: TrafficPlan,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = start(plan.with_weight(5000))
    publish = Subscription.publish

    class PowerCut(BaseException):
        pass

    def cut(subscription: Subscription, resources: Sequence[Resource]) -> None:
        nonlocal steps
        if steps == 0:
            raise PowerCut
        steps -= 1
        publish(subscription, resources)

    with upstreams("newer") as (newer,):
        wanted = TrafficPlan(challenger.backend, newer.backend, weight=2000)
        with monkeypatch.context() as patch:
            patch.setattr(Subscription, "publish", cut)
            try:
                proxy.target.apply(wanted)
            except PowerCut:
                assert Folder(proxy.folder).plan() == wanted
        assert send(proxy.address).status == 200
        EnvoyTarget(proxy.folder).apply(wanted)
        state = proxy.target.observe()
        assert (state.champion.backend, state.champion.share) == (challenger.backend, 8000)
        assert (state.challenger.backend, state.challenger.share) == (newer.backend, 2000)
        assert len(proxy.process.admin.clusters()) == 6
        with load(proxy.address) as requests:
            requests.wait_for(50)
    assert requests.by.keys() == {challenger.name, newer.name}


def test_a_process_killed_while_it_changes_the_plan_loses_no_request(
    plan: TrafficPlan,
    champion: Upstream,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
) -> None:
    proxy = start(plan)
    plans = [plan.with_weight(5000), TrafficPlan(challenger.backend, champion.backend, mirror=5000)]
    command = [sys.executable, "-m", "tests.traffic.churn", str(proxy.folder)]
    command += [json.dumps(one.to_json()) for one in plans]
    moments = random.Random(7)
    with load(proxy.address, clients=2) as requests:
        for _ in range(5):
            with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                time.sleep(moments.uniform(0, 0.2))
                process.kill()
            requests.wait_for(5)
        proxy.target.apply(plan.with_weight(2500))
    assert requests.errors == []
    assert proxy.target.observe().challenger.share == 2500


def test_two_who_change_the_plan_at_once_take_turns(
    plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    errors: list[Exception] = []

    def raise_weight() -> None:
        try:
            for _ in range(5):
                EnvoyTarget(proxy.folder).change(lambda plan: plan.with_weight(plan.weight + 100))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=raise_weight) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert proxy.target.observe().challenger.share == 1500


def test_a_plan_that_envoy_refuses_changes_nothing_and_envoy_says_why(
    plan: TrafficPlan,
    challenger: Upstream,
    start: Callable[[TrafficPlan], Proxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = start(plan.with_weight(10_000))
    before = proxy.target.observe().version
    real = envoy_target.routes
    with monkeypatch.context() as patch:
        patch.setattr(envoy_target, "routes", lambda *given: real(*given) | {"vhds": {}})
        with pytest.raises(BadInput, match=r"Envoy, routes\.json: refused \(.*Vhds") as refused:
            proxy.target.apply(plan.with_weight(1))
    assert "\n" not in str(refused.value)
    assert proxy.target.observe().version == before
    assert Folder(proxy.folder).plan() == plan.with_weight(10_000)
    assert send(proxy.address).by == challenger.name
    proxy.target.apply(plan)
    assert proxy.target.observe().challenger.share == 0


def test_clusters_that_envoy_refuses_change_nothing_and_envoy_says_why(
    plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = start(plan)
    before = Folder(proxy.folder).clusters.read_bytes()
    real = envoy_target.clusters
    broken = [{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": ""}]
    with monkeypatch.context() as patch:
        patch.setattr(envoy_target, "clusters", lambda plan: real(plan) + broken)
        with pytest.raises(BadInput, match=r"Envoy, clusters\.json: refused \(.*Cluster"):
            proxy.target.apply(plan.with_weight(1))
    assert Folder(proxy.folder).clusters.read_bytes() == before
    assert send(proxy.address).status == 200


def test_a_server_that_is_known_by_name_is_refused_and_traffic_is_as_before(
    plan: TrafficPlan, champion: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    named = Backend(
        "named", "fraud-b-predictor.models.svc.cluster.local:80", champion.backend.model
    )
    with pytest.raises(BadInput, match=r"named: .*Envoy looks no names up; expected IP:PORT"):
        proxy.target.apply(TrafficPlan(champion.backend, named))
    assert proxy.target.observe().challenger.backend == plan.challenger
    assert Folder(proxy.folder).plan() == plan
