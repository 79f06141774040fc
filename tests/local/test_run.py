"""The local runner: kfp's orchestrator over compiled YAML, our steps in their environments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kfp import compiler, dsl
from kfp.dsl import Input, Output

from components.types import FeatureSet
from phasegate.errors import ExitCode
from phasegate.local.environments import ROOT, Environment
from phasegate.local.record import RunRecord, State, StepRecord
from phasegate.local.run import run_pipeline
from phasegate.local.workspace import Workspace
from tests.processes import alive
from tests.waiting import until


def _spec() -> dsl.ContainerSpec:
    return dsl.ContainerSpec(
        image="phasegate/probe:1",
        command=["python", "-m", "tests.local.probe"],
        args=["--executor-input", "{{$}}"],
    )


# ruff: noqa: ARG001  (KFP reads a component's signature; its body only names the container)


@dsl.container_component
def first(behaviour: str, trace: str, made: Output[FeatureSet], outcome: dsl.OutputPath(str)):
    return _spec()


@dsl.container_component
def second(
    behaviour: str, trace: str, given: Input[FeatureSet], made: Output[FeatureSet],
    outcome: dsl.OutputPath(str),
):  # fmt: skip
    return _spec()


@dsl.pipeline(name="probe")
def chain(behaviour: str, trace: str, second_trace: str):
    one = first(behaviour=behaviour, trace=trace)
    one.set_retry(num_retries=2, backoff_duration="0s")
    one.set_caching_options(False)
    with dsl.If(one.outputs["outcome"] == "PASS"):
        second(behaviour="works", trace=second_trace, given=one.outputs["made"])
    with dsl.Else():
        second(behaviour="otherwise", trace=second_trace, given=one.outputs["made"])


@dsl.container_component
def last(behaviour: str, trace: str, status: dsl.PipelineTaskFinalStatus):
    return _spec()


@dsl.pipeline(name="cleared")
def cleared(behaviour: str, trace: str, second_trace: str, last_trace: str):
    """Work that fails, in a condition, and a task that runs however it went."""
    with dsl.ExitHandler(last(behaviour="ends", trace=last_trace)):
        one = first(behaviour="works", trace=trace)
        with dsl.If(one.outputs["outcome"] == "PASS"):
            two = first(behaviour=behaviour, trace=second_trace)
            two.set_retry(num_retries=2, backoff_duration="0s")
            second(behaviour="works", trace=trace, given=two.outputs["made"])
        with dsl.Else():
            first(behaviour="works", trace=trace)


@dsl.pipeline(name="unresolved")
def quoted(behaviour: str, trace: str):
    one = first(behaviour=behaviour, trace=trace)
    with dsl.If(one.outputs["outcome"] == "it's"):
        first(behaviour="works", trace=trace)
    with dsl.Else():
        first(behaviour="works", trace=trace)


class Notes:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.said: list[tuple[str, float, str]] = []

    def started(self, step: StepRecord) -> None:
        pass

    def progressed(self, step: StepRecord, fraction: float, message: str) -> None:
        self.said.append((step.name, fraction, message))

    def finished(self, step: StepRecord) -> None:
        pass


def here(_: str) -> Environment:
    """The environment of the tests themselves."""
    return Environment(Path(sys.prefix), ROOT / "requirements" / "test.txt")


class Runs:
    """Compiles a pipeline and runs it in one workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.notes = folder, Notes()

    def __call__(self, pipeline: object, behaviour: str, **names: str) -> RunRecord:
        compiled = self.folder / "pipeline.yaml"
        compiler.Compiler().compile(pipeline, str(compiled))
        record, _ = run_pipeline(
            compiled,
            {"behaviour": behaviour, **{k: str(self.folder / v) for k, v in names.items()}},
            project="probe",
            workspace=Workspace(self.folder / "workspace"),
            variables={"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"},
            observer=self.notes,
            environments=here,
        )
        return record

    def trace(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def run_chain(runs: Runs, behaviour: str) -> RunRecord:
    return runs(chain, behaviour, trace="first", second_trace="second")


def test_steps_run_in_order_with_progress_logs_and_a_record(runs: Runs) -> None:
    record = run_chain(runs, "works")
    assert (record.error, record.code, record.state) == ("", ExitCode.PASSED, State.DONE)
    assert [step.name for step in record.steps] == ["first", "second"]
    assert ("first", 0.5, "half way") in runs.notes.said
    assert Path(record.steps[0].log).read_text() == "a line of log\n"
    folder = Workspace(runs.folder / "workspace").runs / record.name
    assert RunRecord.load(folder) == record


def test_a_condition_takes_the_other_branch(runs: Runs) -> None:
    record = run_chain(runs, "blocks")
    assert runs.trace("second") == ["otherwise"]
    assert record.steps[-1].state is State.DONE


def test_bad_input_ends_the_run_without_retries(runs: Runs) -> None:
    record = run_chain(runs, "bad input")
    assert record.code == ExitCode.BAD_INPUT
    assert record.error == "first: a.csv: the column is missing."
    assert runs.trace("first") == ["bad input"]
    assert runs.trace("second") == []


def test_a_passing_fault_is_retried(runs: Runs) -> None:
    record = run_chain(runs, "fails once")
    assert record.code == ExitCode.PASSED
    assert [step.state for step in record.steps] == [State.FAILED, State.DONE, State.DONE]


def test_a_lasting_fault_ends_the_run_with_the_last_lines(runs: Runs) -> None:
    record = run_chain(runs, "dies")
    assert record.code == ExitCode.INTERNAL
    assert "ZeroDivisionError" in record.error
    assert len(runs.trace("first")) == 3
    assert any("ZeroDivisionError" in line for line in record.steps[-1].tail)


def test_a_step_is_reused_when_its_inputs_have_the_same_content(runs: Runs) -> None:
    run_chain(runs, "works")
    record = run_chain(runs, "works again")
    assert [step.state for step in record.steps] == [State.DONE, State.REUSED]
    assert runs.trace("first") == ["works", "works again"]
    assert runs.trace("second") == ["works"]


@pytest.mark.parametrize(
    ("behaviour", "code", "tries"),
    [
        ("works", ExitCode.PASSED, 1),
        ("bad input", ExitCode.BAD_INPUT, 1),
        ("dies", ExitCode.INTERNAL, 3),
    ],
)
def test_an_exit_task_runs_however_the_others_ended(
    runs: Runs, behaviour: str, code: int, tries: int
) -> None:
    record = runs(
        cleared, behaviour, trace="first", second_trace="second", last_trace="last"
    )  # fmt: skip
    assert record.code == code
    assert runs.trace("second") == [behaviour] * tries
    assert runs.trace("last") == ["ends"]
    failed = record.failed()
    assert (failed.name if failed else "") == ("" if behaviour == "works" else "first-2")


def test_a_condition_that_kfp_cannot_evaluate_is_an_error(runs: Runs) -> None:
    record = runs(quoted, "works", trace="first")
    assert record.code == ExitCode.INTERNAL
    assert "Condition evaluation failed" in record.error


@pytest.mark.parametrize("server", ["None", "ForkServer(here('').python)"])
def test_a_killed_command_leaves_no_step_behind(server: str) -> None:
    """The step's process ends when the command's end of its pipe closes, even by kill -9."""
    script = (
        "import json, time\n"
        "from phasegate.local.processes import ForkServer, order\n"
        "from phasegate.local.steps import StepProcess\n"
        "from tests.local.test_run import here\n"
        f"server = {server}\n"
        "process = StepProcess('tests.local.sleeper', here('')).start(server)\n"
        "order(process, [], {})\n"
        "pids = json.loads(process.stdout.readline())\n"
        "pids += [server._server.pid] if server else []\n"
        "print(pids, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as command:
        try:
            assert command.stdout
            pids = json.loads(command.stdout.readline())
        finally:
            command.kill()
    until(lambda: not alive(pids), f"{pids} end")
