"""`phasegate release` on what is served here: a real proxy, registry and store."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from phasegate.local.environments import ROOT
from phasegate.release.record import Status
from phasegate.release.store import default_uri, open_releases
from phasegate.traffic.plan import TrafficPlan
from tests.release.drivers.conftest import Place, places
from tests.release.samples import START
from tests.waiting import until

PROJECT = ROOT / "examples" / "card-fraud.yaml"
WHY = "a reason of enough characters"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def served(mlflow_server: str, workspace: Path) -> Iterator[Place]:
    """A champion and a challenger, as `phasegate serve` says that it serves them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        for place in places(workspace):
            name = place.setting.model
            folder = workspace / "serving" / name
            folder.mkdir(parents=True)
            servers = (place.champion, place.challenger)
            models = {
                role: {
                    "version": str(version),
                    "digest": version.model_digest,
                    "folder": "",
                    "address": server.backend.address,
                }
                for role, version, server in zip(
                    ("champion", "challenger"), place.versions, servers, strict=True
                )
            }
            admin = (Path(place.setting.proxy) / "admin-address").read_text().strip()
            running = {
                "name": name, "url": place.address, "admin": admin,
                "proxy": place.setting.proxy, "log": str(workspace / "log"),
                "sidecar": "", "pid": 0, "models": models,
            }  # fmt: skip
            (folder / "running.json").write_text(json.dumps(running))
            yield place


@pytest.fixture
def phasegate(workspace: Path, mlflow: str) -> Run:
    """Runs the command; asserts its exit code."""
    del mlflow

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(workspace, *arguments), capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def command(workspace: Path, *arguments: str) -> list[str]:
    """The command line of `phasegate release`."""
    return [
        sys.executable, "-m", "phasegate.cli", "release", *arguments, "--workspace", str(workspace)
    ]  # fmt: skip


def at(days: float) -> str:
    """An option: so many days after the start."""
    return f"--now={(START + timedelta(days=days)).isoformat()}"


def test_a_release_by_hand_from_start_to_rollback(
    served: Place, phasegate: Run, workspace: Path
) -> None:
    target, name = served.world.target, served.setting.model
    assert "no release" in phasegate("status", name).stdout
    started = json.loads(
        phasegate("start", f"--project={PROJECT}", f"--reason={WHY}", at(0), "--json").stdout
    )
    assert (started["status"], started["phase"]["name"]) == ("running", "shadow")
    assert target.observe().mirror.share == 10_000
    again = phasegate("start", f"--project={PROJECT}", at(0), code=2)
    assert "is running" in again.stderr

    look = json.loads(phasegate("step", f"--project={PROJECT}", at(0.1), "--json").stdout)
    assert (look["action"], look["recorded"], look["problems"]) == ("hold", True, [])
    refused = phasegate("advance", f"--reason={WHY}", at(0.1), code=2)
    assert "it cannot go on" in refused.stderr

    assert "at least 10 characters" in phasegate("freeze", "--reason=no", at(0.2), code=2).stderr
    phasegate("freeze", f"--reason={WHY}", at(0.2))
    assert "frozen" in phasegate("status", at(0.2)).stdout
    phasegate("resume", f"--reason={WHY}", at(0.3))
    phasegate("rollback", f"--reason={WHY}", at(0.4))
    assert served.aliases == {"champion": 1}
    assert target.observe().challenger is None
    page = workspace / "page.html"
    phasegate("report", "--output", str(page))
    assert WHY in page.read_text()
    releases = open_releases(default_uri(workspace))
    assert releases.head(name).record.status is Status.ROLLED_BACK


def test_the_guard_rolls_back_when_the_command_kills(
    served: Place, phasegate: Run, workspace: Path
) -> None:
    target, name = served.world.target, served.setting.model
    target.apply(TrafficPlan(served.champion.backend, served.challenger.backend))
    phasegate("start", f"--project={PROJECT}", f"--challenger={name}/2", f"--reason={WHY}", at(9))
    guard = subprocess.Popen(
        command(workspace, "watch", "--every=0.2", at(9)), stdout=subprocess.PIPE, text=True
    )
    try:
        assert "shadow, 0 %" in guard.stdout.readline()
        phasegate("kill", f"--reason={WHY}")
        releases = open_releases(default_uri(workspace))
        until(lambda: releases.head(name).record.settled)
    finally:
        guard.send_signal(signal.SIGINT)
        said, _ = guard.communicate(timeout=20)
    assert guard.returncode == 0
    assert "rolled back" in said
    assert releases.head(name).actor == "guard"
    assert "kill switch" in releases.head(name).record.reason
    assert "kill switch is on" in phasegate(
        "start", f"--project={PROJECT}", f"--challenger={name}/2", at(10), code=2
    ).stderr  # fmt: skip
    phasegate("revive", f"--reason={WHY}")
    assert not target.observe().killed


def test_without_rules_or_a_served_model_it_says_what_to_do(
    served: Place, phasegate: Run, tmp_path: Path
) -> None:
    assert "--project PROJECT.yaml" in phasegate("start", code=2).stderr
    assert "phasegate serve" in phasegate("step", "nothing", code=2).stderr
    assert "is not a time" in phasegate("step", "--now=soon", code=2).stderr
    elsewhere = phasegate("status", "--store", str(tmp_path), code=2)
    assert "no releases are kept here" in elsewhere.stderr
    assert served.setting.model
