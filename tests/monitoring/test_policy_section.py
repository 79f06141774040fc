"""The project file's monitoring section becomes a policy; a section that cannot work is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.policy import DAY, MonitoringPolicy
from phasegate.project.load import load_project

BASE = """\
version: 1
name: card-fraud
data:
  source: events.csv
  key: id
  label: {column: is_fraud, positive: 'yes', delay: 3d}
features:
  numeric: [amount]
"""


def policy(tmp_path: Path, monitoring: str = "", base: str = BASE) -> MonitoringPolicy:
    path = tmp_path / "project.yaml"
    path.write_text(base + (f"monitoring:\n{monitoring}" if monitoring else ""))
    return load_project(path).monitoring()


def refusal(tmp_path: Path, monitoring: str, base: str = BASE) -> str:
    with pytest.raises(BadInput) as refused:
        policy(tmp_path, monitoring, base)
    return str(refused.value)


def test_without_the_section_every_rule_has_the_default_of_the_policy(tmp_path: Path) -> None:
    found, default = policy(tmp_path), MonitoringPolicy()
    assert replace(found, labels=default.labels, key="", skew=default.skew) == default
    assert replace(found.skew, events="") == default.skew
    for part in ("drift", "performance", "skew", "retraining"):
        # 1 is not 1.0 as JSON, and has another digest.
        assert json.dumps(getattr(found, part), default=repr) == json.dumps(
            getattr(replace(default, skew=found.skew), part), default=repr
        )


def test_labels_key_and_raw_events_are_taken_from_the_other_sections(tmp_path: Path) -> None:
    found = policy(tmp_path, base=BASE + "release:\n  labels: {source: labels, absent: negative}\n")
    assert found.labels.source == str(tmp_path / "labels")
    assert (found.labels.key, found.labels.column) == ("id", "is_fraud")
    assert (found.labels.positive, found.labels.delay) == ("yes", 3 * DAY)
    assert found.labels.absent == "negative"
    assert found.key == "id"
    assert found.skew.events == str(tmp_path / "events.csv")


def test_its_own_labels_come_first(tmp_path: Path) -> None:
    base = BASE + "release:\n  labels: {source: labels, key: request}\n"
    found = policy(tmp_path, "  labels: {source: 'gs://b/l', delay: 9d}\n", base)
    assert (found.labels.source, found.labels.key) == ("gs://b/l", "request")
    assert found.labels.delay == 9 * DAY


@pytest.mark.parametrize(
    ("monitoring", "base"),
    [
        ("  skew: {events: false}\n", BASE),
        ("", BASE.replace("  key: id\n", "")),
        ("", BASE.replace("source: events.csv", "source: [a.csv, b.csv]")),
    ],
)
def test_skew_is_left_out_where_that_is_said_or_events_are_not_known(
    tmp_path: Path, monitoring: str, base: str
) -> None:
    assert policy(tmp_path, monitoring, base).skew.events == ""


def test_it_survives_as_the_parameter_of_a_pipeline(tmp_path: Path) -> None:
    found = policy(tmp_path, "  drift: {window: 12h, channels: {rate: 0}}\n")
    parameter = canonical_json(found.to_json()).decode()
    assert MonitoringPolicy.from_json(json.loads(parameter)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  drift: {pane: 7h}\n", "'monitoring.drift.pane' is 7h"),
        ("  drift: {pane: 30s}\n", "'monitoring.drift.pane' is 30s"),
        ("  drift: {pane: 2h, window: 3h}\n", "a multiple of monitoring.drift.pane, 2h"),
        ("  drift: {window: 0d}\n", "'monitoring.drift.window' is 0d"),
        ("  performance: {window: 0d}\n", "'monitoring.performance.window' is 0d"),
        ("  retraining: {history: 20d}\n", "at least 4 times monitoring.performance.window, 7d"),
        ("  retraining: {timeout: 0h}\n", "two trainings could run at once"),
        ("  key: is_fraud\n", "'monitoring.key' is 'is_fraud'"),
        ("  performance: {floor: 1.2}\n", "monitoring.performance.floor"),
        ("  drfit: {}\n", "did you mean 'drift'?"),
        ("  skew: {events: true}\n", "monitoring.skew.events"),
    ],
)
def test_what_cannot_work_is_refused_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    assert said.casefold() in refusal(tmp_path, text).casefold()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  labels: {source: labels}\n", "set monitoring.labels.key, release.labels.key or data"),
        ("  skew: {events: raw.csv}\n", "set monitoring.key or data.key"),
    ],
)
def test_keys_are_asked_for_where_something_needs_them(
    tmp_path: Path, text: str, said: str
) -> None:
    base = BASE.replace("  key: id\n", "")
    assert said.casefold() in refusal(tmp_path, text, base).casefold()
