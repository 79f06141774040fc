"""What a schema cannot say: sections of a project file that must agree with one another."""

from __future__ import annotations

from typing import Any

from phasegate.errors import BadInput
from phasegate.project.durations import parse_duration
from phasegate.project.monitoring_agreement import check_monitoring
from phasegate.project.release_agreement import check_release

Sections = dict[str, dict[str, Any]]


def check_agreement(sections: Sections, where: str) -> None:
    """Check every rule that spans sections.

    Args:
        sections: by name, with defaults filled in.
        where: the file, for the message.

    Raises:
        BadInput: naming the keys that do not agree.
    """
    for check in (
        _check_features,
        _check_time,
        _check_windows,
        _check_split,
        _check_gates,
        _check_serving,
        check_release,
        check_monitoring,
    ):
        check(sections, where)


def _check_features(sections: Sections, where: str) -> None:
    data, features = sections["data"], sections["features"]
    named = [*features["numeric"], *features["categorical"]]
    if not (named or features["calendar"] or features["windows"]):
        raise BadInput("'features' declares none", where=where, expected="at least one feature")
    for column in named:
        if column == data["label"]["column"]:
            raise BadInput(f"the label '{column}' is listed as a feature", where=where)
        if column in data["exclude"]:
            raise BadInput(f"'{column}' is excluded and listed as a feature", where=where)
    if both := set(features["numeric"]) & set(features["categorical"]):
        raise BadInput(f"'{min(both)}' is both numeric and categorical", where=where)


def _check_time(sections: Sections, where: str) -> None:
    if sections["data"]["time"] is not None:
        return
    for need, used in (
        ("features.windows", sections["features"]["windows"]),
        ("split.order: time", sections["split"]["order"] == "time"),
        ("data.max_age", sections["data"]["max_age"]),
    ):
        if used:
            raise BadInput(f"'{need}' needs a time column", where=where, fix="set data.time")


def _check_windows(sections: Sections, where: str) -> None:
    label = sections["data"]["label"]
    for window in sections["features"]["windows"]:
        is_too_early = parse_duration(window["delay"]) < parse_duration(label["delay"])
        if window["value"] == label["column"] and is_too_early:
            raise BadInput(
                f"the window of '{window['entity']}' over the label ends {window['delay']} before "
                "the event, when labels are not known yet",
                where=where,
                expected=f"a delay of at least {label['delay']}",
            )


def _check_split(sections: Sections, where: str) -> None:
    split = sections["split"]
    if split["validation"] + split["calibration"] + split["test"] >= 1:
        raise BadInput("'split' leaves no rows for training", where=where)


def _check_gates(sections: Sections, where: str) -> None:
    data, evaluation = sections["data"], sections["evaluation"]
    if evaluation["bootstrap"]["unit"] == "entity" and data["entity"] is None:
        raise BadInput("'evaluation.bootstrap.unit' is entity", where=where, fix="set data.entity")
    known = {*data["protected"], *evaluation["slices"]}
    for gate in evaluation["gates"]:
        grouped = gate["metric"].endswith(("_difference", "_ratio")) or "slice" in gate["metric"]
        if grouped and gate.get("by") not in known:
            raise BadInput(
                f"the gate on {gate['metric']} is by {gate.get('by')!r}",
                where=where,
                expected=f"one of data.protected or evaluation.slices: {', '.join(sorted(known))}",
            )


def _check_serving(sections: Sections, where: str) -> None:
    data, features = sections["data"], sections["features"]
    if sections["serving"]["inputs"] == "events" and features["windows"] and not data["key"]:
        raise BadInput(
            "'serving.inputs: events' needs to know which event is which",
            where=where,
            fix="set data.key",
        )
    logged = {*features["numeric"], *features["categorical"], data["entity"]} - {None}
    for column in sections["serving"]["log"]["sensitive"]:
        if column not in logged:
            raise BadInput(
                f"'serving.log.sensitive' names '{column}', which is not logged",
                where=where,
                expected=f"one of {', '.join(sorted(logged))}",
            )
