"""The rules for manifests; each module of this folder adds its own."""

from __future__ import annotations

from collections.abc import Iterator

from phasegate.linting.finding import Severity
from phasegate.linting.rule import Rules
from phasegate.manifests.objects import Problem, Stream

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

Problems = Iterator[Problem]

MANIFEST_RULES: Rules[Stream, Problem] = Rules(
    title="Rules of phasegate manifests lint",
    families={
        "0": "Suppressions",
        "1": "Documents and their schema",
        "2": "What KServe refuses, or cannot run",
        "3": "Releases: canaries, replicas, logs",
        "4": "Routes",
        "5": "Models and runtimes",
        "6": "Pods",
        "7": "What stands beside them",
    },
)

rule = MANIFEST_RULES.rule
