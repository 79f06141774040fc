"""The command: exit codes, output formats, standard input, rules and their explanations."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from phasegate.cli.__main__ import main
from phasegate.cli.console import err
from phasegate.manifests.page import rules_page
from phasegate.manifests.rules import MANIFEST_RULES
from tests.manifests.planting import CLEAN

FAULTY = """apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris
  annotations: {serving.kserve.io/deploymentMode: Knative}
spec:
  predictor:
    automountServiceAccountToken: false
    canaryTrafficPercent: 250
    sklearn:
      storageUri: gs://models/iris/v1
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command line in this process: exit code, standard output and error."""
    monkeypatch.delenv("KSERVE_CRDS", raising=False)

    def run(*arguments: object, piped: str = "") -> tuple[int, str, str]:
        told = io.StringIO()
        monkeypatch.setattr("sys.argv", ["phasegate", "manifests", "lint", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(piped.encode())))
        monkeypatch.setattr(err, "file", told)
        code = main()
        return code, capsys.readouterr().out, told.getvalue()

    return run


def test_clean_manifests_end_with_0(run) -> None:
    code, said, told = run(CLEAN)

    assert (code, said) == (0, "")
    assert told.strip() == "18 objects, no findings, 1 suppressed"


def test_an_error_ends_with_1_and_says_where_what_and_how_to_mend_it(run) -> None:
    code, said, told = run("-", piped=FAULTY)

    assert code == 1
    assert said.splitlines()[:2] == [
        "-:9: error PGM222 [canary-percent] InferenceService iris: canaryTrafficPercent is 250",
        "    Use 0 to 100.",
    ]
    assert told.strip() == "1 object, 1 error, 1 warning"


def test_a_warning_ends_with_1_where_it_is_told_to(run, tmp_path: Path) -> None:
    file = tmp_path / "iris.yaml"
    file.write_text(FAULTY.replace("250", "25"))

    assert run(file)[0] == 0
    assert run(file, "--fail-on", "warning")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "piped", "said"),
    [
        ((), "", "nothing to check"),
        (("/nowhere.yaml",), "", "/nowhere.yaml: it cannot be read: No such file or directory"),
        (("-",), "a: [", "-:2:1: it is not YAML"),
        (("-",), "a: 1", "-:1: it is no manifest"),
        (("--explain", "PGM999"), "", "there is no rule 'PGM999'"),
    ],
)
def test_bad_input_ends_with_2_and_one_message(run, arguments, piped: str, said: str) -> None:
    code, printed, told = run(*arguments, piped=piped)

    assert (code, printed) == (2, "")
    assert told.startswith(f"error: {said}")
    assert told.count("\n") == 1


def test_json_holds_what_the_text_says(run) -> None:
    code, said, _ = run("-", "--format", "json", piped=FAULTY)

    document = json.loads(said)
    assert code == 1
    assert (document["objects"], document["suppressed"]) == (1, 0)
    assert document["findings"][0] == {
        "file": "-",
        "line": 9,
        "code": "PGM222",
        "rule": "canary-percent",
        "severity": "error",
        "subject": "InferenceService iris",
        "what": "canaryTrafficPercent is 250",
        "fix": "Use 0 to 100.",
    }


def test_sarif_names_every_rule_and_places_every_finding(run, tmp_path: Path) -> None:
    file = tmp_path / "iris.yaml"
    file.write_text(FAULTY)

    code, said, _ = run(file, "--format", "sarif")

    document = json.loads(said)
    (produced,) = document["runs"]
    rules = produced["tool"]["driver"]["rules"]
    assert (code, document["version"]) == (1, "2.1.0")
    assert [rule["id"] for rule in rules] == sorted(MANIFEST_RULES.rules)
    for result in produced["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == str(file)
    assert produced["results"][0]["level"] == "error"
    assert produced["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 9


def test_rules_are_listed_and_explained(run) -> None:
    code, said, _ = run("--rules")
    assert code == 0
    assert all(code in said for code in MANIFEST_RULES.rules)

    by_code, by_name = run("--explain", "pgm301"), run("--explain", "dark-launch-without-pods")
    assert by_code == by_name
    assert "ceil(stable replicas" in by_code[1]


def test_every_rule_is_documented_with_its_reason_and_its_fix() -> None:
    page = rules_page()

    for rule in MANIFEST_RULES.in_order():
        assert rule.code[3] in MANIFEST_RULES.families
        assert f"### {rule.code}\n" in page
        for text in (rule.summary, rule.why, rule.fix):
            assert text.endswith("."), rule.code
            assert text in page


def test_definitions_of_a_cluster_take_the_place_of_ours(run, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "crd.yaml").write_text(
        """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: inferenceservices.serving.kserve.io}
spec:
  group: serving.kserve.io
  names: {kind: InferenceService, plural: inferenceservices}
  versions:
  - name: v1beta1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          apiVersion: {type: string}
          kind: {type: string}
          metadata: {type: object}
          spec:
            type: object
            properties:
              predictor:
                type: object
                x-kubernetes-preserve-unknown-fields: true
                properties:
                  canaryTrafficPercent: {type: integer, maximum: 100}
                  automountServiceAccountToken: {type: string, enum: ["no"]}
"""
    )
    monkeypatch.setenv("KSERVE_CRDS", str(tmp_path))

    _, said, _ = run("-", piped=FAULTY)

    assert "-:8: error PGM102" in said
    assert "-:9: error PGM104" in said


def test_a_folder_without_definitions_is_said(run, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KSERVE_CRDS", str(tmp_path))

    code, _, told = run("-", piped=FAULTY)

    assert code == 2
    assert "no custom resource definition is in it" in told
