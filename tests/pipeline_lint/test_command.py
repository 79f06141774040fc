"""The command: exit codes, output formats, the diff, rules and their explanations."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from phasegate.cli.__main__ import main
from phasegate.cli.console import err
from phasegate.pipeline_lint.page import rules_page
from phasegate.pipeline_lint.rules import PIPELINE_RULES
from tests.pipeline_lint.planting import CLEAN

TEXT = CLEAN.read_text(encoding="utf-8")
DEPLOY = "        deploy:\n          cachingOptions:"
CACHED = TEXT.replace(f"{DEPLOY} {{}}\n", f"{DEPLOY}\n            enableCache: true\n")
BROKEN = TEXT.replace("schemaVersion: 2.1.0", "schemaVersion: 3.0.0")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command line in this process: exit code, standard output and error."""

    def run(*arguments: object, piped: str = "") -> tuple[int, str, str]:
        told = io.StringIO()
        monkeypatch.setattr("sys.argv", ["phasegate", "pipelines", "lint", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(piped.encode())))
        monkeypatch.setattr(err, "file", told)
        code = main()
        return code, capsys.readouterr().out, told.getvalue()

    return run


def test_a_clean_pipeline_ends_with_0(run) -> None:
    code, said, told = run(CLEAN)

    assert (code, said) == (0, "")
    assert told.strip() == "1 object, no findings"


def test_an_error_ends_with_1_and_says_where_what_and_how_to_mend_it(run) -> None:
    code, said, told = run("-", piped=BROKEN)

    line = BROKEN.split("\n").index("schemaVersion: 3.0.0") + 1
    assert code == 1
    assert said.splitlines() == [
        f"-:{line}: error PGP105 [unsupported-schema-version] pipeline: schemaVersion is 3.0.0",
        "    Compile the pipeline again with the KFP SDK of your backend.",
    ]
    assert told.strip() == "1 object, 1 error"


def test_a_warning_ends_with_1_where_it_is_told_to(run) -> None:
    assert run("-", piped=CACHED)[0] == 0
    assert run("-", "--fail-on", "warning", piped=CACHED)[0] == 1


def test_fix_prints_a_diff_and_without_it_nothing_is_written(run, tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    file.write_text(CACHED)

    run(file)
    assert file.read_text() == CACHED
    code, said, told = run(file, "--fix")

    assert code == 0
    assert "-            enableCache: true\n+            enableCache: false\n" in said
    assert told.strip() == "1 object, no findings"
    assert file.read_text() == CACHED.replace(
        "        deploy:\n          cachingOptions:\n            enableCache: true",
        "        deploy:\n          cachingOptions:\n            enableCache: false",
    )


def test_json_stays_json_where_it_is_mended(run, tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    file.write_text(CACHED.replace("schemaVersion: 2.1.0", "schemaVersion: 3.0.0"))

    code, said, told = run(file, "--fix", "--format", "json")

    document = json.loads(said)
    assert (code, document["objects"]) == (1, 1)
    assert [finding["code"] for finding in document["findings"]] == ["PGP105"]
    assert "enableCache: false" in told


def test_sarif_names_every_rule_and_places_every_finding(run, tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    file.write_text(BROKEN)

    code, said, _ = run(file, "--format", "sarif")

    (produced,) = json.loads(said)["runs"]
    rules = produced["tool"]["driver"]["rules"]
    assert code == 1
    assert [rule["id"] for rule in rules] == sorted(PIPELINE_RULES.rules)
    (result,) = produced["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "PGP105"
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == str(file)


@pytest.mark.parametrize(
    ("arguments", "piped", "said"),
    [
        ((), "", "nothing to check"),
        (("/nowhere.yaml",), "", "/nowhere.yaml: it cannot be read: No such file or directory"),
        (("-",), "a: [", "-:2:1: it is not YAML"),
        (("-",), "a: 1", "-:1: it is no compiled pipeline"),
        (("-", "--fix"), "a: 1", "--fix: standard input cannot be changed in place"),
        (("--explain", "PGP999"), "", "there is no rule 'PGP999'"),
    ],
)
def test_bad_input_ends_with_2_and_one_message(run, arguments, piped: str, said: str) -> None:
    code, printed, told = run(*arguments, piped=piped)

    assert (code, printed) == (2, "")
    assert told.startswith(f"error: {said}")


def test_rules_are_listed_and_explained(run) -> None:
    code, said, _ = run("--rules")
    assert code == 0
    assert all(code in said for code in PIPELINE_RULES.rules)

    by_code, by_name = run("--explain", "pgp401"), run("--explain", "bare-condition")
    assert by_code == by_name
    assert "kfp.local" in by_code[1]


def test_every_rule_is_documented_with_its_reason_and_its_fix() -> None:
    page = rules_page()

    for rule in PIPELINE_RULES.in_order():
        assert rule.code[3] in PIPELINE_RULES.families
        assert f"### {rule.code}\n" in page
        for text in (rule.summary, rule.why, rule.fix):
            assert text.endswith("."), rule.code
            assert text in page
