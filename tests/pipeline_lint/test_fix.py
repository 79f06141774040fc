"""--fix: what it mends is gone, everything else is byte for byte as it was, and KFP reads it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from kfp import components

from phasegate.errors import BadInput
from phasegate.pipeline_lint.fix import fix_files, fixed
from phasegate.pipeline_lint.lint import examine_text
from tests.pipeline_lint.planting import CLEAN, Planted
from tests.pipeline_lint.samples import compiled
from tests.pipeline_lint.test_rules import PLANTED
from tests.pipeline_lint.unsettled import UNSETTLED

TEXT = CLEAN.read_text(encoding="utf-8")
ALWAYS = {"PGP208", "PGP409", "PGP501", "PGP502", "PGP503"}
MENDED = [one for one in PLANTED if one.codes in ALWAYS]


def load(text: str) -> None:
    """Read a pipeline as KFP does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        components.load_component_from_text(text)


def codes(text: str) -> set[str]:
    return {finding.code for finding in examine_text("x", text).report.findings}


@pytest.mark.parametrize("planted", MENDED, ids=str)
def test_a_fault_that_can_be_mended_is_mended_and_kfp_reads_the_result(planted: Planted) -> None:
    text, _ = planted.pipeline()

    mended = fixed("x", text)

    assert codes(mended) == set()
    assert fixed("x", mended) == mended
    assert len(set(text.split("\n")) - set(mended.split("\n"))) <= 1  # at most one line is gone
    load(mended)


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ("defaultValue: 6.0", "defaultValue: '6'", "defaultValue: 6.0"),
        ("defaultValue: 0.3", 'defaultValue: "3"  # rate', "defaultValue: 3.0  # rate"),
        ("defaultValue: true", "defaultValue: 'true'", "defaultValue: true"),
    ],
)
def test_a_default_loses_its_quotes(old: str, new: str, result: str) -> None:
    mended = fixed("x", TEXT.replace(old, new, 1))

    assert mended == TEXT.replace(old, result, 1)
    load(mended)


def test_a_task_waits_for_each_task_that_it_takes_from() -> None:
    depth = (
        "              depth:\n                componentInputParameter: pipelinechannel--depth\n"
    )
    taken = (
        "              depth:\n                taskOutputParameter:\n"
        "                  outputParameterKey: Output\n                  producerTask: flip-coin\n"
    )
    assert depth in TEXT
    text = TEXT.replace("          dependentTasks:\n          - importer\n", "")
    text = text.replace(depth, taken)

    mended = fixed("x", text)

    assert codes(text) == {"PGP208"}
    assert codes(mended) == set()
    awaited = "          dependentTasks:\n          - flip-coin\n          - importer\n"
    assert mended == TEXT.replace(
        "          dependentTasks:\n          - importer\n", awaited
    ).replace(depth, taken)
    load(mended)


def test_what_cannot_be_mended_safely_stays() -> None:
    for one in PLANTED:
        text, _ = one.pipeline()
        if not set(one.codes.split()) & (ALWAYS | {"PGP301"}):
            assert fixed("x", text) == text, one


def test_an_effect_is_not_tried_again_by_us() -> None:
    retry = "            maxRetryCount: 2\n          taskInfo:\n            name: deploy\n"
    text = TEXT.replace(retry, retry.replace("2", "0"))

    assert codes(text) == {"PGP409"}
    assert fixed("x", text) == text


@pytest.mark.parametrize("name", UNSETTLED)
def test_documented_pipelines_are_mended_as_far_as_it_goes(name: str) -> None:
    text = compiled(UNSETTLED[name][0])

    mended = fixed(name, text)

    left = examine_text(name, mended).report.findings
    assert not {one.code for one in left} & (ALWAYS - {"PGP409"})
    assert all("send-email" in one.subject for one in left if one.code == "PGP409")
    load(mended)


def test_files_are_changed_in_place_with_their_line_ends_mark_and_mode(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    broken = TEXT.replace("cachingOptions: {}", "cachingOptions:\n            enableCache: true", 2)
    file.write_bytes(("\ufeff" + broken.replace("\n", "\r\n")).encode())
    file.chmod(0o640)

    diff = fix_files([str(file)])

    content = file.read_bytes().decode()
    assert content.startswith("\ufeff# PIPELINE")
    assert content.count("\n") == content.count("\r\n")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [line for line in diff if line.startswith("+ ")] == ["+            enableCache: false"]
    assert [path.name for path in tmp_path.iterdir()] == ["pipeline.yaml"]
    assert fix_files([str(tmp_path)]) == []


def test_standard_input_cannot_be_mended_in_place() -> None:
    with pytest.raises(BadInput, match="standard input"):
        fix_files(["-"])
