"""``phasegate submit`` as a person meets it."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from phasegate.cli.__main__ import main
from phasegate.cli.console import err
from phasegate.errors import ExitCode
from tests.kubeflow.conftest import ROOT
from tests.kubeflow.fake import FakeKubeflow
from tests.kubeflow.samples import SMALL
from tests.waiting import until

PROJECT = str(ROOT / "examples" / "card-fraud.yaml")
STORE = ("--store", "gs://bucket/store")
PASSED = {"ingest": "SUCCEEDED", "validate": "SUCCEEDED", "register": "SUCCEEDED"}
SECONDS = 60
T = TypeVar("T")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard error, whose stream the command keeps from when it was loaded."""
    stream = io.StringIO()
    monkeypatch.setattr(err, "file", stream)
    return stream


@pytest.fixture
def run(fake: FakeKubeflow, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command, in this process."""

    def call(*arguments: str, address: str = fake.url) -> int:
        options = ("--endpoint", address, "--every", "0.05", "--retry-seconds", "0.5")
        monkeypatch.setattr(sys, "argv", ["phasegate", "submit", *arguments, *options])
        return main()

    return call


def _carry_on(
    fake: FakeKubeflow, state: str, tasks: Mapping[str, str | tuple[str, str]], error: str = ""
) -> threading.Thread:
    """Let the run that will be started go on and end."""

    def work() -> None:
        run_id = until(lambda: fake.runs)[0]["run_id"]
        fake.advance(run_id, "RUNNING", dict.fromkeys(tasks, "RUNNING"))
        looks = len(fake.requests)
        until(lambda: len(fake.requests) > looks + 1)
        fake.advance(run_id, state, tasks, error=error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_training_is_submitted_followed_and_passes(
    fake: FakeKubeflow,
    run: Callable[..., int],
    said: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    thread = _carry_on(fake, "SUCCEEDED", PASSED)
    assert run(PROJECT, *STORE) == ExitCode.PASSED
    thread.join()
    (made,) = fake.runs
    link = f"{fake.url}/#/runs/details/{made['run_id']}"
    assert link in said.getvalue()
    assert link in capsys.readouterr().out
    for step in PASSED:
        assert f"✓ {step}" in said.getvalue()
    parameters = made["runtime_config"]["parameters"]
    assert parameters["name"] == "card-fraud"
    assert parameters["store"] == "gs://bucket/store"
    assert json.loads(parameters["training"])["rounds"] == 400
    assert [one["display_name"] for one in fake.experiments] == ["Default", "card-fraud"]
    assert [one["name"] for one in fake.pipelines] == ["phasegate-training"]


@pytest.mark.usefixtures("said")
def test_a_block_is_exit_code_1_and_json_says_all(
    fake: FakeKubeflow, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    thread = _carry_on(fake, "SUCCEEDED", {"ingest": "SUCCEEDED", "record-block-3": "SUCCEEDED"})
    assert run(PROJECT, *STORE, "--json") == ExitCode.BLOCKED
    thread.join()
    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == 1
    assert found["state"] == "SUCCEEDED"
    assert found["reason"] == "blocked by a gate"
    assert found["uploaded"]
    assert found["version"] == f"phasegate-training-{found['digest'][:12]}"
    assert [one["name"] for one in found["tasks"]] == ["ingest", "record-block-3"]
    assert found["run_id"] == fake.runs[0]["run_id"]


@pytest.mark.parametrize(
    ("error", "code"), [("main: Error (exit code 2)", 2), ("main: Error (exit code 1)", 3)]
)
def test_a_run_that_fails_says_where_and_why(
    fake: FakeKubeflow, run: Callable[..., int], said: io.StringIO, error: str, code: int
) -> None:
    thread = _carry_on(fake, "FAILED", {"ingest": ("FAILED", error)}, error="ingest failed")
    assert run(PROJECT, *STORE) == code
    thread.join()
    assert "✗ ingest" in said.getvalue()
    assert error in said.getvalue()


def test_without_waiting_the_run_is_started_and_left(
    fake: FakeKubeflow, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(PROJECT, *STORE, "--no-wait") == ExitCode.PASSED
    assert fake.runs[0]["run_id"] in capsys.readouterr().out
    assert fake.runs[0]["state"] == "PENDING"


@pytest.mark.parametrize("pipeline", ["release", "monitoring"])
def test_the_other_pipelines_get_their_own_parameters(
    fake: FakeKubeflow, run: Callable[..., int], pipeline: str
) -> None:
    options = ("--target", "kserve-gateway:a/card-fraud", "--flags", "flags:make", "--no-wait")
    assert run(PROJECT, "--pipeline", pipeline, *STORE, *options) == ExitCode.PASSED
    parameters = fake.runs[0]["runtime_config"]["parameters"]
    assert parameters["target"] == "kserve-gateway:a/card-fraud"
    assert parameters["flags"] == "flags:make"
    assert json.loads(parameters["policy"])


def test_a_deployment_is_told_where_servers_fetch_models_from(
    fake: FakeKubeflow, run: Callable[..., int], said: io.StringIO
) -> None:
    options = ("--target", "kserve-gateway:a/card-fraud", "--flags", "flags:make", "--no-wait")
    arguments = (PROJECT, "--pipeline", "deployment", *STORE, *options)
    assert run(*arguments) == ExitCode.BAD_INPUT
    assert "models is not given" in said.getvalue()
    named = ("--param", "models=gs://models/fraud", "--param", "version=card-fraud/3")
    assert run(*arguments, *named) == ExitCode.PASSED
    parameters = fake.runs[0]["runtime_config"]["parameters"]
    assert {"models", "version", "policy", "name", "store", "target", "flags"} == set(parameters)
    assert parameters["version"] == "card-fraud/3"
    assert [one["name"] for one in fake.pipelines] == ["phasegate-deployment"]


def test_a_file_that_is_not_ours_takes_parameters_by_name(
    fake: FakeKubeflow, run: Callable[..., int], tmp_path: Path
) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    options = ("--pipeline", str(path), "--param", "text=a", "--param", "count=5", "--no-wait")
    assert run(*options) == ExitCode.PASSED
    assert fake.runs[0]["runtime_config"]["parameters"] == {"text": "a", "count": 5}
    assert [one["display_name"] for one in fake.experiments] == ["Default", "small"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((PROJECT,), ["store is not given"]),
        ((PROJECT, *STORE, "--param", "trainin=x"), ["it takes no 'trainin' (but 'training')"]),
        ((PROJECT, "--pipeline", "trainig"), ["there is no pipeline 'trainig'"]),
        ((PROJECT, "--pipeline", "/nowhere.yaml"), ["there is no such file"]),
        (("/nowhere/project.yaml",), ["there is no such project file"]),
        ((), ["are not given"]),
        (("--prefix", "--param", "store=a"), ["are not given"]),
    ],
)
def test_bad_input_is_told_before_anything_is_sent(
    fake: FakeKubeflow,
    run: Callable[..., int],
    said: io.StringIO,
    arguments: tuple[str, ...],
    words: list[str],
) -> None:
    assert run(*arguments) == ExitCode.BAD_INPUT
    for word in words:
        assert word in said.getvalue()
    assert fake.requests == []


def test_a_backend_that_is_down_is_bad_input_in_words(
    fake: FakeKubeflow, run: Callable[..., int], said: io.StringIO
) -> None:
    with fake.down():
        assert run(PROJECT, *STORE) == ExitCode.BAD_INPUT
    assert "Kubeflow Pipelines does not answer" in said.getvalue()
    assert "Traceback" not in said.getvalue()


@pytest.mark.parametrize(("status", "word"), [(401, "does not accept"), (403, "not allowed")])
def test_a_backend_that_says_no_is_told_in_words(
    fake: FakeKubeflow, run: Callable[..., int], said: io.StringIO, status: int, word: str
) -> None:
    fake.fail("*", ".", status=status, times=None)
    assert run(PROJECT, *STORE) == ExitCode.BAD_INPUT
    assert word in said.getvalue()


def _project(folder: Path, more: str) -> str:
    text = Path(PROJECT).read_text(encoding="utf-8")
    path = folder / "project.yaml"
    path.write_text(f"{text}\n{more}", encoding="utf-8")
    return str(path)


def test_a_projects_settings_of_a_cluster_must_be_compiled_in(
    fake: FakeKubeflow, run: Callable[..., int], said: io.StringIO, tmp_path: Path
) -> None:
    path = _project(tmp_path, "kubernetes:\n  node_selector: {pool: training}\n")
    assert run(path, *STORE, "--no-wait") == ExitCode.BAD_INPUT
    assert "phasegate compile --project" in said.getvalue()
    assert fake.requests == []
    compiled = tmp_path / "compiled"
    compiled.mkdir()
    plain = (ROOT / "pipelines" / "compiled" / "training.yaml").read_text(encoding="utf-8")
    (compiled / "training.yaml").write_text(plain, encoding="utf-8")
    assert run(path, *STORE, "--no-wait", "--compiled", str(compiled)) == ExitCode.PASSED


def test_pods_have_the_projects_service_account_or_the_one_that_is_named(
    fake: FakeKubeflow, run: Callable[..., int], said: io.StringIO, tmp_path: Path
) -> None:
    path = _project(tmp_path, "kubernetes:\n  service_account: trainer\n")
    assert run(path, *STORE, "--no-wait") == ExitCode.PASSED
    assert run(path, *STORE, "--no-wait", "--service-account", "other") == ExitCode.PASSED
    assert [one["service_account"] for one in fake.runs] == ["trainer", "other"]
    assert "careful: data, monitoring: paths of this machine" in said.getvalue()
