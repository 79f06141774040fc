"""The project file's `release` section as a policy: defaults of one section taken from others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from phasegate.project.durations import parse_duration
from phasegate.release.policy import BusinessMetric, Gate, Labels, Minimum, Phase, Policy
from phasegate.release.usual_gates import usual_gates, usual_guardrails
from phasegate.traffic.plan import WHOLE

Section = Mapping[str, Any]
Sections = Mapping[str, Section]

STATISTICAL = frozenset({"disagreement", "latency", "errors", "slow", "decisions", "value"})
"""Metrics whose gates hold bounds against a limit, and spend of the error budgets."""

LIMITS = ("min", "max", "margin", "effect", "max_ratio")


def policy_of(sections: Sections, name: str) -> Policy:
    """The policy that a valid project file declares.

    What the section leaves open is taken from the others: slices and the business metric from
    `evaluation`, where and when labels are known from `data`, and each phase's usual gates.

    Args:
        sections: of `load_project`, with defaults filled in.
        name: of the model; what a derived metric is told to be of.
    """
    section = sections["release"]
    labels = labels_of(section["labels"], sections["data"])
    metric = _metric(section["metric"], sections["evaluation"]["value"], labels, name)
    slices = tuple(_slices(sections))
    alpha = section["alpha"]
    phases = (_phase(phase, metric, labels, slices, sections) for phase in kept_phases(section))
    return Policy(
        phases=tuple(phases),
        false_rollback=float(alpha["rollback"]),
        false_promotion=float(alpha["promotion"]),
        unreachable=parse_duration(section["unreachable"]),
        mismatch=float(alpha["mismatch"]),
        slices=slices,
        metric=metric,
        labels=labels,
        shadow_off=section["shadow"]["off"] or "",
        automatic=section["automatic"],
    )


def kept_phases(section: Section) -> list[Section]:
    """The declared phases, without those of weight 0 where the shadow is switched off."""
    shadow = section["shadow"]["off"] is None
    return [phase for phase in section["phases"] if shadow or phase["weight"] > 0]


def loggable(sections: Sections) -> set[str]:
    """Columns whose values can be read in the prediction log."""
    dropped = {
        column for column, how in sections["serving"]["log"]["sensitive"].items() if how == "drop"
    }
    features = sections["features"]
    return {*features["numeric"], *features["categorical"]} - dropped


def labels_of(section: Section, data: Section) -> Labels:
    """Where labels are, by a section that has `labels`; what it leaves open is in `data`."""
    delay = section["delay"] or data["label"]["delay"]
    positive = section["positive"]
    return Labels(
        source=section["source"] or "",
        key=section["key"] or data["key"] or "",
        column=section["column"] or data["label"]["column"],
        positive=data["label"]["positive"] if positive is None else positive,
        delay=parse_duration(delay),
        absent=section["absent"],
    )


def _slices(sections: Sections) -> Iterator[str]:
    declared = sections["release"]["slices"]
    if declared is not None:
        yield from declared
        return
    logged = loggable(sections)
    yield from (column for column in sections["evaluation"]["slices"] if column in logged)


def _metric(
    declared: Section | None, values: Section, labels: Labels, name: str
) -> BusinessMetric | None:
    """What was declared; else the evaluation's value of a decision, where labels can be found."""
    if declared is not None:
        bounds = {end: declared[end] for end in ("lower", "upper")}
        return BusinessMetric(
            **{**declared, **{end: _float(value) for end, value in bounds.items()}}
        )
    if not labels.source or not any(values.values()):
        return None
    amounts = {kind: float(amount) for kind, amount in values.items()}
    sql = (
        f"CASE WHEN decision AND label THEN {amounts['true_positive']!r} "
        f"WHEN decision THEN {amounts['false_positive']!r} "
        f"WHEN label THEN {amounts['false_negative']!r} "
        f"ELSE {amounts['true_negative']!r} END"
    )
    return BusinessMetric(
        f"value of {name}", sql, lower=min(amounts.values()), upper=max(amounts.values())
    )


def _phase(
    section: Section,
    metric: BusinessMetric | None,
    labels: Labels,
    slices: tuple[str, ...],
    sections: Sections,
) -> Phase:
    minimum = section["minimum"]
    bare = Phase(
        name=section["name"],
        weight=round(section["weight"] * WHOLE / 100),
        mirror=round(section["mirror"] * WHOLE / 100),
        minimum=Minimum(
            parse_duration(minimum["duration"]), minimum["requests"], minimum["entities"]
        ),
        patience=parse_duration(section["patience"]),
        at_end=section["at_end"],
    )
    if metric is not None and metric.needs_label and labels.delay >= bare.patience:
        metric = None  # No label of the phase is known before it ends.
    usual = {
        "gates": usual_gates(bare, metric, float(sections["serving"]["p99_ms"])),
        "guardrails": usual_guardrails(bare, metric, slices),
    }
    declared = {
        kind: tuple(_gate(gate, bare) for gate in section[kind])
        for kind in usual
        if section[kind] is not None
    }
    return replace(bare, **{**usual, **declared})


def _gate(section: Section, phase: Phase) -> Gate:
    """A declared gate; what it does not say goes by its phase."""
    kind = next(limit for limit in LIMITS if limit in section)
    metric = section["metric"]
    return Gate(
        metric=metric,
        limit=-float(section[kind]) if kind == "effect" else float(section[kind]),
        against="champion" if kind in ("margin", "effect", "max_ratio") else "limit",
        relative=section.get("relative", False),
        on=section.get("on") or ("cohorts" if phase.weight else "pairs"),
        by=section.get("by", ""),
        quantile=float(section.get("quantile", 0.99)),
        over_ms=float(section.get("over_ms", 0.0)),
        weight=float(section["weight"]) if metric in STATISTICAL else 0.0,
    )


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
