"""The steps that programs of others make: checkov, zizmor, schemas of workflows, actionlint."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from infra.lint.runner.step import REPOSITORY, Outcome, call, failed, not_run, passed, tool

GITHUB = REPOSITORY / ".github"
IDENTITIES = REPOSITORY / "tests" / "infra" / "test_identities.py"
_HINT = "make lint-infra builds its environment"
_ZIZMOR = ("--offline", "--persona=auditor", "--no-progress", "--color=never")


def identities() -> Outcome:
    """Accounts of the tree against those that kserve_manifests names."""
    if not IDENTITIES.is_file():
        return not_run(f"there is no {IDENTITIES.relative_to(REPOSITORY)}")
    if importlib.util.find_spec("pytest") is None:
        return not_run(f"pytest is not installed; {_HINT}")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--noconftest"]
    code, output = call([*command, str(IDENTITIES)])
    last = output.splitlines()[-1] if output else ""
    return passed(last.strip("= ")) if code == 0 else failed(last.strip("= "), output)


def checkov(tree: Path) -> Outcome:
    """Checkov's policies; each exception in the code has a reason."""
    program = tool("checkov")
    if program is None:
        return not_run(f"checkov is not installed; {_HINT}")
    command = [program, "--directory", str(tree), "--framework", "terraform", "--skip-download"]
    code, output = call([*command, "--quiet", "--compact", "--output", "json"])
    try:
        found, _ = json.JSONDecoder().raw_decode(output[output.index("{\n") :])
    except ValueError:
        return failed(f"checkov ended with {code}", output)
    summary = found.get("summary", found)
    said = (
        f"{summary['passed']} passed, {summary['failed']} failed, "
        f"{summary['skipped']} skipped with a reason"
    )
    if code == 0 and not summary["failed"] and not summary["parsing_errors"]:
        return passed(said)
    checks = found.get("results", {})
    lines = [
        f"infra/terraform{one['file_path']}:{one['file_line_range'][0]}: {one['check_id']} "
        f"{one['resource']}: {one['check_name']}"
        for one in checks.get("failed_checks", [])
    ]
    lines += [f"not understood: {one}" for one in checks.get("parsing_errors", [])]
    return failed(said, "\n".join(lines) or output)


def zizmor() -> Outcome:
    """Zizmor's audits of workflows and actions, without a network."""
    return _of_workflows("zizmor", [[*_ZIZMOR, str(GITHUB)]])


def workflow_schema() -> Outcome:
    """Workflows, actions and Dependabot's file against GitHub's own schemas.

    check-jsonschema brings them.
    """
    files = {
        "vendor.github-workflows": _workflows(),
        "vendor.github-actions": sorted(GITHUB.glob("actions/*/action.y*ml")),
        "vendor.dependabot": sorted(GITHUB.glob("dependabot.y*ml")),
    }
    return _of_workflows(
        "check-jsonschema",
        [["--builtin-schema", schema, *map(str, some)] for schema, some in files.items() if some],
    )


def actionlint() -> Outcome:
    """Actionlint, where it is installed."""
    if tool("actionlint") is None:
        return not_run(
            "actionlint is not on PATH: "
            "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
        )
    return _of_workflows("actionlint", [["-no-color", *map(str, _workflows())]])


def _workflows() -> list[Path]:
    return sorted(GITHUB.glob("workflows/*.y*ml"))


def _of_workflows(name: str, calls: list[list[str]]) -> Outcome:
    program = tool(name)
    if program is None:
        return not_run(f"{name} is not installed; {_HINT}")
    files = _workflows()
    if not files:
        return not_run("there is no workflow in .github/workflows")
    done = [call([program, *arguments]) for arguments in calls]
    said = "\n".join(output for code, output in done if code)
    if not any(code for code, _ in done):
        return passed(f"{len(files)} workflows")
    return failed(f"{name} ended with {max(code for code, _ in done)}", said)
