"""Which keys each gate of a release takes, and in which phases it has something to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phasegate.errors import BadInput
from phasegate.project.durations import parse_duration
from phasegate.release.policy import Policy
from phasegate.release.policy_section import LIMITS

LIMITS_OF = {
    "coverage": ("min",),
    "disagreement": ("max",),
    "psi": ("max",),
    "ks": ("max",),
    "latency": ("max_ratio",),
    "errors": ("margin", "max"),
    "slow": ("margin", "max"),
    "decisions": ("margin",),
    "value": ("min", "margin", "effect"),
}
OPTIONS_OF = {
    "disagreement": ("by",),
    "latency": ("quantile",),
    "slow": ("over_ms",),
    "value": ("on", "relative"),
}
OF_PAIRS = ("coverage", "disagreement", "psi", "ks")
NO_SHARES = ("psi", "latency", "value")
AGAINST_CHAMPION = ("margin", "effect", "max_ratio")


@dataclass(frozen=True)
class Place:
    """Where a gate stands: its key, its phase, the policy, and the file."""

    key: str
    phase: Mapping[str, Any]
    policy: Policy
    where: str


def check_gate(gate: Mapping[str, Any], place: Place) -> None:
    """Check that one gate or guardrail, of the right keys, has something to look at.

    Raises:
        BadInput: naming its key.
    """
    _check_evidence(gate, place)
    if gate["metric"] == "value":
        _check_value(place)
    column = gate.get("by")
    if column is not None and column not in place.policy.slices:
        raise BadInput(
            f"'{place.key}.by' is '{column}'",
            where=place.where,
            expected=f"one of release.slices: {', '.join(place.policy.slices) or 'there are none'}",
        )


def check_keys(gate: Mapping[str, Any], key: str, where: str) -> None:
    """Check that one gate or guardrail has the keys of its metric, with one limit in its range.

    Args:
        gate: as declared.
        key: of the gate in the file.
        where: the file.

    Raises:
        BadInput: naming its key.
    """
    metric = gate["metric"]
    allowed = LIMITS_OF[metric]
    wrong = [
        name
        for name in gate
        if name not in (*allowed, *OPTIONS_OF.get(metric, ()), "metric", "weight")
    ]
    if wrong:
        raise BadInput(
            f"'{key}.{wrong[0]}' says nothing about {metric}",
            where=where,
            expected=f"one of {', '.join((*allowed, *OPTIONS_OF.get(metric, ())))}",
        )
    if sum(name in gate for name in allowed) != 1:
        raise BadInput(
            f"'{key}' on {metric} has {'several limits' if set(gate) & {*LIMITS} else 'no limit'}",
            where=where,
            expected=f"one of {', '.join(allowed)}" if len(allowed) > 1 else allowed[0],
        )
    if metric == "slow" and "over_ms" not in gate:
        raise BadInput(
            f"'{key}.over_ms' is missing",
            where=where,
            expected="the milliseconds from which an answer is slow",
        )
    if gate.get("relative") and "min" in gate:
        raise BadInput(
            f"'{key}.relative' is about margin and effect, and the gate has min", where=where
        )
    _check_limit(gate, key, where)


def _check_limit(gate: Mapping[str, Any], key: str, where: str) -> None:
    if gate["metric"] in NO_SHARES:
        return
    name = next(name for name in LIMITS if name in gate)
    in_range = 0 < gate[name] <= 1 if name == "min" else 0 <= gate[name] < 1
    if not in_range:
        raise BadInput(
            f"'{key}.{name}' is {gate[name]}",
            where=where,
            expected="a share: more than 0 and at most 1"
            if name == "min"
            else "a share: at least 0 and less than 1",
        )


def _check_evidence(gate: Mapping[str, Any], place: Place) -> None:
    """Every gate must have something to look at in its phase."""
    metric, weight, mirror = gate["metric"], place.phase["weight"], place.phase["mirror"]
    on = gate.get("on") or ("cohorts" if weight else "pairs")
    of_pairs = metric in OF_PAIRS or (metric == "value" and on == "pairs")
    if weight == 100:
        against = [name for name in AGAINST_CHAMPION if name in gate]
        if of_pairs or against:
            what = f".{against[0]}" if against else ""
            raise BadInput(
                f"'{place.key}{what}' compares with the champion, "
                "which answers nothing at weight 100",
                where=place.where,
                expected="a gate against a limit: errors or slow with max, value with min",
            )
        return
    if of_pairs and not mirror:
        raise BadInput(
            f"'{place.key}' on {metric} looks at pairs, and the phase copies nothing",
            where=place.where,
            fix=f"set {place.key.rsplit('.', 1)[0]}.mirror",
        )
    if metric == "coverage" and mirror < 100:
        raise BadInput(
            f"'{place.key}' on coverage counts what is not copied as not covered, and the phase "
            f"copies {mirror} %",
            where=place.where,
            expected="mirror: 100",
        )
    if metric == "value" and on == "pairs" and "min" in gate:
        raise BadInput(
            f"'{place.key}.min' is what the challenger earns by itself, which no pair shows",
            where=place.where,
            expected="margin or effect, or on: cohorts in a phase with a weight",
        )
    if not weight and (metric == "decisions" or (metric == "value" and on == "cohorts")):
        raise BadInput(
            f"'{place.key}' on {metric} compares cohorts, and at weight 0 there are none",
            where=place.where,
            fix="use disagreement" if metric == "decisions" else "set on: pairs",
        )


def _check_value(place: Place) -> None:
    metric, labels = place.policy.metric, place.policy.labels
    if metric is None:
        raise BadInput(
            f"'{place.key}' is on value, and there is no business metric",
            where=place.where,
            fix="set release.metric, or evaluation.value and release.labels.source",
        )
    patience = place.phase["patience"]
    if metric.needs_label and labels.delay >= parse_duration(patience):
        raise BadInput(
            f"'{place.key}' on value could never pass: its phase's patience, {patience}, is over "
            "before a label of it is known",
            where=place.where,
            fix=f"set {place.key.rsplit('.', 1)[0]}.patience to more than the labels' delay",
        )
