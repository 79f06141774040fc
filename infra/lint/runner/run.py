"""Run all steps, say what becomes of each, and sum it up."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.lint.runner import rules, terraform, tools
from infra.lint.runner.step import Outcome, Status, Step
from phasegate.errors import BadInput, ExitCode


@contextmanager
def all_steps(tree: Path) -> Iterator[list[Step]]:
    """All steps, in order."""
    with terraform.providers(tree) as providers:
        yield [
            Step("fmt", "layout", False, lambda: terraform.format_check(tree)),
            *rules.steps(tree),
            Step("identities", "accounts that kserve_manifests names", True, tools.identities),
            Step(
                "validate",
                "roots, examples and their modules, by the real providers",
                False,
                providers.validate,
            ),
            Step("test", "each module's tests, the cloud mocked", False, providers.test),
            Step("checkov", "checkov's policies", True, lambda: tools.checkov(tree)),
            Step("zizmor", "workflows: what an attacker could use", True, tools.zizmor),
            Step("workflows", "workflows: GitHub's schema", True, tools.workflow_schema),
            Step("actionlint", "workflows: expressions and shell", False, tools.actionlint),
        ]


def run(tree: Path, only: Collection[str], required: Collection[str]) -> int:
    """Run steps, printing what becomes of each.

    Args:
        tree: of Terraform.
        only: names of steps; empty for all.
        required: names of steps that have to run; ``all`` for every one.
    Returns:
        The exit code: 1 where a step failed, or one did not run that has to.
    Raises:
        BadInput: there is no step of a name.
    """
    with all_steps(tree) as steps:
        known = [step.name for step in steps]
        unknown = sorted({*only, *required} - {*known, "all"})
        if unknown:
            raise BadInput(
                f"there is no step {', '.join(unknown)}", expected=f"some of {', '.join(known)}"
            )
        done: list[tuple[Step, Outcome, float]] = []
        for step in steps:
            if only and step.name not in only:
                continue
            print(f"{step.name}: {step.what} ...", flush=True)
            started = time.monotonic()
            outcome = step.run()
            seconds = time.monotonic() - started
            done.append((step, outcome, seconds))
            if outcome.status is Status.FAILED and outcome.output:
                print(outcome.output, flush=True)
    needed = {step.name for step, _, _ in done if step.always or {step.name, "all"} & {*required}}
    print(_summary(done, needed))
    bad = [
        step.name
        for step, outcome, _ in done
        if outcome.status is Status.FAILED
        or (outcome.status is Status.NOT_RUN and step.name in needed)
    ]
    return ExitCode.BLOCKED if bad else ExitCode.PASSED


def _summary(done: list[tuple[Step, Outcome, float]], needed: Collection[str]) -> str:
    width = max(len(step.name) for step, _, _ in done)
    lines = ["", f"{'step':<{width}}  {'':<11}  seconds  "]
    for step, outcome, seconds in done:
        must = outcome.status is Status.NOT_RUN and step.name in needed
        detail = f"{outcome.detail} (it has to run)" if must else outcome.detail
        lines.append(f"{step.name:<{width}}  {outcome.status:<11}  {seconds:7.1f}  {detail}")
    ran = sum(outcome.status is not Status.NOT_RUN for _, outcome, _ in done)
    failed = sum(outcome.status is Status.FAILED for _, outcome, _ in done)
    lines.append("")
    lines.append(f"{ran} of {len(done)} steps ran, {failed} failed")
    return "\n".join(lines)
