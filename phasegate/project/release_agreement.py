"""What a schema cannot say of the `release` section: which phases, and what each can judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from phasegate.errors import BadInput
from phasegate.project.durations import parse_duration
from phasegate.project.release_gates import Place, check_gate, check_keys
from phasegate.release.policy import Policy
from phasegate.release.policy_section import STATISTICAL, loggable, policy_of

Section = Mapping[str, Any]
Sections = Mapping[str, Section]


def check_release(sections: Sections, where: str) -> None:
    """Check that a release by these rules can begin, be judged, and come to an end.

    Args:
        sections: by name, with defaults filled in.
        where: the file, for the message.

    Raises:
        BadInput: naming the key that cannot be as it is.
    """
    section = sections["release"]
    _check_slices(sections, where)
    _check_metric(sections, where)
    phases = list(_kept(section))
    for key, phase in phases:
        _check_phase(key, phase, where)
    _check_order(phases, section["shadow"]["off"], where)
    for key, phase in phases:
        _check_gates(key, phase, where)
    policy = policy_of(sections, "")
    for key, phase in phases:
        for name, gate in _gates(key, phase):
            check_gate(gate, Place(name, phase, policy, where))
    _check_value_is_judged(policy, where)


def _kept(section: Section) -> Iterator[tuple[str, Section]]:
    """Phases that a release goes through, each with its key in the file."""
    for position, phase in enumerate(section["phases"]):
        if phase["weight"] > 0 or section["shadow"]["off"] is None:
            yield f"release.phases[{position}]", phase


def _check_slices(sections: Sections, where: str) -> None:
    logged = loggable(sections)
    for column in sections["release"]["slices"] or ():
        if column not in logged:
            raise BadInput(
                f"'release.slices' names '{column}', which is not logged",
                where=where,
                expected=f"some of {', '.join(sorted(logged))}",
            )


def _check_metric(sections: Sections, where: str) -> None:
    metric, labels = sections["release"]["metric"], sections["release"]["labels"]
    if labels["source"] and not (labels["key"] or sections["data"]["key"]):
        raise BadInput(
            "'release.labels.key' is not known: which column of the labels is the request's id",
            where=where,
            fix="set release.labels.key or data.key",
        )
    if metric is None:
        return
    if metric["needs_label"] and not labels["source"]:
        raise BadInput(
            "'release.metric' needs labels, and 'release.labels.source' does not say where",
            where=where,
            fix="set release.labels.source, or release.metric.needs_label: false",
        )
    lower, upper = metric["lower"], metric["upper"]
    if metric["exact"] and (lower is None or upper is None):
        raise BadInput(
            "'release.metric.exact' needs to know how much a row can be worth",
            where=where,
            fix="set release.metric.lower and upper",
        )
    if lower is not None and upper is not None and not lower < upper:
        raise BadInput(
            f"'release.metric.upper' is {upper}",
            where=where,
            expected=f"more than the lower bound, {lower}",
        )


def _check_phase(key: str, phase: Section, where: str) -> None:
    for share in ("weight", "mirror"):
        points = phase[share] * 100
        if abs(points - round(points)) > 1e-6:
            raise BadInput(
                f"'{key}.{share}' is {phase[share]}",
                where=where,
                expected="hundredths of a per cent at the finest",
            )
    if phase["weight"] == 100 and phase["mirror"]:
        raise BadInput(
            f"'{key}.mirror' is {phase['mirror']}: at weight 100 no request is left to copy",
            where=where,
            fix=f"leave {key}.mirror out",
        )
    if not phase["weight"] and not phase["mirror"]:
        raise BadInput(
            f"'{key}.mirror' is 0 in a phase of weight 0, where the challenger sees nothing else",
            where=where,
            fix=f"set {key}.mirror, or switch the shadow off and say why in release.shadow.off",
        )
    least = phase["minimum"]["duration"]
    if parse_duration(phase["patience"]) <= parse_duration(least):
        raise BadInput(
            f"'{key}.patience' is {phase['patience']}",
            where=where,
            expected=f"more than minimum.duration, {least}",
        )


def _check_order(phases: list[tuple[str, Section]], off: str | None, where: str) -> None:
    if off is not None and len(off.strip()) < 10:
        raise BadInput(
            "'release.shadow.off' says nothing",
            where=where,
            expected="a reason of at least 10 characters",
        )
    if not phases:
        raise BadInput(
            "'release.phases' has nothing but shadows, and release.shadow.off is set",
            where=where,
            expected="a last phase of weight 100",
        )
    key, first = phases[0]
    if first["weight"] and off is None:
        raise BadInput(
            f"'{key}.weight' is {first['weight']}: users would be the first to meet the challenger",
            where=where,
            expected="a shadow first: weight 0, mirror 100",
            fix="or switch it off and say why in release.shadow.off",
        )
    names: set[str] = set()
    reached = 0.0
    for key, phase in phases:
        if phase["name"] in names:
            raise BadInput(
                f"'{key}.name' is '{phase['name']}' again",
                where=where,
                expected="another name for each phase",
            )
        names.add(phase["name"])
        if phase["weight"] < reached:
            raise BadInput(
                f"'{key}.weight' is {phase['weight']}",
                where=where,
                expected=f"at least {reached}, the weight of the phase before",
            )
        reached = phase["weight"]
    if reached != 100:
        raise BadInput(
            f"'{key}.weight' is {reached} in the last phase",
            where=where,
            expected="100, so that the challenger has been seen to bear all",
        )


def _gates(key: str, phase: Section) -> Iterator[tuple[str, Section]]:
    """Declared gates and guardrails of a phase, each with its key in the file."""
    for kind in ("gates", "guardrails"):
        for position, gate in enumerate(phase[kind] or ()):
            yield f"{key}.{kind}[{position}]", gate


def _check_gates(key: str, phase: Section, where: str) -> None:
    for name, gate in _gates(key, phase):
        check_keys(gate, name, where)
    if phase["gates"] is None:
        return
    if not phase["gates"]:
        raise BadInput(
            f"'{key}.gates' is empty: nothing could pass", where=where, expected="at least one gate"
        )
    if phase["weight"] < 100 and not any(g["metric"] in STATISTICAL for g in phase["gates"]):
        raise BadInput(
            f"'{key}.gates' has no gate that holds a bound against a limit",
            where=where,
            expected=f"at least one of {', '.join(sorted(STATISTICAL))}",
        )


def _check_value_is_judged(policy: Policy, where: str) -> None:
    if policy.metric is None:
        return
    looked_at = (gate for phase in policy.phases for gate in (*phase.gates, *phase.guardrails))
    if not any(gate.metric == "value" for gate in looked_at):
        raise BadInput(
            "the business metric, 'release.metric', is looked at by no gate of 'release.phases'",
            where=where,
            expected="a gate on value in a phase whose patience is longer than its labels' delay",
        )
