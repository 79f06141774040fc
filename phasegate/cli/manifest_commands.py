"""Commands on Kubernetes manifests: lint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.lint_output import (
    ExplainOption,
    FailOnOption,
    FormatOption,
    RulesOption,
    print_explanation,
    print_report,
    print_rules,
)
from phasegate.errors import BadInput

DEFINITIONS = "KSERVE_CRDS"

manifests = typer.Typer(help="Check Kubernetes manifests of KServe.", no_args_is_help=True)
app.add_typer(manifests, name="manifests")


@manifests.callback()
def _group() -> None:
    """Keep `lint` a command of the group, though it is the only one."""


@manifests.command()
def lint(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|FOLDER|-...", help="Applied together; - is standard input."),
    ] = None,
    output: FormatOption = "text",
    fail_on: FailOnOption = "error",
    rules: RulesOption = False,
    explain: ExplainOption = "",
) -> int:
    """Check KServe manifests without a cluster, as KServe's webhook and an old hand would.

    Also what the webhook lets through, and a release then trips over. Rendered overlays come by a
    pipe: kubectl kustomize FOLDER | phasegate manifests lint -. Against the cluster's own
    definitions, where KSERVE_CRDS names a folder of them.

    A finding that is right as it is gets a comment on its line or above,
    "# phasegate: ignore\\[PGM601] why", or its object the annotation phasegate.dev/lint-ignore:
    "PGM601 why". Ends with 0 clean, 1 errors, 2 bad input.
    """
    from phasegate.manifests.rules import MANIFEST_RULES

    if explain:
        return print_explanation(MANIFEST_RULES, explain)
    if rules:
        return print_rules(MANIFEST_RULES)
    if not paths:
        raise BadInput("nothing to check", expected="files, folders, or - for standard input")

    from phasegate.manifests.lint import report
    from phasegate.manifests.schema.definitions import bundled, with_definitions
    from phasegate.manifests.sources import read_sources

    folder = os.environ.get(DEFINITIONS)
    schemas = with_definitions(Path(folder)) if folder else bundled()
    result = report(read_sources(paths), schemas)
    if not result.objects:
        raise BadInput("there is no manifest", where=", ".join(paths))
    return print_report(result, MANIFEST_RULES, output, fail_on)
