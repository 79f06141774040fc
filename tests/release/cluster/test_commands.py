"""The commands on a cluster, in the environment that the guard's image is made of."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from phasegate.errors import ExitCode
from phasegate.local.environments import ROOT, environment
from phasegate.network import free_port
from phasegate.release.drivers.liveness import Heartbeat, told
from phasegate.release.drivers.step import step
from phasegate.release.record import Status
from tests.release.cluster.conftest import Site
from tests.release.drivers.test_guard import WHY
from tests.release.samples import DAY, START
from tests.traffic.kserve.overlay import MODEL, NAMESPACE
from tests.waiting import until

SOON = START + 8 * DAY + timedelta(minutes=5)
TARGET = f"kserve-gateway:{NAMESPACE}/{MODEL}"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter of environment core."""
    return str(environment("core").python)


@pytest.fixture
def canary(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A release that gives the challenger 10 %."""
    monkeypatch.setenv("KUBECONFIG", str(site.place.kubeconfig))
    step(site.world(), START)
    step(site.world(), START + 8 * DAY)
    return site


@pytest.fixture
def phasegate(python: str) -> Run:
    """Runs the command in environment core; asserts its exit code."""

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [python, "-m", "phasegate.cli", *arguments],
            capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def test_the_command_starts_without_what_only_authors_need(python: str) -> None:
    code = (
        "import sys, phasegate.cli.__main__\n"
        "heavy = {'kfp', 'ruamel', 'jsonschema', 'mlflow', 'kubernetes', 'kserve', 'duckdb',"
        " 'pyarrow', 'numpy', 'xgboost'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


@contextmanager
def guard(python: str, site: Site, *options: str) -> Iterator[subprocess.Popen[str]]:
    """``phasegate release watch`` as the guard's pod runs it."""
    command = [
        python, "-m", "phasegate.cli", "release", "watch", MODEL, f"--target={TARGET}",
        f"--store={site.store}", f"--flags={site.flags}", "--every=0.3",
        f"--now={SOON.isoformat()}", *options,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PHASEGATE_WORKSPACE": "/nonexistent"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors + said


def test_the_guard_watches_corrects_and_rolls_back(canary: Site, python: str) -> None:
    port = free_port()
    with guard(python, canary, f"--health-port={port}") as process:
        assert "canary, 10 %" in process.stdout.readline()
        assert healthy(port) == 200
        canary.by_hand(6_000)
        line = process.stdout.readline()
        assert "kubectl-edit" in line
        assert "now 10 %" in line
        canary.target.kill()
        until(lambda: canary.record().settled, seconds=60)
        assert healthy(port) == 200
    record = canary.record()
    assert (record.status, record.reason) == (
        Status.ROLLED_BACK, "the proxy's kill switch is pulled",
    )  # fmt: skip
    assert canary.aliases == {"champion": canary.versions[0].version}


def healthy(port: int, path: str = "/healthz") -> int:
    """Status of an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_guard_whose_looks_do_not_end_is_not_healthy() -> None:
    now = [100.0]
    heartbeat = Heartbeat(30.0, lambda: now[0])
    with told(heartbeat, 0) as port:
        assert healthy(port) == 200
        assert healthy(port, "/") == 404
        now[0] += 90.0
        assert healthy(port) == 200
        now[0] += 0.1
        assert healthy(port) == 503
        heartbeat.beat()
        assert healthy(port) == 200
    assert Heartbeat(2.0).limit == 60.0


def test_what_a_person_does(canary: Site, phasegate: Run) -> None:
    at = f"--now={SOON.isoformat()}"
    where = f"--target={TARGET}", f"--store={canary.store}"
    assert "canary" in phasegate("release", "status", *where, at).stdout
    phasegate("release", "freeze", *where, f"--reason={WHY}", at)
    assert canary.record().status is Status.FROZEN
    shown = phasegate("traffic", "show", f"--target={TARGET}").stdout
    assert TARGET in shown
    assert "10 %" in shown
    phasegate("release", "rollback", *where, f"--reason={WHY}", at)
    assert canary.record().status is Status.ROLLED_BACK
    assert canary.target.observe().challenger is None
    phasegate("traffic", "kill", f"--target={TARGET}")
    assert canary.target.observe().killed
    phasegate("release", "revive", *where)
    assert not canary.target.observe().killed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--target=kserve-gateway:models",), "'' is no name"),
        (("--target=kserve-gateway:Models/card-fraud",), "'Models' is no namespace"),
        (("--target=nginx:models/card-fraud",), "expected envoy:/folder, kserve-gateway:"),
        ((f"--target={TARGET}",), "no store of releases is named"),
        ((f"--target={TARGET}", "--store=s", "other"), "is the traffic of card-fraud"),
        (("--target=envoy:/folder", "--store=s"), "no model is named"),
    ],
)
def test_addresses_that_are_none_are_bad_input(
    phasegate: Run, options: tuple[str, ...], said: str
) -> None:
    done = phasegate("release", "rollback", f"--reason={WHY}", *options, code=ExitCode.BAD_INPUT)
    assert said in " ".join(done.stderr.split())


def test_rules_of_a_project_file_need_another_environment(phasegate: Run) -> None:
    done = phasegate(
        "release", "step", f"--target={TARGET}", "--store=s",
        f"--project={ROOT / 'examples' / 'card-fraud.yaml'}", code=ExitCode.BAD_INPUT,
    )  # fmt: skip
    assert "environment author" in " ".join(done.stderr.split())
