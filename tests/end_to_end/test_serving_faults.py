"""What fails beside a champion under load, and what its users notice of it: nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from phasegate.local.environments import environment
from phasegate.models import Model
from phasegate.serving.process import ModelServerProcess
from phasegate.sidecar.process import SidecarProcess
from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import WHOLE, Backend, TrafficPlan
from tests.end_to_end.serving import ask, logged, write_models
from tests.serving.conftest import NAME
from tests.traffic.upstream import Upstream, upstreams

REQUESTS, RATE = 900, 300
KILLS = 20


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "spool"


@pytest.fixture(scope="module")
def champion(
    models: list[str], spool: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backend]:
    log = tmp_path_factory.mktemp("champion") / "server.log"
    with model_server(models[0], log, spool) as server:
        yield backend("champion", server)


@pytest.fixture(params=["killed", "hung"])
def broken_server(
    request: pytest.FixtureRequest, models: list[str], spool: Path, tmp_path: Path
) -> Iterator[tuple[Backend, Callable[[], None]]]:
    """A real challenger, and what breaks it."""
    number = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP}[request.param]
    with model_server(models[1], tmp_path / "server.log", spool) as server:
        yield backend("challenger", server), lambda: os.kill(server.pid, number)
        os.kill(server.pid, signal.SIGKILL)


@pytest.fixture(params=["slow", "garbage", "error", "reset"])
def broken_answers(request: pytest.FixtureRequest) -> Iterator[tuple[Backend, Callable[[], None]]]:
    """A challenger that says it is ready and answers nothing useful, and what breaks it."""
    with upstreams("challenger") as (server,):

        def spoil() -> None:
            spoilt(server, request.param)

        yield Backend("challenger", f"127.0.0.1:{server.port}", NAME), spoil


def spoilt(server: Upstream, how: str) -> None:
    if how == "slow":
        server.delay = 2
    else:
        server.behaviour = how


def model_server(folder: str, log: Path, spool: Path) -> ModelServerProcess:
    options = [f"--spool={spool}", "--segment-seconds=0.3"]
    return ModelServerProcess(
        Path(folder), Model.load(folder).digest, NAME, log=log, options=options
    )


def backend(name: str, server: ModelServerProcess) -> Backend:
    return Backend(name, server.address.removeprefix("http://"), NAME)


@dataclass(frozen=True)
class Deployment:
    """A proxy in front of champion and challenger."""

    url: str
    target: EnvoyTarget


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Callable[[TrafficPlan], Deployment]]:
    """Starts Envoy with a plan; it is stopped after the test."""
    with ExitStack() as stack:

        def deployed(plan: TrafficPlan) -> Deployment:
            proxy = stack.enter_context(EnvoyProcess(tmp_path / "proxy", plan))
            return Deployment(proxy.address, EnvoyTarget(tmp_path / "proxy"))

        yield deployed


Deploy = Callable[[TrafficPlan], Deployment]
Broken = tuple[Backend, Callable[[], None]]


def assert_champion_alone_is_heard(deploy: Deploy, champion: Backend, broken: Broken) -> None:
    shadow, spoil = broken
    deployment = deploy(TrafficPlan(champion, shadow, mirror=WHOLE))
    sent = ask(deployment.url, REQUESTS, "shadow-", rate=RATE, at_a_third=spoil)
    assert sent.errors == 0, sent.to_json()
    assert sent.by_role == {"champion": REQUESTS}
    mirror = deployment.target.observe().mirror
    assert mirror
    assert mirror.copies == REQUESTS
    assert mirror.answers >= REQUESTS // 4


def test_a_shadow_that_dies_or_hangs_is_not_noticed(
    deploy: Deploy, champion: Backend, broken_server: Broken
) -> None:
    assert_champion_alone_is_heard(deploy, champion, broken_server)


def test_a_shadow_that_answers_late_or_badly_is_not_noticed(
    deploy: Deploy, champion: Backend, broken_answers: Broken
) -> None:
    assert_champion_alone_is_heard(deploy, champion, broken_answers)


def assert_the_champion_steps_in(deploy: Deploy, champion: Backend, broken: Broken) -> None:
    challenger, spoil = broken
    deployment = deploy(TrafficPlan(champion, challenger, weight=WHOLE // 10))
    sent = ask(deployment.url, REQUESTS, "canary-", rate=RATE, at_a_third=spoil)
    assert sent.errors == 0, sent.to_json()
    assert 0 < sent.by_role["challenger"] < REQUESTS // 10
    assert sent.by_role.total() == REQUESTS
    assert deployment.target.observe().fallbacks > 0


def test_a_challenger_that_dies_or_hangs_costs_no_user_an_answer(
    deploy: Deploy, champion: Backend, broken_server: Broken
) -> None:
    assert_the_champion_steps_in(deploy, champion, broken_server)


def test_a_challenger_that_answers_late_or_badly_costs_no_user_an_answer(
    deploy: Deploy, champion: Backend, broken_answers: Broken
) -> None:
    assert_the_champion_steps_in(deploy, champion, broken_answers)


def test_a_sidecar_killed_again_and_again_under_load_stores_every_answer_exactly_once(
    deploy: Deploy, champion: Backend, models: list[str], spool: Path, tmp_path: Path
) -> None:
    store, load_is_over = tmp_path / "store", threading.Event()

    def sidecar() -> SidecarProcess:
        return SidecarProcess(
            [spool], str(store), state=tmp_path / "state", log=tmp_path / "sidecar.log",
            python=environment("sidecar").python, options=["--interval", "0.05"],
        )  # fmt: skip

    def load(url: str) -> int:
        rounds = 0
        while not load_is_over.is_set() and rounds < 30:
            sent = ask(url, RATE // 2, f"sealed-{rounds}-", rate=RATE // 2)
            assert sent.errors == 0, sent.to_json()
            rounds += 1
        return rounds

    with model_server(models[1], tmp_path / "server.log", spool) as shadow:
        deployment = deploy(TrafficPlan(champion, backend("shadow", shadow), mirror=WHOLE))
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(load, deployment.url)
            try:
                for number in range(KILLS):
                    with sidecar() as sealing:
                        time.sleep(0.03 * (number % 7))  # each time at another point of its work
                        os.kill(sealing.pid, signal.SIGKILL)
            finally:
                load_is_over.set()
            rounds = loading.result(timeout=60)
    expected = {
        (f"sealed-{number}-{row}", role)
        for number in range(rounds)
        for row in range(RATE // 2)
        for role in ("champion", "shadow")
    }
    with sidecar():
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            times = Counter(
                (row["request_id"], row["role"])
                for row in logged(store)
                if row["request_id"].startswith("sealed-")
            )
            if len(times) >= len(expected):
                break
            time.sleep(0.2)
    assert times == Counter(expected)
    assert rounds >= 5
