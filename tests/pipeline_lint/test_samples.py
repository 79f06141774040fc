"""Pipelines that KFP's own compiler writes: ours, careful ones, and the documentation's as is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from phasegate.pipeline_lint.effects import CACHEABLE
from phasegate.pipeline_lint.lint import examine_text, lint
from phasegate.pipeline_lint.schema.generate import pipeline_types
from phasegate.pipeline_lint.schema.types import FILE
from tests.pipeline_lint.samples import SAMPLES, compiled
from tests.pipeline_lint.unsettled import PYTHON, UNSETTLED, send_email

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / "pipelines" / "compiled").glob("*.yaml"))


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_nothing_is_found_in_our_pipelines(file: Path) -> None:
    assert lint([file]) == []


def test_nothing_is_found_in_our_components() -> None:
    assert lint([ROOT / "components"]) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_found_in_careful_pipelines_after_the_documentation(name: str) -> None:
    assert examine_text(name, compiled(SAMPLES[name])).report.findings == []


@pytest.mark.parametrize("name", UNSETTLED)
def test_what_the_documentation_leaves_out_is_found_and_nothing_else(name: str) -> None:
    pipeline, expected = UNSETTLED[name]

    found = examine_text(name, compiled(pipeline)).report.findings

    assert {finding.code for finding in found} == expected, found


def test_a_component_alone_is_not_asked_for_what_its_user_decides() -> None:
    found = examine_text("component", compiled(send_email)).report.findings

    assert {finding.code for finding in found} == {PYTHON}


def test_our_pipelines_cache_exactly_what_the_lint_lets_them() -> None:
    cached: set[str] = set()
    others: set[str] = set()
    for file in OURS:
        document = next(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        executors = document["deploymentSpec"]["executors"]
        for graph in [document["root"], *document["components"].values()]:
            for task in graph.get("dag", {}).get("tasks", {}).values():
                label = document["components"][task["componentRef"]["name"]].get("executorLabel")
                if label:
                    module = executors[label]["container"]["command"][-1]
                    on = task["cachingOptions"].get("enableCache", False)
                    (cached if on else others).add(module.removeprefix("components."))

    assert cached == CACHEABLE
    assert not others & CACHEABLE


def test_the_types_are_those_of_the_installed_kfp() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json.loads(pipeline_types())
