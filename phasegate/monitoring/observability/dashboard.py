"""A Grafana dashboard: what drifts, what of it alarms, and whether the sidecar does its work."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from phasegate import metric_names as names
from phasegate.metric_names import MetricName

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_OF_MODEL = 'model=~"$model"'
_OF_WINDOW = f'{_OF_MODEL}, window=~"$window"'
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 3
_SCHEMA_VERSION = 39


@dataclass(frozen=True)
class _Panel:
    """A panel: title, queries by legend, and how it is drawn."""

    title: str
    queries: dict[str, str]
    kind: str = "timeseries"
    unit: str = "short"
    text: str = ""
    threshold: float | None = None


def dashboard() -> str:
    """The dashboard as JSON, to be imported or provisioned."""
    document = {
        "title": "Phasegate",
        "uid": "phasegate",
        "tags": ["phasegate"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "time": {"from": "now-30d", "to": "now"},
        "refresh": "1m",
        "templating": {"list": _variables()},
        "panels": list(_placed((*_verdicts(), *_features(), *_sidecar(), *_serving()))),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _verdicts() -> tuple[_Panel, ...]:
    window = "{{model}} {{digest}} {{window}}"
    return (
        _Panel("Alert", {window: _of(names.ALERT)}, "stat", threshold=1.0,
               text="1 where the last window calls for a retraining evaluation."),
        _Panel("Judged", {window: _of(names.JUDGED)}, "stat",
               text="0 where the last window had too few rows to say anything."),
        _Panel("Rows of the last window", {window: _of(names.WINDOW_ROWS)}),
        _Panel("Share of features that drift", {f"{window} {{{{rule}}}}": _of(names.DRIFTED_SHARE)},
               unit="percentunit", threshold=0.1),
        _Panel("Rules that alert", {f"{window} {{{{rule}}}}": _of(names.RULE_ALERT)}, "stat"),
        _Panel("Alarms by channel", {f"{window} {{{{channel}}}}": f"{_of(names.ALARMS)} > 0"}),
        _Panel("End of the last window", {window: f"{_of(names.WINDOW_END_SECONDS)} * 1000"},
               "stat", unit="dateTimeAsIso"),
        _Panel("Windows in a day, by outcome", {
            "{{model}} {{window}} {{outcome}}":
                f"sum by (model, window, outcome) (increase({_of(names.WINDOWS)}[1d]))"}),
    )  # fmt: skip


def _features() -> tuple[_Panel, ...]:
    feature = "{{feature}} {{window}}"
    test = "{{feature}} {{library}} {{window}}"
    return (
        _Panel("Population stability index", {feature: _of(names.PSI)}, threshold=0.2),
        _Panel("PSI less what chance makes", {feature: _of(names.PSI_DEBIASED)}, threshold=0.1),
        _Panel("Distance of distributions", {feature: _of(names.DISTANCE)}, threshold=0.1),
        _Panel("p-values on all rows", {feature: _of(names.P_VALUE)}, threshold=0.05,
               text="As if rows were independent; the calibrated rule does not assume it."),
        _Panel("Missing values", {feature: _of(names.MISSING_SHARE)}, unit="percentunit"),
        _Panel("Detectors: p-values on samples", {test: _of(names.DETECTOR_P_VALUE)},
               text="The joint test of all features has no name of a feature."),
        _Panel("Detectors: statistics", {test: _of(names.DETECTOR_STATISTIC)}),
    )  # fmt: skip


def _sidecar() -> tuple[_Panel, ...]:
    by_outcome = f"sum by (model, outcome) (rate({names.DRIFT_ROWS.series}{{{_OF_MODEL}}}[15m]))"
    return (
        _Panel("Rows a second, by what became of them", {"{{model}} {{outcome}}": by_outcome}),
        _Panel("Rows without a reference", {
            "{{model}} {{digest}}": f"rate({names.UNREFERENCED_ROWS.series}[15m])"}),
        _Panel("Since rows last came", {
            "{{model}} {{digest}}":
                f"time() - {names.LAST_ROWS_SECONDS.series}{{{_OF_MODEL}}}"}, unit="s"),
        _Panel("Windows and alerts that wait", {
            "windows": names.WINDOWS_WAITING.series, "alerts": names.ALERTS_WAITING.series,
            "events": names.EVENTS_WAITING.series}),
        _Panel("From an ended window to its judgement, p95", {
            "p95": _quantile(0.95, names.JUDGE_SECONDS, ())}, unit="s"),
        _Panel("Alerts sent and not taken", {
            "sent": f"increase({names.ALERTS_SENT.series}[1h])",
            "not taken": f"increase({names.ALERT_FAILURES.series}[1h])",
            "detectors failed": f"increase({names.DETECTOR_FAILURES.series}[1h])"}),
        _Panel("Records waiting for the store", {"{{spool}}": names.RECORDS_UNSEALED.series}),
        _Panel("Age of the oldest of them", {"{{spool}}": names.OLDEST_UNSEALED_SECONDS.series},
               unit="s", threshold=600),
        _Panel("Records sealed a second", {
            "{{spool}}": f"rate({names.RECORDS_SEALED.series}[5m])"}),
        _Panel("Segment to store, p95", {"p95": _quantile(0.95, names.SEAL_SECONDS, ())}, unit="s"),
        _Panel("What is wrong", {"{{what}}": f"{names.DEGRADED.series} == 1"}, "stat"),
        _Panel("Failures", {
            "store": f"increase({names.STORE_FAILURES.series}[1h])",
            "damaged segments": f"sum(increase({names.SEGMENTS_DAMAGED.series}[1h]))",
            "dropped records": f"sum(increase({names.LOG_DROPPED.series}[1h]))"}),
    )  # fmt: skip


def _serving() -> tuple[_Panel, ...]:
    by, model = "sum by (model, digest, role)", "{{model}} {{digest}} {{role}}"
    return (
        _Panel("Requests a second", {
            model: f"{by} (rate({names.REQUESTS.series}{{{_OF_MODEL}}}[5m]))"}, unit="reqps"),
        _Panel("Requests that fail, a second", {
            f"{model} {{{{kind}}}}": f"rate({names.REQUEST_ERRORS.series}{{{_OF_MODEL}}}[5m])"},
            unit="reqps"),
        _Panel("Latency, p99", {
            model: _quantile(0.99, names.REQUEST_SECONDS, ("model", "digest", "role"))}, unit="s"),
    )  # fmt: skip


def _of(metric: MetricName) -> str:
    return f"{metric.series}{{{_OF_WINDOW}}}"


def _quantile(share: float, metric: MetricName, by: tuple[str, ...]) -> str:
    labels = ", ".join((*by, "le"))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric.series}[15m])))"


def _variables() -> list[dict[str, Any]]:
    def query(name: str, metric: MetricName) -> dict[str, Any]:
        asked = f"label_values({metric.series}, {name})"
        return {
            "name": name, "label": name, "type": "query", "datasource": _SOURCE,
            "definition": asked, "query": {"query": asked, "refId": name}, "refresh": 2,
            "multi": True, "includeAll": True, "current": {"text": "All", "value": "$__all"},
        }  # fmt: skip

    source = {"name": "datasource", "label": "source", "type": "datasource", "query": "prometheus"}
    return [source, query("model", names.REFERENCES), query("window", names.ALERT)]


def _placed(panels: Iterable[_Panel]) -> Iterable[dict[str, Any]]:
    for at, panel in enumerate(panels):
        steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
        if panel.threshold is not None:
            steps.append({"color": "red", "value": panel.threshold})
        yield {
            "id": at + 1,
            "title": panel.title,
            "description": panel.text,
            "type": panel.kind,
            "datasource": _SOURCE,
            "gridPos": {
                "x": at % _COLUMNS * _WIDTH, "y": at // _COLUMNS * _HEIGHT,
                "w": _WIDTH, "h": _HEIGHT,
            },
            "fieldConfig": {
                "defaults": {
                    "unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps},
                },
                "overrides": [],
            },
            "targets": [
                {"refId": chr(ord("A") + number), "expr": expr, "legendFormat": legend,
                 "datasource": _SOURCE}
                for number, (legend, expr) in enumerate(panel.queries.items())
            ],
        }  # fmt: skip
