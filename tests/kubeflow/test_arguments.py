"""Parameters made from a project, and held to what a pipeline takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from phasegate.errors import BadInput
from phasegate.kubeflow.arguments import check_arguments, parse_argument, project_arguments
from phasegate.kubeflow.compiled import load_compiled
from phasegate.project.load import load_project
from tests.kubeflow.conftest import COMPILED, ROOT
from tests.kubeflow.samples import SMALL, small

PLACE = {"store": "gs://s", "log": "", "target": "kserve-gateway:a/b", "flags": "f", "sink": ""}


@pytest.mark.parametrize("name", ["training", "deployment", "release", "monitoring"])
def test_a_project_gives_all_that_our_pipelines_require(name: str) -> None:
    compiled = load_compiled(COMPILED / f"{name}.yaml")
    project = load_project(ROOT / "examples" / "card-fraud.yaml")
    given = project_arguments(compiled, project, PLACE)
    if name == "deployment":  # where its servers fetch models from, no project says
        with pytest.raises(BadInput, match="models is not given"):
            check_arguments(compiled, given)
        given = {**given, "models": "gs://models/fraud"}
        assert json.loads(given["policy"]) == project.policy().to_json()
    checked = check_arguments(compiled, given)
    assert checked["name"] == "card-fraud"
    assert checked["store"] == "gs://s"
    assert "sink" not in checked
    if name != "training":
        assert checked.get("log") == (None if name == "deployment" else "gs://s")
        assert json.loads(checked["policy"])
        assert checked["target"] == "kserve-gateway:a/b"
    if name == "monitoring":
        assert checked["snapshots"] == "gs://s"


def test_what_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        check_arguments(small(tmp_path), {"counts": 1, "share": "a lot", "strict": 1})
    said = str(refused.value)
    assert "it takes no 'counts' (but 'count')" in said
    assert "text is not given" in said
    assert "'share' is \"a lot\", and not a number" in said
    assert "'strict' is 1, and not true or false" in said
    assert "parameters of small" in said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("text=a=b", "a=b"),
        ("text=", ""),
        ("count=4", 4),
        ("count=4.0", 4),
        ("share=0.5", 0.5),
        ("strict=true", True),
        ('names=["a"]', ["a"]),
        ('options={"a": 1}', {"a": 1}),
    ],
)
def test_parameters_on_the_command_line_are_typed_by_the_pipeline(
    tmp_path: Path, text: str, value: Any
) -> None:
    compiled = small(tmp_path)
    name, parsed = parse_argument(compiled, text)
    checked = check_arguments(compiled, {"text": "a", name: parsed})
    assert checked[name] == value
    assert type(checked[name]) is type(value)


@pytest.mark.parametrize("text", ["count=4.5", "count=many", "count=true", "share=NaN", "names={}",
                                  "options=[]", "strict=yes", "count", "=3"])  # fmt: skip
def test_a_parameter_of_another_type_is_refused(tmp_path: Path, text: str) -> None:
    compiled = small(tmp_path)
    with pytest.raises(BadInput):
        check_arguments(compiled, {"text": "a", **dict([parse_argument(compiled, text)])})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello: world\n", "is no compiled pipeline"),
        (b"", "is no compiled pipeline"),
        (b"- 1\n", "is no compiled pipeline"),
        (b"a: [1\nb: 2\n", "is not YAML"),
        (b"\xff\xfe", "is no"),
        (b"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n", "compile it with kfp 2"),
    ],
)
def test_a_file_that_is_no_pipeline_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"pipeline\.yaml") as refused:
        load_compiled(path)
    assert said.lower() in str(refused.value).lower()
    with pytest.raises(BadInput, match="there is no such file"):
        load_compiled(tmp_path / "other.yaml")


def test_a_platform_document_is_part_of_the_content(tmp_path: Path) -> None:
    plain = small(tmp_path)
    with_platform = small(tmp_path, f"{SMALL}---\nplatforms: {{kubernetes: {{}}}}\n")
    assert plain.digest != with_platform.digest
    assert plain.steps == with_platform.steps


def test_steps_are_known_by_key_and_by_title() -> None:
    compiled = load_compiled(COMPILED / "training.yaml")
    assert compiled.step("ingest").title == "Ingest"  # type: ignore[union-attr]
    assert compiled.step("Validate data").key == "validate"  # type: ignore[union-attr]
    assert compiled.step("record-block-2(0)").component == "record-block"  # type: ignore[union-attr]
    for other in ("root", "root-driver", "ingest-driver", "executor", "condition-8", ""):
        assert compiled.step(other) is None
    blocks = [one for one in compiled.steps.values() if one.component == "record-block"]
    assert len(blocks) == 3
    assert yaml.safe_load(compiled.content)["pipelineInfo"]["name"] == compiled.name
