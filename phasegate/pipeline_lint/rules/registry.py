"""The rules for compiled pipelines; each module of this folder adds its own."""

from __future__ import annotations

from collections.abc import Iterator

from phasegate.linting.finding import Severity
from phasegate.linting.rule import Rules
from phasegate.pipeline_lint.pipeline import Pipeline, Problem

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

Problems = Iterator[Problem]

PIPELINE_RULES: Rules[Pipeline, Problem] = Rules(
    title="Rules of phasegate pipelines lint",
    families={
        "0": "Suppressions",
        "1": "The document",
        "2": "References between tasks, components and executors",
        "3": "Types and values",
        "4": "Control flow",
        "5": "Caching and effects",
        "6": "Images, commands and resources",
        "7": "Placeholders and secrets",
        "8": "Platform settings",
    },
)

rule = PIPELINE_RULES.rule
