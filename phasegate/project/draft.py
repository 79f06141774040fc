"""The text of a project file for an inspected table: commented, valid, and ready to run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from phasegate.errors import BadInput
from phasegate.project.columns import Column, Kind
from phasegate.project.draft_monitoring import BALANCED, RARE, monitoring
from phasegate.project.flow_values import flow, quoted

if TYPE_CHECKING:
    from phasegate.project.inspection import Inspection

_DAY = timedelta(days=1) // timedelta(microseconds=1)
# Isotonic steps need some hundred positives to stand on; a sigmoid has two parameters.
_POSITIVES_FOR_ISOTONIC = 200


def project_yaml(inspection: Inspection, name: str, source: str | list[str]) -> str:
    """A project file for a table.

    Args:
        name: of the model; turned into lower-case letters, digits and dashes.
        source: what `data.source` says, as seen from the project file.
    Raises:
        BadInput: when no column can be the label, or none a feature.
    """
    roles = inspection.roles
    if roles.label is None:
        raise BadInput(
            "no column has exactly two values, so none can be the label", where=str(source),
            expected="a binary label", fix="add one, and name it",
        )  # fmt: skip
    if not (roles.numeric or roles.categorical):
        raise BadInput("no column can be a feature", where=str(source))
    sections = (
        _head(inspection, name), _data(inspection, source), _features(inspection),
        _split(inspection), _training(inspection), _evaluation(inspection),
        ["serving: {rows: 200, p99_ms: 250, tolerance: 0}   # golden requests to the real server"],
        monitoring(inspection, base_rate(inspection)),
    )  # fmt: skip
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def base_rate(inspection: Inspection) -> float:
    """Share of positive rows, 0 to 1."""
    counts = inspection.column(inspection.roles.label or "").counts
    positive = sum(rows for value, rows in counts if value == inspection.roles.positive)
    return positive / sum(rows for _, rows in counts)


def _head(inspection: Inspection, name: str) -> list[str]:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    slug = re.sub(r"^[^a-z]+", "", slug)[:50].strip("-") or "model"
    columns = len(inspection.columns)
    return [
        f"# Drafted by `phasegate init` from {inspection.rows:,} rows and {columns} columns.",
        "# Everything here is a proposal: read it once, change what you know better.",
        "version: 1",
        f"name: {slug}",
    ]


def _data(inspection: Inspection, source: str | list[str]) -> list[str]:
    roles = inspection.roles
    label = inspection.column(roles.label or "")
    lines = ["data:", f"  source: {flow(source)}", f"  format: {inspection.format}"]
    if inspection.format == "csv":
        nulls = flow(sorted({"", "NA", *inspection.nulls}))
        lines.append(f"  csv: {{delimiter: {quoted(inspection.delimiter)}, nulls: {nulls}}}")
    if roles.time:
        lines.append(f"  time: {flow(roles.time)}{_span(inspection.column(roles.time))}")
    else:
        lines.append("  time: null              # no column of times: the rows' order is theirs")
    key = "" if roles.key else "               # no column is different in every row"
    lines.append(f"  key: {flow(roles.key)}{key}")
    lines.append(f"  entity: {flow(roles.entity)}{_others('also repeat', roles.entities[1:])}")
    classes = ", ".join(f"{flow(v)}: {n / inspection.rows:.2%}" for v, n in label.counts)
    missing = f"; {label.nulls:,} rows have no label" if label.nulls else ""
    lines.append(f"  # Class balance: {classes}{missing}.")
    if inspection.delay_days:
        lines.append(f"  # The latest label came {inspection.delay_days} days after its event.")
    delay = f"{inspection.delay_days}d"
    lines.append(
        f"  label: {{column: {flow(roles.label)}, positive: {flow(roles.positive)}, "
        f"delay: {delay}}}"
    )
    if roles.protected:
        lines.append(
            "  # Fairness is measured by these; they are not features unless listed there."
        )
    lines.append(f"  protected: {flow(roles.protected)}")
    lines += [f"  # {flow(column)}: {reason}." for column, reason in roles.exclude.items()]
    excluded = [column for column in roles.exclude if column not in roles.entities]
    lines.append(f"  exclude: {flow(excluded)}")
    lines.append("  max_age: null           # such as 2d: stop when the newest event is older")
    return lines


def _features(inspection: Inspection) -> list[str]:
    roles = inspection.roles
    lines = ["features:"]
    for name, correlation in inspection.suspicious:
        lines.append(
            f"  # {flow(name)} all but equals the label (correlation {correlation:.3f}): "
            "is it known when the model is asked?"
        )
    for kind, names in (("numeric", roles.numeric), ("categorical", roles.categorical)):
        lines += _wrapped(kind, names)
        gaps = [name for name in names if inspection.column(name).nulls]
        shares = (f"{flow(n)} {inspection.column(n).nulls / inspection.rows:.1%}" for n in gaps)
        if gaps:
            lines.append(f"  # missing: {', '.join(shares)}")
    if roles.time is None:
        return [*lines, "  calendar: null", "  windows: []             # need a time column"]
    fine = inspection.column(roles.time).kind is Kind.TIME
    parts = "[hour, weekday]" if fine else "[weekday]"
    lines.append(f"  calendar: {{column: {flow(roles.time)}, parts: {parts}}}")
    windows = _windows(inspection)
    return [*lines, "  windows:", *windows] if windows else [*lines, "  windows: []"]


def _windows(inspection: Inspection) -> list[str]:
    roles = inspection.roles
    time, label = inspection.column(roles.time or ""), inspection.column(roles.label or "")
    span = ((time.maximum or 0) - (time.minimum or 0)) / _DAY
    over = [days for days in (1, 7, 30) if span >= 3 * days]
    lines = []
    if roles.entity and roles.amount and over:
        resolution = ", resolution: 0.01" if inspection.column(roles.amount).cents else ""
        lines.append(
            f"    - {{entity: {flow(roles.entity)}, value: {flow(roles.amount)}, "
            f"aggregates: [count, sum, mean], over: {_days(over)}{resolution}}}"
        )
    longer = [days for days in over if days >= 7]
    if {value for value, _ in label.counts} == {0, 1} and longer:
        lines += [
            f"    - {{entity: {flow(entity)}, value: {flow(roles.label)}, "
            f"aggregates: [count, mean], over: {_days(longer)}, delay: {inspection.delay_days}d}}"
            for entity in roles.entities
        ]
        if lines and inspection.delay_days == 0:
            lines.insert(0, "    # Labels are taken to be known at once: if not, set label.delay.")
    return lines


def _split(inspection: Inspection) -> list[str]:
    order = "in time order" if inspection.roles.time else "in the rows' order (random: shuffled)"
    return [
        f"# Parts are cut {order}; the rest, just over half, is for training.",
        "split: {order: auto, validation: 0.15, calibration: 0.1, test: 0.2}",
    ]


def _training(inspection: Inspection) -> list[str]:
    rate = base_rate(inspection)
    positives = inspection.rows * rate * 0.1
    calibration = "isotonic" if positives >= _POSITIVES_FOR_ISOTONIC else "sigmoid"
    if rate < RARE:
        threshold = "{maximize: recall, subject_to: {precision: 0.9}}"
    else:
        threshold = "{maximize: accuracy}" if rate >= BALANCED else "{maximize: f1}"
    return [
        "training:",
        "  seed: 7",
        "  rounds: 500             # at most; stops early",
        "  early_stopping: 30",
        "  parameters: {max_depth: 6, learning_rate: 0.1}",
        f"  imbalance: {'weight' if rate < RARE else 'none'}",
        f"  calibration: {calibration}   # about {positives:,.0f} positive rows to learn it from",
        f"  threshold: {threshold}",
        "  search: {trials: 0}     # such as 30: look for better parameters first",
    ]


def _evaluation(inspection: Inspection) -> list[str]:
    rate = base_rate(inspection)
    roles = inspection.roles
    small = inspection.rows * 0.2 < 2_000
    slices = [name for name in roles.categorical if 2 <= len(inspection.column(name).counts) <= 12][
        :3
    ]
    unit = "entity" if roles.entity else "row"
    gates = ["{metric: roc_auc, min: 0.7, bound: lower}"]
    # A quarter of the way from guessing (whose PR-AUC is the base rate) to perfect.
    gates.append(f"{{metric: pr_auc, min: {rate + 0.25 * (1 - rate):.2f}, bound: lower}}")
    if rate < RARE:
        gates.append("{metric: precision, min: 0.8}")
    elif rate >= BALANCED:
        majority = max(rate, 1 - rate)
        gates.append(f"{{metric: accuracy, min: {majority:.2f}, bound: lower}}")
    gates.append("{metric: pr_auc, against: champion, margin: 0.01}   # no worse than the champion")
    lines = [
        "evaluation:",
        f"  bootstrap: {{replicates: 400, confidence: 0.95, unit: {unit}}}",
        f"  slices: {flow(slices)}",
        f"  minimum_slice: {50 if small else 200}      # rows",
        f"  gates:                  # guessing has a PR-AUC of {rate:.3f}",
        *(f"    - {gate}" for gate in gates),
    ]
    for column in roles.protected:
        gate = f"{{metric: equalized_odds_difference, max: 0.2, by: {flow(column)}}}"
        lines.append(f"    - {gate}")
    if roles.protected:
        example = f"{{metric: demographic_parity_ratio, min: 0.8, by: {flow(roles.protected[0])}}}"
        lines += ["    # The four-fifths rule, where the share of yes must be alike:"]
        lines += [f"    # - {example}"]
    return lines


def _span(column: Column) -> str:
    first, last = (
        datetime.fromtimestamp((bound or 0) / 1e6, UTC).date()
        for bound in (column.minimum, column.maximum)
    )
    return f"      # {first} to {last}{'' if column.ordered else ', rows not in its order'}"


def _others(what: str, names: Iterable[str]) -> str:
    listed = ", ".join(map(flow, names))
    return f"   # {what}: {listed}" if listed else ""


def _wrapped(key: str, names: Iterable[str]) -> list[str]:
    """A list of columns, on one line while that is readable."""
    names = list(names)
    line = f"  {key}: {flow(names)}"
    return [line] if len(line) <= 96 else [f"  {key}:", *(f"    - {flow(n)}" for n in names)]


def _days(days: Iterable[int]) -> str:
    return f"[{', '.join(f'{number}d' for number in days)}]"
