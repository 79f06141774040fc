"""Commands on compiled pipelines: lint."""

from __future__ import annotations

from typing import Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import err, out
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

pipelines = typer.Typer(help="Check pipelines that KFP compiled.", no_args_is_help=True)
app.add_typer(pipelines, name="pipelines")


@pipelines.callback()
def _group() -> None:
    """Keep `lint` a command of the group, though it is the only one."""


@pipelines.command()
def lint(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|FOLDER|-...", help="- is standard input."),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend in place what is safe to mend; prints a diff.")
    ] = False,
    output: FormatOption = "text",
    fail_on: FailOnOption = "error",
    rules: RulesOption = False,
    explain: ExplainOption = "",
) -> int:
    """Check compiled KFP v2 pipelines for traps that otherwise show on the cluster, or never.

    A finding that is right as it is gets a comment on its line or above,
    "# phasegate: ignore\\[PGP408] why", or the pipeline's description a line
    "phasegate: ignore\\[PGP408] why". Ends with 0 clean, 1 errors, 2 bad input.
    """
    from phasegate.pipeline_lint.rules import PIPELINE_RULES

    if explain:
        return print_explanation(PIPELINE_RULES, explain)
    if rules:
        return print_rules(PIPELINE_RULES)
    if not paths:
        raise BadInput("nothing to check", expected="files, folders, or - for standard input")

    from phasegate.pipeline_lint.lint import examine, sources

    if fix:
        from phasegate.pipeline_lint.fix import fix_files

        printed = out if output == "text" else err
        for line in fix_files(paths):
            printed.print(line, markup=False, highlight=False, soft_wrap=True)
    report = examine(sources(paths)).report
    if not report.objects:
        raise BadInput("there is no compiled pipeline", where=", ".join(paths))
    return print_report(report, PIPELINE_RULES, output, fail_on)
