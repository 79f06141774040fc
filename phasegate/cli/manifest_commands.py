"""Commands on Kubernetes manifests: lint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from phasegate.cli.app import app
from phasegate.cli.console import err, out, print_json
from phasegate.errors import BadInput, ExitCode

manifests = typer.Typer(help="Check Kubernetes manifests of KServe.", no_args_is_help=True)
app.add_typer(manifests, name="manifests")

DEFINITIONS = "KSERVE_CRDS"


@manifests.callback()
def _group() -> None:
    """Keep `lint` a command of the group, though it is the only one."""


@manifests.command()
def lint(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|FOLDER|-...", help="Applied together; - is standard input."),
    ] = None,
    output: Annotated[
        Literal["text", "json", "sarif"], typer.Option("--format", help="How findings are written.")
    ] = "text",
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="Least severity that ends with 1.")
    ] = "error",
    rules: Annotated[
        bool, typer.Option("--rules", help="List all rules, and check nothing.")
    ] = False,
    explain: Annotated[
        str, typer.Option(metavar="CODE", help="Explain one rule, and check nothing.")
    ] = "",
) -> int:
    """Check KServe manifests without a cluster, as KServe's webhook and an old hand would.

    Also what the webhook lets through, and a release then trips over. Rendered overlays come by a
    pipe: kubectl kustomize FOLDER | phasegate manifests lint -. Against the cluster's own
    definitions, where KSERVE_CRDS names a folder of them. A finding that is right as it is gets a
    comment on its line or above, "# phasegate: ignore[PGM601] why", or its object the annotation
    phasegate.dev/lint-ignore: "PGM601 why". Ends with 0 clean, 1 errors, 2 bad input.
    """
    from phasegate.linting.documentation import explain as explanation
    from phasegate.linting.text import listing
    from phasegate.manifests.rules import MANIFEST_RULES

    if explain:
        out.print(explanation(MANIFEST_RULES.find(explain)), markup=False)
        return ExitCode.PASSED
    if rules:
        out.print(listing(MANIFEST_RULES), markup=False)
        return ExitCode.PASSED
    if not paths:
        raise BadInput("nothing to check", expected="files, folders, or - for standard input")
    return _lint(paths, output, fail_on)


def _lint(paths: list[str], output: str, fail_on: str) -> int:
    from phasegate.linting.finding import Severity
    from phasegate.linting.sarif import to_sarif
    from phasegate.linting.text import counts, to_text
    from phasegate.manifests.lint import report
    from phasegate.manifests.rules import MANIFEST_RULES
    from phasegate.manifests.schema.definitions import bundled, with_definitions
    from phasegate.manifests.sources import read_sources

    folder = os.environ.get(DEFINITIONS)
    schemas = with_definitions(Path(folder)) if folder else bundled()
    result = report(read_sources(paths), schemas)
    for name in result.skipped:
        err.print(f"{name}: no manifest, left out", markup=False)
    if not result.objects:
        raise BadInput("there is no manifest", where=", ".join(paths))
    if output == "sarif":
        print_json(to_sarif(result.findings, MANIFEST_RULES))
    elif output == "json":
        print_json(
            {
                "objects": result.objects,
                "suppressed": result.suppressed,
                "findings": [finding.to_json() for finding in result.findings],
            }
        )
    else:
        for line in to_text(result.findings):
            out.print(line, markup=False)
        what = f"{result.objects} objects, {counts(result.findings)}"
        err.print(what + (f", {result.suppressed} suppressed" if result.suppressed else ""))
    failing = {Severity.ERROR} | ({Severity.WARNING} if fail_on == "warning" else set())
    blocked = any(finding.severity in failing for finding in result.findings)
    return ExitCode.BLOCKED if blocked else ExitCode.PASSED
