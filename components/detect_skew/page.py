"""The skew report as a page to read."""

from __future__ import annotations

import math
from datetime import datetime

from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.report import FeatureSkew, SkewReport
from phasegate.reports import code, disclosure, facts, note, number, page, percent, section, table


def render(report: SkewReport, model_version: str, rules: SkewRules) -> str:
    """HTML of a report.

    Args:
        report: what was found.
        model_version: that was asked.
        rules: that it was held against.
    """
    differing = [one for one in report.features if one.differing]
    remarks = [note(text, kind="warning") for text in report.problems]
    return page(
        "Training-serving skew",
        f"{model_version}, {_time(report.since)} to {_time(report.until)} UTC",
        [
            section("Overview", note(_headline(report, differing), kind=_kind(report)), *remarks,
                    _overview(report, rules)),
            section("Features", _features(report)),
            *([section("First differing rows", *map(_rows, differing))] if differing else []),
        ],
        footer="Features computed again from raw events by the code that computes them for "
        "training; distances by TensorFlow Data Validation where rows differ.",
    )  # fmt: skip


def _headline(report: SkewReport, differing: list[FeatureSkew]) -> str:
    if not report.features:
        return "Nothing was compared."
    if not differing:
        return "Every compared row was served as it is computed for training."
    alerting = sum(one.alert for one in differing)
    return f"{len(differing)} features were served otherwise than computed; {alerting} alert."


def _kind(report: SkewReport) -> str:
    fine = report.features and not report.alert
    return "info" if fine else "warning"


def _overview(report: SkewReport, rules: SkewRules) -> object:
    return facts(
        [
            ("Rows compared", number(report.rows)),
            ("Rows without an event", number(report.unmatched)),
            ("Features compared", number(len(report.features))),
            ("Alert", "yes" if report.alert else "no"),
            ("Alerts from a share of", percent(rules.share)),
            ("Alerts from a distance of", number(rules.distance)),
            ("Raw events", rules.events or "none named"),
            ("Model", code(report.model_digest[:12])),
        ]
    )


def _features(report: SkewReport) -> object:
    return table(
        ("Feature", "Differing", "Share", "Since", "Likely cause", "Explained", "Distance"),
        [
            (
                one.feature,
                one.differing,
                percent(one.differing / one.rows),
                _time(one.since) if one.since else None,
                f"{one.cause.kind.value}: {one.cause.explanation}" if one.cause else None,
                percent(one.cause.explained) if one.cause else None,
                None if math.isnan(one.distance) else number(one.distance),
            )
            for one in sorted(report.features, key=lambda one: -one.differing)
        ],
        align="lrrllrr",
        empty="No feature was compared.",
    )


def _rows(one: FeatureSkew) -> object:
    return disclosure(
        one.feature,
        table(
            ("Request", "Row", "Event time", "Served", "Computed"),
            [
                (
                    row.request_id,
                    str(row.row),
                    _time(row.event_time),
                    row.served or "missing",
                    row.recomputed or "missing",
                )
                for row in one.first
            ],
            align="llllr",
        ),
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
