"""What a run came to, for people and as JSON."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from phasegate.cli.console import out, styled_outcome
from phasegate.cli.progress import step_line
from phasegate.contracts import Judgement
from phasegate.local.record import RunRecord, StepRecord
from phasegate.local.reports import collect_pages


def judgement_of(step: StepRecord) -> Judgement | None:
    """The judgement that a step wrote, with its checks."""
    for value in step.outputs.values():
        if isinstance(value, dict) and "outcome" in value["metadata"]:
            path = Path(value["uri"]) / "verdict.json"
            return Judgement.from_json(path.read_bytes()) if path.is_file() else None
    return None


def summarize(record: RunRecord, folder: Path) -> dict[str, Any]:
    """A run as plain values: outcome, verdicts, registered model, reports."""
    judgements = {
        step.name: judgement
        for step in record.steps
        if step.name != "record-block" and (judgement := judgement_of(step))
    }
    registered = record.step("register")
    return {
        "run": record.name,
        "project": record.project,
        "state": record.state,
        "exit_code": record.code,
        "error": record.error,
        "verdicts": {
            name: {
                "outcome": judgement.outcome,
                "checks": [dataclasses.asdict(check) for check in judgement.checks],
                "reasons": judgement.reasons,
            }
            for name, judgement in judgements.items()
        },
        "registered": registered.outputs["registered"]["metadata"]
        if registered and "registered" in registered.outputs
        else None,
        "metrics": _metrics(record),
        "reports": {name: str(page) for name, page in collect_pages(record, folder).items()},
        "steps": [dataclasses.asdict(step) for step in record.steps],
        "folder": str(folder),
    }


def _metrics(record: RunRecord) -> dict[str, Any]:
    evaluated = record.step("evaluate")
    return evaluated.outputs["metrics"]["metadata"] if evaluated and evaluated.outputs else {}


def print_summary(summary: dict[str, Any]) -> None:
    """Print a run's end as a person wants to read it."""
    out.print()
    for name, verdict in summary["verdicts"].items():
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for check in verdict["checks"]:
            table.add_row(
                f"  {styled_outcome(check['outcome'])}",
                escape(check["name"]),
                escape(check["observed"]),
                f"[dim]{escape(check['required'])}[/]",
            )
        out.print(f"[bold]{name}[/] {styled_outcome(verdict['outcome'])}")
        out.print(table)
    for verdict in summary["verdicts"].values():
        for reason in verdict["reasons"]:
            out.print(f"  [yellow]•[/] {escape(reason)}")
    if model := summary["registered"]:
        out.print(
            f"[bold green]registered[/] {model['name']} version {model['version']} "
            f"as [bold]{model['alias']}[/], model {model['model_digest'][:12]}"
        )
    elif summary["error"]:
        step = summary["steps"][-1]["name"] if summary["steps"] else "the start"
        out.print(f"[bold red]failed[/] at {step}; no model was registered")
    else:
        out.print("[bold red]blocked[/] no model was registered")
    for name, page in summary["reports"].items():
        out.print(f"report   {name}: file://{page}", markup=False)
    out.print(f"details  phasegate show {summary['run']}", markup=False)
    out.print("tracking phasegate ui", markup=False)


def print_steps(record: RunRecord) -> None:
    """Print the steps of a run and the artifacts that each of them wrote."""
    for step in record.steps:
        out.print(step_line(step))
        for name, value in step.outputs.items():
            if isinstance(value, dict):
                digest = value["metadata"].get("digest", "")
                out.print(f"    {name:<15} {str(digest)[:12]:<12}  {value['uri']}", markup=False)
