"""A component's execution reads KFP's ExecutorInput and writes its ExecutorOutput."""

import json
from pathlib import Path
from typing import Any

import pytest

from phasegate.contracts import FeatureSet, execution
from phasegate.contracts.execution import local_path
from phasegate.errors import BadInput

TYPE = {"schemaTitle": "system.FeatureSet", "schemaVersion": "1.0.0"}


def executor_input(tmp_path: Path, artifacts: dict[str, Any] | None = None) -> dict[str, Any]:
    output = {"name": "feature_set", "type": TYPE, "uri": str(tmp_path / "out" / "feature_set")}
    return {
        "inputs": {
            "parameterValues": {"data": '{"time": null}', "broken": "{"},
            "artifacts": artifacts or {},
        },
        "outputs": {
            "artifacts": {"feature_set": {"artifacts": [output]}},
            "parameters": {"outcome": {"outputFile": str(tmp_path / "outcome")}},
            "outputFile": str(tmp_path / "deep" / "executor_output.json"),
        },
    }


def arguments(document: dict[str, Any]) -> list[str]:
    return ["--executor-input", json.dumps(document)]


def produce(step: Any) -> FeatureSet:
    (step.path("feature_set") / "features.parquet").write_bytes(b"PAR1")
    written = step.write(
        "feature_set",
        FeatureSet(rows=1, columns=1, snapshot_digest="s", definitions_digest="d"),
    )
    step.result("outcome", "PASS")
    return written


def output(tmp_path: Path) -> dict[str, Any]:
    return json.loads((tmp_path / "deep" / "executor_output.json").read_text())


def test_outputs_reach_the_executor_output_and_a_consumer_reads_them(tmp_path: Path) -> None:
    with execution("featurize", arguments(executor_input(tmp_path))) as step:
        written = produce(step)
    document = output(tmp_path)
    assert document["parameterValues"] == {"outcome": "PASS"}
    artifact = document["artifacts"]["feature_set"]["artifacts"][0]
    assert artifact["metadata"]["digest"] == written.digest

    consumed = executor_input(tmp_path, {"feature_set": {"artifacts": [artifact]}})
    with execution("train", arguments(consumed)) as step:
        assert step.read("feature_set", FeatureSet) == written
        assert step.json("data") == {"time": None}
        produce(step)


@pytest.mark.parametrize(
    ("artifact", "path"),
    [
        ({"uri": "/tmp/x"}, "/tmp/x"),
        ({"uri": "gs://bucket/a/b"}, "/gcs/bucket/a/b"),
        ({"uri": "minio://bucket/a"}, "/minio/bucket/a"),
        ({"uri": "s3://bucket/a"}, "/s3/bucket/a"),
        ({"uri": "gs://bucket/a", "customPath": "/mnt/a"}, "/mnt/a"),
    ],
)
def test_the_cluster_s_layouts_are_known(artifact: dict[str, str], path: str) -> None:
    assert local_path(artifact) == Path(path)


def test_bad_input_is_one_line_and_exit_code_2(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(SystemExit) as ended,
        execution("train", arguments(executor_input(tmp_path))),
    ):
        raise BadInput("column x is missing", where="a.csv")
    assert ended.value.code == 2
    assert capfd.readouterr().err == "::error a.csv: column x is missing.\n"


def test_a_full_disk_is_one_line_and_exit_code_2_whatever_library_met_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(SystemExit) as ended,
        execution("train", arguments(executor_input(tmp_path))),
    ):
        raise RuntimeError("could not write\nfile: No space left on device")
    assert ended.value.code == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "No space left on device; free space" in line


def test_an_unforeseen_error_keeps_its_traceback_and_exits_with_3(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(SystemExit) as ended,
        execution("train", arguments(executor_input(tmp_path))),
    ):
        raise ZeroDivisionError("division by zero")
    assert ended.value.code == 3
    said = capfd.readouterr().err
    assert "Traceback" in said
    assert said.splitlines()[-1].startswith("::error train failed unexpectedly: ZeroDivisionError")


def test_outputs_that_were_complete_survive_a_later_failure(tmp_path: Path) -> None:
    with (
        pytest.raises(SystemExit),
        execution("train", arguments(executor_input(tmp_path))) as step,
    ):
        produce(step)
        raise BadInput("too late")
    assert set(output(tmp_path)["artifacts"]) == {"feature_set"}


def test_an_output_that_was_promised_and_not_written_is_a_violation(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(SystemExit) as ended,
        execution("train", arguments(executor_input(tmp_path))),
    ):
        pass
    assert ended.value.code == 2
    assert "ended without writing feature_set, outcome" in capfd.readouterr().err


@pytest.mark.parametrize(
    "command",
    [[], ["--executor-input"], ["--executor-input", "{"], ["--executor-input", "[]"],
     ["--executor-input", '{"outputs": {}}'], ["--other", "{}"]],
)  # fmt: skip
def test_a_command_line_that_is_not_kfp_s_is_explained(
    command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, execution("train", command):
        pass
    assert ended.value.code == 2
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(("name", "said"), [("absent", "was not given"), ("broken", "not JSON")])
def test_a_parameter_that_is_absent_or_broken_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    with (
        pytest.raises(SystemExit),
        execution("train", arguments(executor_input(tmp_path))) as step,
    ):
        step.json(name)
    error = capfd.readouterr().err
    assert f"parameter {name}" in error
    assert said in error
