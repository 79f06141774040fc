"""What a run of monitoring found and did, for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.markup import escape

from phasegate.cli.console import out
from phasegate.cli.summary import summarize
from phasegate.errors import ExitCode
from phasegate.local.record import RunRecord

STYLES = {"NOTHING": "green", "RETRAIN": "yellow", "ROLL_BACK": "red", "ASK": "magenta"}
FILES = {
    "window": ("observe", "window", "window.json"),
    "skew": ("detect-skew", "skew", "skew.json"),
    "drift": ("detect-drift", "drift", "drift.json"),
    "performance": ("measure-performance", "performance", "performance.json"),
    "decision": ("decide-retraining", "advice", "decision.json"),
}
"""Step, output and file of each finding."""


def summarize_monitored(record: RunRecord, folder: Path) -> dict[str, Any]:
    """A monitoring run as plain values.

    Its `exit_code` is 1 where something was found or done, even if that went well.
    """
    found = {name: _read(record, *place) for name, place in FILES.items()}
    training = summarize(record, folder)
    claim = _output(record, "claim-training", "granted")
    rollback = _output(record, "undo-change", "outcome")
    # What was not looked at has no number: it is not free of findings.
    alerts: dict[str, int] = {}
    if found["skew"] is not None:
        alerts["skew"] = int(_output(record, "detect-skew", "alerts"))
    if found["drift"] is not None:
        alerts["drift"] = sum(bool(one.get("alert")) for one in _list(found["drift"], "windows"))
    action = _output(record, "decide-retraining", "action")
    code = record.code
    if code in (ExitCode.PASSED, ExitCode.BLOCKED):
        busy = action != "NOTHING" or any(alerts.values())
        code = ExitCode.BLOCKED if busy else ExitCode.PASSED
    return {
        "run": record.name,
        "model": (found["window"] or {}).get("model_version", ""),
        "since": (found["window"] or {}).get("since", ""),
        "until": (found["window"] or {}).get("until", ""),
        "alerts": alerts,
        "alarms": _alarms(found),
        "performance": _latest(found["performance"]),
        "action": action,
        "reasons": (found["decision"] or {}).get("reasons", []),
        "change": (found["decision"] or {}).get("change"),
        "training": {
            "claim": claim,
            "reason": _output(record, "claim-training", "reason"),
            "registered": training["registered"],
            "verdicts": training["verdicts"],
        }
        if claim
        else None,
        "rollback": rollback,
        "exit_code": code,
        "error": record.error,
        "reports": training["reports"],
        "steps": {step.name: step.seconds for step in record.steps},
        "folder": str(folder),
    }


def print_monitored(summary: dict[str, Any]) -> None:
    """Print a run's end as a person wants to read it."""
    out.print()
    if summary["since"]:
        out.print(
            f"[bold]{escape(summary['model'])}[/] from {summary['since'][:16]} to "
            f"{summary['until'][:16]} UTC"
        )
    for kind, count in summary["alerts"].items():
        state = f"[yellow]{count} {'alert' if count == 1 else 'alerts'}[/]" if count else "none"
        out.print(f"  {kind:<12} {state}")
    for alarm in summary["alarms"][:8]:
        out.print(f"    [yellow]•[/] {escape(alarm)}")
    _print_performance(summary)
    _print_decision(summary)
    if summary["error"]:
        out.print(f"[bold red]failed[/] {escape(summary['error'])}")
    for name, page in summary["reports"].items():
        out.print(f"report   {name}: file://{page}", markup=False)
    out.print("history  phasegate monitor show", markup=False)


def _print_performance(summary: dict[str, Any]) -> None:
    if performance := summary["performance"]:
        for name in ("measured", "estimated"):
            if figure := performance[name]:
                out.print(
                    f"  {name:<12} {performance['metric']} {figure['value']:.4f} "
                    f"({figure['lower']:.4f} to {figure['upper']:.4f}), floor "
                    f"{performance['floor']:g}; {figure['since'][:10]} to {figure['until'][:10]}"
                )


def _print_decision(summary: dict[str, Any]) -> None:
    if summary["action"]:
        style = STYLES.get(summary["action"], "bold")
        out.print(f"  {'decision':<12} [bold {style}]{summary['action']}[/]")
        for reason in summary["reasons"]:
            out.print(f"    • {escape(reason)}")
    if training := summary["training"]:
        out.print(f"  {'training':<12} {training['claim']}: {escape(training['reason'])}")
        if model := training["registered"]:
            out.print(
                f"  [bold green]registered[/]   {model['name']} version {model['version']} as "
                f"[bold]{model['alias']}[/]"
            )
        for name, verdict in training["verdicts"].items():
            if verdict["outcome"] != "PASS":
                out.print(f"  [bold red]blocked[/]      {name}: {'; '.join(verdict['reasons'])}")
    if summary["rollback"]:
        out.print(f"  {'rollback':<12} {summary['rollback']}")


def _read(record: RunRecord, step: str, output: str, file: str) -> Any:
    found = record.step(step)
    artifact = found.outputs.get(output) if found else None
    path = Path(artifact["uri"]) / file if isinstance(artifact, dict) else None
    return json.loads(path.read_bytes()) if path and path.is_file() else None


def _output(record: RunRecord, step: str, name: str) -> Any:
    found = record.step(step)
    return found.outputs.get(name) if found else None


def _list(value: Any, name: str) -> list[dict[str, Any]]:
    return value.get(name, []) if isinstance(value, dict) else []


def _alarms(found: dict[str, Any]) -> list[str]:
    """Sentences of drift alarms, and of features that skew, each once."""
    drift = [
        alarm["reason"]
        for window in reversed(_list(found["drift"], "windows"))
        for alarm in window.get("alarms", [])
    ]
    skew = [
        f"{one['feature']}: {one['differing']:,} of {one['rows']:,} rows served otherwise; "
        f"{(one.get('cause') or {}).get('explanation', 'cause unknown')}"
        for one in _list(found["skew"], "features")
        if one.get("alert")
    ]
    return list(dict.fromkeys([*skew, *drift]))


def _latest(performance: Any) -> dict[str, Any] | None:
    """Newest figures that are known, measured and estimated, each with its window."""
    if not performance:
        return None
    latest = {}
    for name in ("measured", "estimated"):
        known = [one for one in performance["windows"] if (one.get(name) or {}).get("value")]
        latest[name] = (
            {**known[-1][name], "since": known[-1]["since"], "until": known[-1]["until"]}
            if known
            else None
        )
    return {"metric": performance["metric"], "floor": performance["floor"], **latest}
