"""Starting, losing and stopping Envoy."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.network import free_port
from phasegate.traffic.envoy.folder import Folder
from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import TrafficPlan
from tests.traffic.conftest import Proxy
from tests.traffic.load import load, send
from tests.traffic.upstream import Upstream
from tests.waiting import until


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits for somebody to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_envoy_ends_when_the_process_that_started_it_is_killed(
    plan: TrafficPlan, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.traffic.starter", str(tmp_path / "proxy")]
    command.append(json.dumps(plan.to_json()))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        pid, address = parent.stdout.readline().decode().split()
        assert send(address).status == 200
        parent.kill()
        parent.wait()
    until(lambda: has_ended(int(pid)))


def test_envoy_outlives_the_thread_that_started_it(plan: TrafficPlan, tmp_path: Path) -> None:
    envoy = EnvoyProcess(tmp_path / "proxy", plan)
    thread = threading.Thread(target=envoy.__enter__)
    thread.start()
    thread.join()
    try:
        time.sleep(0.1)  # for a signal that must not come
        assert envoy.poll() is None
        assert send(envoy.address).status == 200
    finally:
        assert envoy.stop() == 0
    assert envoy.stop() == 0


def test_envoy_that_stops_answers_what_it_has_accepted(
    plan: TrafficPlan, champion: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    champion.delay = 0.5
    answers = []
    client = threading.Thread(target=lambda: answers.append(send(proxy.address)))
    client.start()
    proxy.until(lambda state: state.champion.active == 1)
    assert proxy.process.stop() == 0
    client.join()
    assert [answer.status for answer in answers] == [200]
    with pytest.raises(ConnectionRefusedError):
        send(proxy.address)


def test_envoy_that_stops_lets_copies_end(
    plan: TrafficPlan, challenger: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan.with_mirror(10_000))
    challenger.delay = 0.5
    assert send(proxy.address).status == 200
    proxy.until(lambda state: state.mirror.active == 1)
    proxy.process._drain()  # the first half of `stop`, after which Envoy can still be asked
    mirror = proxy.target.observe().mirror
    assert (mirror.active, mirror.answers) == (0, 1)


def test_envoy_that_stops_under_load_answers_all_that_reached_it(
    plan: TrafficPlan, champion: Upstream, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    champion.delay = 0.02
    with load(proxy.address, clients=4) as requests, idle_connection(proxy):
        requests.wait_for(20)
        assert proxy.process.stop() == 0
    # The others met a closed port, or one that was closed while they connected.
    assert {answer.status for answer in requests.answers} == {200, 0}
    assert requests.by[champion.name] == len(champion.received)


def test_envoy_follows_the_plan_that_was_applied_last_when_it_starts_again(
    plan: TrafficPlan, challenger: Upstream, start: Callable[..., Proxy]
) -> None:
    first = start(plan)
    first.target.apply(plan.with_weight(10_000))
    first.process.stop()
    second = start(None)
    assert send(second.address).by == challenger.name


def test_a_plan_for_an_envoy_that_died_is_kept_until_it_starts_again(
    plan: TrafficPlan, challenger: Upstream, start: Callable[..., Proxy]
) -> None:
    proxy = start(plan)
    os.kill(proxy.process.pid, signal.SIGKILL)
    with pytest.raises(Unavailable, match="Envoy does not answer"):
        proxy.until(lambda _: False)
    with pytest.raises(Unavailable, match=r"^127\.0\.0\.1:\d+: Envoy does not answer \(.*\)\. "):
        proxy.target.apply(plan.with_weight(10_000))
    assert send(start(None).address).by == challenger.name


def test_envoy_that_cannot_listen_says_why(plan: TrafficPlan, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        envoy = EnvoyProcess(tmp_path / "proxy", plan, port=taken.getsockname()[1])
        with pytest.raises(Unavailable, match="Address already in use"), envoy:
            pass
    assert envoy.poll() is not None


def test_two_envoys_do_not_share_a_folder(
    plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    with pytest.raises(Unavailable, match="another Envoy runs in"):
        start(plan.with_weight(1))
    assert send(proxy.address).status == 200
    assert EnvoyTarget(proxy.folder).observe().champion.answers == 1
    assert Folder(proxy.folder).plan() == plan


def test_envoy_listens_where_it_is_told(plan: TrafficPlan, tmp_path: Path) -> None:
    port, admin = free_port(), free_port()
    with EnvoyProcess(tmp_path / "proxy", plan, port=port, admin_port=admin) as envoy:
        assert envoy.address == f"http://127.0.0.1:{port}"
        assert envoy.admin.address == f"127.0.0.1:{admin}"


def test_the_admin_interface_does_not_stop_envoy_or_change_it(
    plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy]
) -> None:
    proxy = start(plan)
    admin = f"http://{proxy.process.admin.address}"
    for path in ("/quitquitquit", "/logging?level=debug", "/healthcheck/fail"):
        assert send(admin, path=path).status == 403
    assert proxy.process.poll() is None


def test_without_a_plan_there_is_nothing_to_start(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="there is no traffic plan"),
        EnvoyProcess(tmp_path / "proxy"),
    ):
        pass


def test_a_folder_without_a_proxy_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no proxy was started here"):
        EnvoyTarget(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(plan: TrafficPlan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(BadInput, match=r"file/proxy: the proxy's folder cannot be made"),
        EnvoyProcess(tmp_path / "file" / "proxy", plan),
    ):
        pass


def test_a_damaged_plan_is_named(
    plan: TrafficPlan, tmp_path: Path, start: Callable[..., Proxy]
) -> None:
    start(plan).process.stop()
    (tmp_path / "proxy" / "plan.json").write_text("{")
    with pytest.raises(BadInput, match=r"plan\.json: this is no JSON"):
        start(None)


def idle_connection(proxy: Proxy) -> socket.socket:
    """A connection on which no request comes."""
    host, port = proxy.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)))
