"""The validation report as a page to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.validate.cards import card
from phasegate.contracts.verdict import Judgement
from phasegate.reports import (
    badge,
    code,
    facts,
    figures,
    note,
    number,
    page,
    section,
    table,
    verdict_banner,
)
from phasegate.reports.markup import element, join

CARDS = 200
REASONS = 8


def render(report: Mapping[str, Any], judgement: Judgement) -> str:
    """HTML of a report.

    Args:
        report: content of report.json.
        judgement: the verdict on it.
    """
    columns, rows = report["columns"], report["rows"]
    shown = columns[:CARDS]
    left_out = (
        [note(f"The first {CARDS} of {len(columns)} columns are shown; report.json has all.")]
        if len(columns) > CARDS
        else []
    )
    return page(
        "Data validation",
        f"{number(rows)} rows, {number(len(columns))} columns, "
        f"snapshot {report['snapshot_digest'][:12]}",
        [
            verdict_banner(judgement, _reasons(report, judgement)),
            section("Overview", _overview(report)),
            section("Anomalies", *_anomalies(report)),
            section("Columns", *left_out, figures(*(card(column, rows) for column in shown))),
        ],
        footer=f"Statistics by TensorFlow Data Validation; schema: {report['schema']}.",
    )


def _overview(report: Mapping[str, Any]) -> object:
    columns, anomalies = report["columns"], report["anomalies"]
    blocking = sum(item["severity"] == "block" for item in anomalies)
    missing = sum(column["missing"] for column in columns)
    roles = {
        role: ", ".join(column["name"] for column in columns if column["role"] == role)
        for role in ("label", "time", "key", "entity", "protected", "excluded")
    }
    return facts(
        [
            ("Rows", number(report["rows"])),
            ("Columns", number(len(columns))),
            ("Missing values", number(missing)),
            ("Anomalies that block", number(blocking)),
            ("Warnings", number(len(anomalies) - blocking)),
            ("Reference", report["reference"][:12] or "none"),
            ("Serving data", report["serving"][:12] or "none"),
            *((role.capitalize(), names) for role, names in roles.items() if names),
            ("Snapshot", code(report["snapshot_digest"])),
        ]
    )


def _reasons(report: Mapping[str, Any], judgement: Judgement) -> list[str]:
    """What blocks, shortly: the table below has the rest."""
    blocking = [item for item in report["anomalies"] if item["severity"] == "block"]
    if not blocking:
        return list(judgement.reasons)
    shown = [
        f"{item['column'] or 'The table'} {item['what'].split('. ')[0]}."
        for item in blocking[:REASONS]
    ]
    return [*shown, *([f"And {len(blocking) - REASONS} more."] if len(blocking) > REASONS else [])]


def _anomalies(report: Mapping[str, Any]) -> list[object]:
    rows = [
        (item["column"] or "whole table", _severity(item), _what(item), item["fix"])
        for item in report["anomalies"]
    ]
    content = [
        table(
            ("Column", "Severity", "What is wrong", "What to do"),
            rows,
            empty="Nothing was found: every column is as the schema says.",
        )
    ]
    if any(item["severity"] == "block" for item in report["anomalies"]):
        content.append(
            note("To accept an anomaly, add its name to validation.allow in the project file.")
        )
    return content


def _what(item: Mapping[str, Any]) -> object:
    example = f", for example {item['example']}" if item["example"] else ""
    name = code(f"{item['column'] or '*'}: {item['kind']}")
    return join([element("div", item["what"] + example), name])


def _severity(item: Mapping[str, Any]) -> object:
    if item["severity"] == "block":
        return badge("BLOCK")
    return "accepted" if item["allowed"] else "warning"
