"""``python -m infra.lint``: all checks; ``check``, ``docs``, ``schema`` and ``rules`` alone."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from phasegate.errors import BadInput, ExitCode

ROOT = Path(__file__).resolve().parents[1] / "terraform"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = _parser().parse_args(arguments)
    try:
        return given.run(given)
    except BadInput as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.lint", description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT, help="folder of the Terraform tree")
    commands = parser.add_subparsers()
    parser.set_defaults(run=_run, only=[], require=[])
    run = commands.add_parser("run", help="all checks, and a table of which ran (the default)")
    run.add_argument("--only", nargs="+", default=[], metavar="STEP", help="these steps")
    run.add_argument(
        "--require", nargs="+", default=[], metavar="STEP", help="steps that have to run, or all"
    )
    run.set_defaults(run=_run)
    check = commands.add_parser("check", help="our own rules, with a line for each finding")
    check.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    check.set_defaults(run=_check)
    docs = commands.add_parser("docs", help="write the tables in each README")
    docs.add_argument("--check", action="store_true", help="only say which are not true")
    docs.set_defaults(run=_docs)
    schema = commands.add_parser("schema", help="the pinned schemas of the providers")
    what = schema.add_mutually_exclusive_group(required=True)
    what.add_argument("--update", action="store_true", help="make them anew, by Terraform")
    what.add_argument("--check", action="store_true", help="compare them with the tree's pins")
    schema.add_argument("--root", type=Path, help="a root whose providers are installed")
    schema.add_argument(
        "--commit",
        nargs="+",
        default=[],
        metavar="SOURCE=REPOSITORY@COMMIT",
        help="what a provider was built from",
    )
    schema.set_defaults(run=_schema)
    rules = commands.add_parser("rules", help="list the rules")
    rules.add_argument("--explain", metavar="CODE", help="one rule with its reason")
    rules.add_argument("--page", action="store_true", help="write RULES.md")
    rules.set_defaults(run=_rules)
    return parser


def _run(given: argparse.Namespace) -> int:
    from infra.lint.runner.run import run

    return run(given.tree, given.only, given.require)


def _check(given: argparse.Namespace) -> int:
    from infra.lint.lint import examine
    from infra.lint.rules.catalogue import TERRAFORM_RULES
    from phasegate.linting.sarif import to_sarif
    from phasegate.linting.text import counts, to_text

    report = examine(given.tree)
    if given.format == "sarif":
        print(json.dumps(to_sarif(report.findings, TERRAFORM_RULES), indent=1))
    elif given.format == "json":
        found = [finding.to_json() for finding in report.findings]
        print(json.dumps({"files": report.objects, "findings": found}, indent=1))
    else:
        for line in to_text(report.findings):
            print(line)
        said = f"{report.objects} files, {counts(report.findings)}"
        print(f"{said}, {report.suppressed} suppressed", file=sys.stderr)
    return ExitCode.BLOCKED if report.findings else ExitCode.PASSED


def _docs(given: argparse.Namespace) -> int:
    from infra.lint.docs import problems, write
    from infra.lint.modules import read_tree
    from phasegate.linting.text import to_text

    tree = read_tree(given.tree)
    if not given.check:
        for name in write(tree):
            print(f"{name}: written")
    found = list(problems(tree))
    for line in to_text(found):
        print(line)
    return ExitCode.BLOCKED if found else ExitCode.PASSED


def _schema(given: argparse.Namespace) -> int:
    from infra.lint.lint import examine
    from infra.lint.modules import read_tree
    from infra.lint.schema.update import update
    from phasegate.linting.text import to_text

    if given.update:
        commits = dict(one.partition("=")[::2] for one in given.commit)
        for line in update(read_tree(given.tree), given.tree / "schemas", commits, given.root):
            print(line)
    concerned = {"PGT109", "PGT310"}
    found = [one for one in examine(given.tree).findings if one.code in concerned]
    for line in to_text(found):
        print(line)
    return ExitCode.BLOCKED if found else ExitCode.PASSED


def _rules(given: argparse.Namespace) -> int:
    from infra.lint.page import PAGE, rules_page
    from infra.lint.rules.catalogue import TERRAFORM_RULES
    from phasegate.linting.documentation import explain
    from phasegate.linting.text import listing

    if given.page:
        PAGE.write_text(rules_page(), encoding="utf-8")
        print(f"{PAGE.name}: {len(TERRAFORM_RULES.rules)} rules")
    elif given.explain:
        print(explain(TERRAFORM_RULES.find(given.explain)))
    else:
        print(listing(TERRAFORM_RULES))
    return ExitCode.PASSED


if __name__ == "__main__":
    sys.exit(main())
