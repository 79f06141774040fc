"""``phasegate schedule`` as a person meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from phasegate.cli.__main__ import main
from phasegate.errors import ExitCode
from tests.kubeflow.conftest import ROOT
from tests.kubeflow.fake import FakeKubeflow
from tests.scheduling.conftest import Declare
from tests.waiting import until

Run = Callable[..., int]
SECONDS = 60


@pytest.fixture
def run(fake: FakeKubeflow, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, in this process, on a Sunday afternoon."""
    monkeypatch.setenv("PHASEGATE_NOW", "2026-11-29T15:55:00+00:00")

    def call(*arguments: object) -> int:
        options = ("--endpoint", fake.url, "--retry-seconds", "0.3")
        words = [str(one) for one in arguments]
        monkeypatch.setattr(sys, "argv", ["phasegate", "schedule", *words, *options])
        return main()

    return call


def test_plan_apply_plan(
    run: Run, declare: Declare, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare("nightly", more="zone: Europe/Berlin")
    assert run("plan", file) == ExitCode.PASSED
    said = capsys.readouterr().out
    assert "+ nightly: create" in said
    assert "next: Mon 2026-11-30 03:00:00, Tue 2026-12-01 03:00:00" in said
    assert "from 2027-03-28 on" in said
    assert "1 to change, 0 as they are" in said
    assert run("plan", file, "--exit-code") == ExitCode.BLOCKED
    assert run("apply", file, "--settle", 0) == ExitCode.PASSED
    assert "create nightly" in capsys.readouterr().out
    assert run("plan", file, "--exit-code") == ExitCode.PASSED
    assert "= nightly: unchanged" in capsys.readouterr().out


def test_a_change_is_shown_key_by_key(
    run: Run, declare: Declare, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare("nightly", model='{\\"a\\": 1, \\"b\\": {\\"c\\": 2, \\"token\\": \\"x\\"}}')
    run("apply", file, "--settle", 0)
    declare("nightly", cron="0 0 4 * * *",
            model='{\\"a\\": 1, \\"b\\": {\\"c\\": 3, \\"token\\": \\"y\\"}}')  # fmt: skip
    capsys.readouterr()
    run("plan", file)
    said = capsys.readouterr().out
    assert "cron: 0 0 3 * * * -> 0 0 4 * * *" in said
    assert "parameters.model.b.c: 2 -> 3" in said
    assert "parameters.model.b.token: (not shown) -> (not shown)" in said
    assert "model.a" not in said
    run("plan", file, "--json")
    summary = json.loads(capsys.readouterr().out)
    replaced, retired = summary["changes"]
    assert (replaced["change"], retired["change"]) == ("replace", "retire")
    assert {"what": "parameters.model.b.c", "before": 2, "after": 3} in replaced["differences"]
    assert replaced["next_runs"][0] == "2026-11-30T04:00:00+00:00"


def test_by_hand(
    run: Run, declare: Declare, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare("nightly", more="respect_pause: true")
    run("apply", file)
    assert run("pause", "nightly", "--file", file) == ExitCode.PASSED
    run("list", file)
    assert "off" in capsys.readouterr().out
    assert run("plan", file, "--exit-code") == ExitCode.PASSED
    assert "| nightly: held, it was switched off by hand" in capsys.readouterr().out
    assert run("resume", "nightly", "--file", file) == ExitCode.PASSED
    capsys.readouterr()
    run("list", file, "--json")
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["enabled"], listed["declared"], listed["in_flight"]) == (True, True, 0)
    assert run("delete", "nightly", "--file", file, "--settle", 0, "--json") == ExitCode.PASSED
    assert len(json.loads(capsys.readouterr().out)["deleted"]) == 1
    assert run("delete", "nightly", "--file", file) == ExitCode.BAD_INPUT


def test_bad_input_and_a_backend_that_is_down(
    fake: FakeKubeflow, run: Run, declare: Declare, file: Path
) -> None:
    assert run("plan", file) == ExitCode.BAD_INPUT, "there is no file"
    declare("nightly")
    with fake.down():
        assert run("plan", file) == ExitCode.BAD_INPUT
    file.write_text(file.read_text().replace("0 0 3 * * *", "0 3 * * *"))
    assert run("apply", file) == ExitCode.BAD_INPUT
    assert fake.recurring_runs == []


def test_a_process_killed_in_between_is_gone_on_from(
    fake: FakeKubeflow, run: Run, declare: Declare, file: Path
) -> None:
    declare("a", "b", "c")
    run("apply", file)
    declare("a", "b", "c", cron="0 0 4 * * *")
    fake.fail("POST", "/recurringruns", status=None, times=1)  # the first goes through
    fake.fail("POST", "/recurringruns", delay=SECONDS, status=None)
    began = len(fake.requests)
    child = subprocess.Popen(
        [sys.executable, "-m", "phasegate.cli", "schedule", "apply", str(file),
         "--endpoint", fake.url],
        cwd=ROOT, env={**os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: len(fake.recurring_runs) >= 4 or child.poll() is not None)
        assert child.poll() is None
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert len(fake.requests) > began
    fake.heal()
    assert sum(one["mode"] == "ENABLE" for one in fake.recurring_runs) >= 4, "nothing is lost"
    assert run("apply", file, "--settle", 0) == ExitCode.PASSED
    assert run("plan", file, "--exit-code") == ExitCode.PASSED
    crons = [one["trigger"]["cron_schedule"]["cron"] for one in fake.recurring_runs]
    assert crons == ["0 0 4 * * *"] * 3
