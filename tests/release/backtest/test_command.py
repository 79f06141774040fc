"""phasegate backtest with real models: scored in their own environment, over a log and a table."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.clock import microseconds
from phasegate.digests import canonical_json
from phasegate.local.environments import ROOT
from phasegate.models import Input, Model
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from phasegate.release.policy import Labels, Policy
from tests.release.backtest.streams import policy
from tests.serving.conftest import NAME, small_model

START = datetime(2025, 3, 1, tzinfo=UTC)
ROWS, DAYS = 6_000, 12
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, a feature set, a log of the champion, labels and a policy."""
    folder = tmp_path_factory.mktemp("backtest")
    champion, challenger = small_model(7), small_model(8)
    champion.save(folder / "champion")
    challenger.save(folder / "challenger")
    random = np.random.default_rng(5)
    features = pa.table(
        {
            "amount": pa.array(random.normal(size=ROWS), mask=random.random(ROWS) < 0.05),
            "mean_7d": random.gamma(2, 30, ROWS),
            "category": random.choice(["food", "fuel", "travel"], ROWS),
        }
    )
    amount = features["amount"].fill_null(0.0).to_numpy()
    travel = np.array(features["category"].to_pylist()) == "travel"
    label = (amount + 2 * travel + random.normal(size=ROWS) > 1.5).astype(np.int8)
    first = microseconds(START)
    time = first + np.sort(random.integers(0, DAYS * 86_400_000_000, ROWS))
    entity = [f"C{number}" for number in random.integers(0, 800, ROWS)]
    keys = {"_row": np.arange(ROWS), "_time": time, "_label": label, "_entity": entity}
    (folder / "set").mkdir()
    whole = pa.table({**keys, **{name: features[name] for name in features.column_names}})
    pq.write_table(whole, folder / "set" / "features.parquet")
    _write_log(folder / "log", champion, whole)
    pq.write_table(
        pa.table({"id": [f"r-{row}" for row in range(ROWS)], "fraud": label}),
        folder / "labels.parquet",
    )
    labels = Labels(str(folder / "labels.parquet"), "id", "fraud", 1, 2 * DAY)
    _write_policy(folder / "usual.json", _policy(labels))
    return folder


def _policy(labels: Labels) -> Policy:
    usual = policy(labels, slices=("category",))
    gate = replace(usual.phases[0].gates[1], limit=1.0)
    shadow = replace(
        usual.phases[0],
        minimum=replace(usual.phases[0].minimum, duration=4 * DAY, requests=1_000),
        gates=(usual.phases[0].gates[0], gate),
    )
    return replace(usual, phases=(shadow, *usual.phases[1:]))


def _write_policy(path: Path, rules: Policy) -> None:
    path.write_bytes(canonical_json(rules.to_json()))


def _write_log(store: Path, model: Model, rows: pa.Table) -> None:
    numeric, text = ("amount", "mean_7d"), ("category",)
    source = Source(NAME, model.digest, "fraud/1", numeric, text, "writer")
    scores = model.score(model.matrix(rows))
    decisions = model.decide(scores)
    values = np.column_stack([rows[name].fill_null(np.nan).to_numpy() for name in numeric])
    predictions = [
        Prediction(
            f"r-{at}", time, entity, "champion", 900 + at % 500, None, values[at].tobytes(),
            [[category]], scores[at : at + 1].tobytes(), decisions[at : at + 1].tobytes(),
        )
        for at, (time, entity, category) in enumerate(
            zip(*(rows[name].to_pylist() for name in ("_time", "_entity", "category")), strict=True)
        )
    ]  # fmt: skip
    for name, part in partitions(table(predictions, source), source, "0" * 64):
        path = store / name
        path.parent.mkdir(parents=True)
        path.write_bytes(parquet_bytes(part))


def _run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "phasegate.cli", "backtest", *arguments],
        cwd=place, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


LOG = ("challenger", "--champion", "champion", "--log", "log")
TABLE = ("challenger", "--champion", "champion", "--traffic", "set")


def test_a_log_is_replayed_and_told(place: Path) -> None:
    done = _run(place, *LOG, "--policy", "usual.json", "--json", "-o", "report.html")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    # The last day is not over when the last request comes.
    assert (found["traffic"]["requests"], found["looks"]) == (ROWS, DAYS - 1)
    assert found["traffic"]["valued"] == ROWS
    (one,) = found["policies"]
    assert one["timeline"][0]["action"] == "start"
    assert one["not_replayable"][0] == "shadow: coverage"
    assert one["path"][-1] == one["against_champion"]
    assert one["regret"] == max(0.0, found["switch_at_once"]) - one["against_champion"]
    report = (place / "report.html").read_text()
    assert report.startswith("<!doctype html>")
    assert "Policies side by side" in report
    assert "http://" not in report.replace("http://www.w3.org", "")
    again = _run(place, *LOG, "--policy", "usual.json", "--json")
    assert again.stdout == done.stdout


def test_a_table_gives_the_same_release_as_the_log_of_it(place: Path) -> None:
    found = [
        json.loads(_run(place, *past, "--policy", "usual.json", "--json").stdout)
        for past in (LOG, TABLE)
    ]
    first, second = (one["policies"][0] for one in found)
    assert first["timeline"] == second["timeline"]
    assert found[0]["switch_at_once"] == pytest.approx(found[1]["switch_at_once"])
    assert first["entities_met"] == second["entities_met"] or not first["entities_met"]


def test_policies_are_told_side_by_side(place: Path) -> None:
    usual = Policy.from_json(json.loads((place / "usual.json").read_text()))
    strict = replace(usual.phases[0], gates=(replace(usual.phases[0].gates[1], limit=-4.0),))
    _write_policy(place / "strict.json", replace(usual, phases=(strict, *usual.phases[1:])))
    done = _run(place, *TABLE, "--policy", "usual.json", "--policy", "strict.json")
    assert done.returncode == 0, done.stderr
    table = done.stdout.splitlines()
    assert [line.split()[0] for line in table[1:4]] == ["policy", "usual", "strict"]
    assert "rolled back in shadow" in done.stdout
    assert "regret" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*LOG,), "there is no policy to replay"),
        ((*LOG, "--policy", "usual.json", "--since", "2026-01-01"), "no predictions of fraud"),
        ((*TABLE, "--policy", "usual.json", "--since", "2026-01-01"), "no past traffic"),
        ((*TABLE, "--policy", "usual.json", "--every", "30d"), "there is no look"),
        ((*TABLE, "--policy", "usual.json", "--every", "0d"), "looks take place at one time"),
        ((*LOG, "--policy", "usual.json", "--labels", "set"), "have no column 'id'"),
        ((*LOG, "--policy", "unknown.json"), "unknown field hope"),
        (("wanting", *LOG[1:], "--policy", "usual.json"), "does not have 'country'"),
        (("champion", *LOG[1:], "--policy", "usual.json"), "are the same model"),
    ],
)
def test_what_cannot_be_replayed_is_said(place: Path, arguments, said: str) -> None:
    wanting = replace(
        small_model(9), inputs=(*small_model(9).inputs[:2], Input("country", "categorical"))
    )
    replace(wanting, encoding={"country": ("at", "ch")}).save(place / "wanting")
    value = json.loads((place / "usual.json").read_text())
    (place / "unknown.json").write_text(json.dumps({**value, "hope": 1}))
    done = _run(place, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
