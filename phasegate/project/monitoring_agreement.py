"""What a schema cannot say of the `monitoring` section: lengths that fit, keys that are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from phasegate.errors import BadInput
from phasegate.monitoring.policy_section import monitoring_policy_of
from phasegate.project.durations import parse_duration

Sections = Mapping[str, Mapping[str, Any]]

DAY = timedelta(days=1)
SHORTEST_PANE = timedelta(minutes=1)
FEWEST_WINDOWS = 4  # of performance that a step or a slope can be told in


def check_monitoring(sections: Sections, where: str) -> None:
    """Check that a model can be watched by these rules.

    Args:
        sections: by name, with defaults filled in.
        where: the file, for the message.

    Raises:
        BadInput: naming the key that cannot be as it is.
    """
    section = sections["monitoring"]
    _check_windows(section, where)
    _check_history(section, where)
    _check_keys(sections, where)


def _check_windows(section: Mapping[str, Any], where: str) -> None:
    drift = section["drift"]
    pane, window = parse_duration(drift["pane"]), parse_duration(drift["window"])
    if pane < SHORTEST_PANE or DAY % pane:
        raise BadInput(
            f"'monitoring.drift.pane' is {drift['pane']}",
            where=where,
            expected="at least 1m, and a day that is made of whole panes, such as 15m, 1h or 1d",
        )
    if not window or window % pane:
        raise BadInput(
            f"'monitoring.drift.window' is {drift['window']}",
            where=where,
            expected=f"a multiple of monitoring.drift.pane, {drift['pane']}",
        )


def _check_history(section: Mapping[str, Any], where: str) -> None:
    length = section["performance"]["window"]
    if not (window := parse_duration(length)):
        raise BadInput(
            f"'monitoring.performance.window' is {length}",
            where=where,
            expected="more than nothing",
        )
    retraining = section["retraining"]
    if parse_duration(retraining["history"]) < FEWEST_WINDOWS * window:
        raise BadInput(
            f"'monitoring.retraining.history' is {retraining['history']}",
            where=where,
            expected=f"at least {FEWEST_WINDOWS} times monitoring.performance.window, {length}, "
            "or a sudden change and a trend cannot be told apart",
        )
    if not parse_duration(retraining["timeout"]):
        raise BadInput(
            f"'monitoring.retraining.timeout' is {retraining['timeout']}: two trainings could run "
            "at once",
            where=where,
            expected="longer than a training takes, such as 1d",
        )


def _check_keys(sections: Sections, where: str) -> None:
    section = sections["monitoring"]
    policy = monitoring_policy_of(sections)
    if policy.labels.source and not policy.labels.key:
        raise BadInput(
            "'monitoring.labels.key' is not known: which column of the labels is the request's id",
            where=where,
            fix="set monitoring.labels.key, release.labels.key or data.key",
        )
    if section["skew"]["events"] and not policy.key:
        raise BadInput(
            "'monitoring.skew.events' is set, and which raw event a request was about is not known",
            where=where,
            fix="set monitoring.key or data.key",
        )
    if policy.key and policy.key in (*sections["data"]["exclude"], policy.labels.column):
        raise BadInput(
            f"'monitoring.key' is '{policy.key}', which is the label, or not known when the model "
            "is asked",
            where=where,
            expected="a column that is different in every row",
        )
