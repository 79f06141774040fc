"""The project file's `monitoring` section as a policy: what it leaves open is taken from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any, TypeVar, get_type_hints

from phasegate.monitoring.policy import (
    CalibratedRule,
    ChannelRules,
    DriftRules,
    LiteralRule,
    MonitoringPolicy,
    PerformanceRules,
    RetrainingRules,
    SkewRules,
)
from phasegate.project.durations import parse_duration
from phasegate.release.policy_section import Section, Sections, labels_of

R = TypeVar("R")

_PARTS = {"literal": LiteralRule, "calibrated": CalibratedRule, "channels": ChannelRules}


def monitoring_policy_of(sections: Sections) -> MonitoringPolicy:
    """The policy that a valid project file declares.

    Labels are those of `release`, request ids and raw events those of `data`, where the section
    does not say otherwise.

    Args:
        sections: of `load_project`, with defaults filled in.
    """
    section, data = sections["monitoring"], sections["data"]
    own = {name: value for name, value in section["labels"].items() if value is not None}
    key = section["key"] or data["key"] or ""
    drift = section["drift"]
    return MonitoringPolicy(
        statistics=section["statistics"],
        labels=labels_of({**sections["release"]["labels"], **own}, data),
        key=key,
        drift=_rules(
            DriftRules, drift, **{name: _rules(kind, drift[name]) for name, kind in _PARTS.items()}
        ),
        performance=_rules(PerformanceRules, section["performance"]),
        skew=_rules(SkewRules, section["skew"], events=_events(section["skew"], data, key)),
        retraining=_rules(RetrainingRules, section["retraining"]),
    )


def _events(skew: Section, data: Section, key: str) -> str:
    """Where raw events are; empty where rows could not be told by a key, or nobody says where."""
    declared, source = skew["events"], data["source"]
    if declared is not None:
        return declared or ""
    sources = [source] if isinstance(source, str) else source
    return sources[0] if key and len(sources) == 1 else ""


def _rules(kind: type[R], section: Mapping[str, Any], **known: Any) -> R:
    """Rules of one part, each value of the type that the rules have for it."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(
        **{
            name: known[name] if name in known else _value(hints[name], section[name])
            for name in names
        }
    )


def _value(kind: Any, value: Any) -> Any:
    if kind is timedelta:
        return parse_duration(value)
    return float(value) if kind is float else value
