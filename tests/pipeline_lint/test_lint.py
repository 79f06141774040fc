"""The lint as a whole: any input, whole files, suppressions."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.linting.reading import read
from phasegate.manifests.schema.structure import misfits
from phasegate.pipeline_lint.conditions import broken_by_quote, comparisons, inputs
from phasegate.pipeline_lint.lint import examine_text, lint
from phasegate.pipeline_lint.schema.types import PIPELINE, PLATFORM, bundled, fitting
from tests.pipeline_lint.many import many_tasks
from tests.pipeline_lint.planting import CLEAN, Planted
from tests.pipeline_lint.test_rules import PLANTED

TEXT = CLEAN.read_text(encoding="utf-8")

_FIELDS = st.sampled_from(
    [
        *sorted({name for one in bundled().definitions.values() for name in one["properties"]}),
        *("a", "b", "comp-a", "exec-a"),
    ]
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(
        [
            *("a", "b", "comp-a", "exec-a", "", "{{$.outputs.output_file}}", "pip install 'x"),
            *("inputs.parameter_values['a'] == 'it's'", "system.Artifact", "NUMBER_INTEGER"),
            *("ALL_UPSTREAM_TASKS_COMPLETED", "1Gi", "comp-exit-handler-1", "[1, 2"),
            "phasegate: ignore[PGP1]",
        ]
    )
    | st.text(max_size=8)
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_FIELDS, inner, max_size=5),
    max_leaves=40,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(_FIELDS, _TREES, max_size=4), _TREES, _TREES, _TREES)
def test_any_document_ends_in_findings(other: dict, root: object, components: object, ex: object):
    parts = {"components": components, "deploymentSpec": {"executors": ex}, "pipelineInfo": {}}
    document = {**other, "root": root, **parts}
    text = yaml.safe_dump_all([document, {"platforms": other}], allow_unicode=False)
    try:
        whole = read("x", text.encode()).documents[0]
        fits = fitting().check(PIPELINE)(whole)
        assert fits is (next(misfits(whole, PIPELINE, bundled()), None) is None)
        found = examine_text("x", text).report.findings
    except BadInput as error:  # beyond what YAML holds, such as half a surrogate pair
        assert "x" in str(error)
        return
    for finding in found:
        assert finding.line > 0
        assert finding.what


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_clean_pipeline_with_any_line_changed_ends_in_findings_or_one_message(data) -> None:
    lines = TEXT.split("\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = lines[number].split(":")[0] + data.draw(
        st.sampled_from(
            [":", ": []", ": {}", ": 1", ": -1.5", ": x", ": [x]", ": {x: y}", "", ": '"]
        )
    )
    try:
        examine_text("x", "\n".join(lines))
    except BadInput as error:
        assert "x:" in str(error)
        assert "template" not in str(error)


@given(st.text(alphabet="inputs.parameter_values['a']\"\\=!<>&|()0123456789 double", max_size=60))
def test_any_condition_can_be_read(text: str) -> None:
    broken_by_quote(text)
    inputs(text)
    list(comparisons(text))


def test_a_chain_of_a_thousand_tasks_is_followed_to_its_end() -> None:
    text = many_tasks(1000)
    assert examine_text("x", text).report.findings == []

    broken = text.replace("- copy-998\n", "- copy-none\n")
    assert "PGP203" in {finding.code for finding in examine_text("x", broken).report.findings}


def test_a_sentence_in_the_description_suppresses_in_the_whole_file() -> None:
    floating = TEXT.replace("train:1.4.2", "train:latest")
    reason = "description: 'Train, then deploy. phasegate: ignore[PGP601] moved by the release'"

    report = examine_text("x", floating.replace("description: Train, then deploy.", reason)).report

    assert (report.findings, report.suppressed) == ([], 1)


def test_a_comment_above_a_line_suppresses_with_a_reason() -> None:
    image = "        image: registry.example/train:"
    text = TEXT.replace(
        f"{image}1.4.2", f"        # phasegate: ignore[PGP601] a trial\n{image}latest"
    )

    report = examine_text("x", text).report

    assert (report.findings, report.suppressed) == ([], 1)


def test_json_and_pipelines_within_other_objects_are_read_like_yaml() -> None:
    document = next(yaml.safe_load_all(TEXT))
    document["schemaVersion"] = "9.9"

    job, resource = {"pipelineSpec": document}, {"spec": {"pipelineSpec": document}}
    for one in (document, job, resource):
        text = json.dumps(one, indent=1)
        (finding,) = examine_text("x", text).report.findings
        assert finding.code == "PGP105"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Workflow\napiVersion: argoproj.io/v1alpha1\n", "Argo workflow, as KFP 1 wrote"),
        (
            "name: Add\nimplementation: {container: {image: x}}\n",
            "a component that is not compiled",
        ),
        ("- 1\n", "no compiled pipeline, but a list"),
        ("", "it is empty"),
        ("a: '{{$}}\n", "it is not YAML"),
    ],
)
def test_what_is_no_compiled_pipeline_is_said(text: str, said: str, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))

    with pytest.raises(BadInput, match=said) as caught:
        lint(["-"])

    assert "template" not in str(caught.value)


def test_platform_settings_within_a_resource_of_kubernetes_are_checked() -> None:
    pipeline, platform = yaml.safe_load_all(TEXT)
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    executors["exec-none"] = executors.pop("exec-train")
    spec = {"pipelineSpec": pipeline, "platformSpec": platform}
    text = yaml.safe_dump({"kind": "PipelineVersion", "spec": spec})

    assert [finding.code for finding in examine_text("x", text).report.findings] == ["PGP801"]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("judge_secret", "judge-secret", False),
        ("judge_secret", "", False),
        ("token_file", "/var/run/token", False),
        ("password", "/var/run/password", False),
        ("max_token", "gs://a/b", False),
        ("tokens", "many", False),
        ("judge_secret", "Tr0ub4dor", True),
        ("apiKey", "abc", True),
        ("message", "-----BEGIN RSA PRIVATE KEY-----", True),
    ],
)
def test_names_and_places_of_secrets_are_no_secrets(name: str, value: str, found: bool) -> None:
    old = "      uri:\n        defaultValue: gs://data/v3/raw.csv\n"
    assert old in TEXT
    text = TEXT.replace(old, f"      {name}:\n        defaultValue: '{value}'\n")

    codes = [finding.code for finding in examine_text("x", text).report.findings]

    assert codes == (["PGP706"] if found else [])


def test_a_circle_of_components_is_found_and_ends() -> None:
    text = TEXT.replace("            name: comp-inside\n", "            name: comp-condition-5\n")

    assert "PGP209" in {finding.code for finding in examine_text("x", text).report.findings}


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_the_quick_check_of_types_says_what_the_full_one_says(planted: Planted) -> None:
    text, _ = planted.pipeline()
    for document in read("x", text.encode()).documents:
        schema = PLATFORM if document.at("platforms") else PIPELINE
        full = list(misfits(document, schema, bundled()))
        assert fitting().check(schema)(document) is (not full)
