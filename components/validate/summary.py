"""Statistics and findings as one plain JSON value, from which the report is made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from components.validate.facts import ColumnFacts, TableFacts
from components.validate.findings import Severity
from components.validate.judging import Assessed
from components.validate.settings import Roles

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.statistics_pb2 import (
        DatasetFeatureStatistics,
        FeatureNameStatistics,
        Histogram,
    )

VERSION = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def summarize(
    dataset: DatasetFeatureStatistics | None,
    table: TableFacts,
    roles: Roles,
    assessed: Sequence[Assessed],
    *,
    snapshot_digest: str,
    outcome: str,
) -> dict[str, Any]:
    """The content of report.json: strings, finite numbers, lists and None only.

    Columns come in the order of the table. Whole numbers of TFDV are floating ones; times are
    ISO 8601.
    """
    described = {f.path.step[0]: f for f in (dataset.features if dataset is not None else ())}
    return {
        "version": VERSION,
        "snapshot_digest": snapshot_digest,
        "outcome": outcome,
        "rows": table.rows,
        "columns": [
            _column(column, described.get(column.name), table.rows, roles, assessed)
            for column in table.columns
        ],
        "anomalies": [_anomaly(item) for item in assessed],
    }


def _anomaly(item: Assessed) -> dict[str, Any]:
    finding = item.finding
    return {
        "column": finding.column,
        "kind": finding.kind,
        "severity": item.severity.value,
        "allowed": item.allowed,
        "what": finding.what,
        "example": finding.example,
        "fix": finding.fix,
        "rows": finding.rows,
    }


def _column(
    facts: ColumnFacts,
    feature: FeatureNameStatistics | None,
    rows: int,
    roles: Roles,
    assessed: Iterable[Assessed],
) -> dict[str, Any]:
    kind = _kind(facts.type)
    missing = rows - (facts.present - facts.nan)
    own = [item for item in assessed if item.finding.column == facts.name]
    summary: dict[str, Any] = {
        "name": facts.name,
        "type": facts.type,
        "kind": kind,
        "role": roles.of(facts.name),
        "missing": missing,
        "missing_share": missing / rows if rows else None,
        "blocking": sum(item.severity is Severity.BLOCK for item in own),
        "warnings": sum(item.severity is Severity.WARN for item in own),
    }
    if feature is None:
        return summary
    if feature.HasField("num_stats"):
        return summary | _numeric(feature, kind)
    return summary | _categorical(feature)


def _numeric(feature: FeatureNameStatistics, kind: str) -> dict[str, Any]:
    described = feature.num_stats
    if not described.common_stats.num_non_missing:
        return {}
    show = _moment if kind in ("time", "date") else _finite
    unit = timedelta(days=1) if kind == "date" else timedelta(microseconds=1)
    shown = {
        "min": show(described.min, unit),
        "mean": show(described.mean, unit),
        "median": show(described.median, unit),
        "max": show(described.max, unit),
        "standard_deviation": _finite(described.std_dev) if kind == "numeric" else None,
        "zeros": int(described.num_zeros) if kind == "numeric" else None,
    }
    for histogram in described.histograms:
        if histogram.type == histogram.QUANTILES:
            shown["quantiles"] = [show(edge, unit) for edge in _edges(histogram)]
        else:
            edges = _edges(histogram)
            shown["histogram"] = {
                "edges": [_finite(edge) for edge in edges],
                "first": show(edges[0], unit) if edges else None,
                "last": show(edges[-1], unit) if edges else None,
                "counts": [_finite(bucket.sample_count) for bucket in histogram.buckets],
            }
    return shown


def _categorical(feature: FeatureNameStatistics) -> dict[str, Any]:
    described = feature.string_stats
    if not described.common_stats.num_non_missing:
        return {}
    return {
        "unique": int(described.unique),
        "mean_length": _finite(described.avg_length),
        "top": [
            {"value": item.value, "rows": int(item.frequency)} for item in described.top_values
        ],
    }


def _edges(histogram: Histogram) -> list[float]:
    buckets = histogram.buckets
    return [bucket.low_value for bucket in buckets] + [b.high_value for b in buckets[-1:]]


def _kind(type_name: str) -> str:
    """How a column is described: numeric, categorical, time or date."""
    if type_name.startswith("TIMESTAMP"):
        return "time"
    if type_name == "DATE":
        return "date"
    categorical = ("VARCHAR", "BLOB", "BOOLEAN", "ENUM", "UUID")
    return "categorical" if type_name.startswith(categorical) else "numeric"


def _finite(value: float, _unit: timedelta | None = None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if math.isfinite(value) else None


def _moment(value: float, unit: timedelta) -> str | None:
    try:
        moment = EPOCH + value * unit
    except (OverflowError, ValueError):
        return None
    return moment.date().isoformat() if unit.days else moment.isoformat(timespec="seconds")
