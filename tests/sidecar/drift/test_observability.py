"""Alert rules and dashboard ask for metrics that real processes export."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from phasegate import metric_names as names
from phasegate.local.environments import ROOT
from phasegate.monitoring.drift.judgement import Channel
from phasegate.serving.process import ModelServerProcess
from tests.serving.conftest import NAME, small_model
from tests.sidecar.drift.conftest import Watch
from tests.sidecar.drift.reading import total
from tests.sidecar.drift.streams import START, records, segment, values
from tests.waiting import until

FOLDER = ROOT / "kserve_manifests" / "observability"
RULES = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
DAY = timedelta(days=1)


def expressions() -> list[str]:
    """All of them, of rules, panels and variables."""
    rules = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    asked = [one["definition"] for one in DASHBOARD["templating"]["list"] if "definition" in one]
    return rules + panels + asked


def exported(address: str) -> dict[str, set[str]]:
    """Labels of each series that a process exports, by the series' name; none while it is empty."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        suffix = {"counter": "_total", "histogram": "_bucket"}.get(family.type, "")
        found[family.name + suffix] = set()
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_metric_of_rules_and_dashboard_is_in_a_live_scrape(
    watching: Watch, tmp_path: Path
) -> None:
    small_model().save(tmp_path / "model")
    (tmp_path / "predictor").mkdir()
    server = ModelServerProcess(
        tmp_path / "model", small_model().digest, NAME, log=tmp_path / "server.log",
        options=[f"--spool={tmp_path / 'predictor'}"],
    )  # fmt: skip
    with watching() as sidecar, server:
        for number in range(2):
            columns = values(np.random.default_rng(number), 400)
            since = START + number * DAY
            segment(tmp_path / "spool", number, list(records(columns, since, since + DAY)))
        until(lambda: total(sidecar, names.WINDOWS) == 1)
        with server.client() as client:
            client.inputs()
        request = urllib.request.Request(
            f"{server.address}/v1/models/{NAME}:predict",
            json.dumps({"instances": [{"amount": 1, "mean_7d": 2, "category": "food"}]}).encode(),
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        live = exported(sidecar.address) | exported(server.address)
    asked = {name for text in expressions() for name in re.findall(r"phasegate_\w+", text)}
    assert len(asked) > 30
    assert asked - live.keys() == set()
    by_series = {one.series: one for one in names.ALL}
    for name in asked:
        assert live[name] - {"le"} <= set(by_series[name].labels), name
    # Those of the sidecar are all there, asked for or not.
    own = {
        one.series for one in names.ALL if one.name.startswith(("phasegate_drift", "phasegate_s"))
    }
    assert own - live.keys() == set()


def test_labels_that_rules_and_dashboard_choose_by_exist() -> None:
    by_series = {one.series: one for one in names.ALL}
    for text in expressions():
        for name, chosen in re.findall(r"(phasegate_\w+)\{([^}]*)\}", text):
            labels = {one.partition("=")[0].strip() for one in re.findall(r"\w+=", chosen)}
            assert labels <= set(by_series[name].labels), text
    channels = re.findall(r'channel="([^"]*)"', " ".join(expressions()))
    assert set(channels) <= {one.value for one in Channel}


def test_alerts_have_names_of_their_own_and_say_what_to_do() -> None:
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    by_series = {one.series: one for one in names.ALL}
    for rule in rules:
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"]["description"]
        known = {
            label
            for name in re.findall(r"phasegate_\w+", rule["expr"])
            for label in by_series[name].labels
        }
        said = " ".join(rule["annotations"].values())
        assert set(re.findall(r"\$labels\.(\w+)", said)) <= known, rule["alert"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed here")
def test_promtool_accepts_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", FOLDER / "alerts.yaml"], check=True)
