"""The component as Kubeflow Pipelines runs it, on a real log in the store's layout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.contracts import ObservedWindow, ReferenceProfile
from phasegate.digests import canonical_json
from phasegate.monitoring.drift.calibration import calibrate
from phasegate.monitoring.drift.gathering import from_log
from phasegate.monitoring.drift.judge import judge
from phasegate.monitoring.drift.judgement import Channel
from phasegate.monitoring.drift.report import DriftFindings
from phasegate.monitoring.observed import FILE, LogFile, Observed
from phasegate.monitoring.policy import DriftRules, MonitoringPolicy
from tests.monitoring.drift.references import DAY, START, count, panes, profile, table

ROOT = Path(__file__).parents[3]
RULES = DriftRules()
SINCE, UNTIL = START + 40 * DAY, START + 42 * DAY
OTHER = "d" * 64


def rows(n: int, rng: np.random.Generator, start=START, days=1, shift=0.0) -> pa.Table:
    values = {
        "amount": rng.normal(shift, 1, n),
        "always": np.full(n, 3.0),
        "kind": rng.choice(["a", "b", "c"], n).tolist(),
    }
    return table(values, rng.random(n), start=start, span=days * DAY)


def logged(found: pa.Table, *, digest: str = "a" * 64, role: str = "champion", first=0):
    """Rows with the columns of the stored log."""
    n = len(found)
    for name, values in (
        ("request_id", pa.array([f"r{one}" for one in range(first, first + n)])),
        ("row", pa.array(np.zeros(n, np.int32))),
        ("role", pa.repeat(role, n)),
        ("model_digest", pa.repeat(digest, n)),
        ("latency_us", pa.array(np.full(n, 900))),
    ):
        found = found.append_column(name, values)
    return found


def store(folder: Path, parts: list[pa.Table]) -> list[Path]:
    """Parts as files of the log, by date and model."""
    files = []
    for number, part in enumerate(parts):
        days = part["event_time"].cast(pa.int64()).to_numpy() // 86_400_000_000
        for day in np.unique(days):
            digest = part["model_digest"][0].as_py()
            path = folder / "predictions" / "model" / f"date={np.datetime64(int(day), 'D')}"
            path = path / f"model={digest[:12]}" / f"{number:064x}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(part.filter(pa.array(days == day)), path)
            files.append(path)
    return files


@pytest.fixture(scope="module")
def reference():
    found = rows(40_000, np.random.default_rng(1), days=40)
    mine = profile(found)
    return mine, calibrate(mine, panes(mine, found), RULES, seed=1)


@pytest.fixture(scope="module")
def traffic():
    """A day like the reference, a day that drifts, and what does not count."""
    rng = np.random.default_rng(2)
    answers = pa.concat_tables(
        [
            logged(rows(1_000, rng, SINCE)),
            logged(rows(1_000, rng, SINCE + DAY, shift=1.0), first=1_000),
        ]
    )
    shadow = logged(rows(500, rng, SINCE, shift=5.0), role="shadow", first=5_000)
    other = logged(rows(50, rng, SINCE, shift=5.0), digest=OTHER, role="challenger", first=8_000)
    return answers, shadow, other


def digests(files: list[Path], mine, calibration, folder: Path) -> list[str]:
    read = from_log(files, mine, DAY, since=SINCE, until=UNTIL, folder=folder)
    return [
        judge(mine, calibration, one.counts, RULES, since=one.since, until=one.until).digest
        for one in read.windows
    ]


def test_the_verdict_is_that_of_the_rows_whatever_files_they_lie_in(reference, traffic, tmp_path):
    mine, calibration = reference
    answers, shadow, _ = traffic
    expected = [
        judge(
            mine, calibration, count(mine, answers.slice(at, 1_000)), RULES,
            since=SINCE + day * DAY, until=SINCE + (day + 1) * DAY,
        ).digest
        for day, at in enumerate((0, 1_000))
    ]  # fmt: skip
    rng = np.random.default_rng(3)
    for replicas in (1, 2, 5):
        owner = rng.integers(0, replicas, len(answers))
        parts = [answers.filter(owner == one) for one in range(replicas)]
        parts = [one.take(rng.permutation(len(one))) for one in parts]
        again = answers.take(rng.choice(len(answers), 300, replace=False))
        files = store(tmp_path / str(replicas), [*parts, again, shadow])
        rng.shuffle(files)
        assert digests(files, mine, calibration, tmp_path) == expected


def test_what_is_left_out_is_counted_and_said(reference, traffic, tmp_path):
    mine, _ = reference
    answers, shadow, other = traffic
    failed = logged(rows(7, np.random.default_rng(4), SINCE), first=9_000)
    failed = failed.set_column(failed.column_names.index("error"), "error", pa.repeat("boom", 7))
    files = store(tmp_path, [answers, answers.slice(0, 30), shadow, other, failed])
    read = from_log(
        files, mine, DAY, since=SINCE, until=UNTIL - DAY / 2, folder=tmp_path
    )  # the last half day is outside
    said = " ".join(read.notes)
    for expected in ("30 rows were logged again", "50 rows of other models", "500 rows are copies",
                     "7 requests failed", "500 rows in these files"):  # fmt: skip
        assert expected in said
    assert [one.counts.rows for one in read.windows] == [1_000, 500]
    assert [one.counts.failed for one in read.windows] == [7, 0]
    assert read.windows[0].traffic == 1_050


def test_an_answer_counts_before_a_failure_of_the_same_request(reference, tmp_path):
    mine, _ = reference
    answer = logged(rows(1, np.random.default_rng(4), SINCE))
    failure = answer.set_column(answer.column_names.index("error"), "error", pa.repeat("boom", 1))
    read = from_log(
        store(tmp_path, [failure, answer]), mine, DAY, since=SINCE, until=UNTIL, folder=tmp_path
    )
    assert (read.windows[0].counts.rows, read.windows[0].counts.failed) == (1, 0)


def test_the_step_writes_judgements_and_a_page(reference, traffic, tmp_path):
    mine, calibration = reference
    files = store(tmp_path / "log", list(traffic))
    observed = Observed(
        model="model", model_version="model/1", model_digest=mine.model_digest,
        profile_digest=mine.digest, since=SINCE, until=UNTIL, history=SINCE, now=UNTIL,
        files=tuple(LogFile(str(one.relative_to(tmp_path / "log")), one.stat().st_size)
                    for one in files),
    )  # fmt: skip
    window, kept = tmp_path / "window", tmp_path / "reference"
    window.mkdir()
    kept.mkdir()
    (window / FILE).write_bytes(canonical_json(observed.to_json()))
    (kept / "profile.json").write_bytes(mine.content)
    (kept / "calibration.json").write_bytes(calibration.content)
    pq.write_table(pa.table({"x": [1.0]}), kept / "sample.parquet")
    artifacts = {
        "window": ObservedWindow(
            model_digest=mine.model_digest, profile_digest=mine.digest, since=SINCE.isoformat(),
            until=UNTIL.isoformat(), files=len(files),
        ).stored_at(window, "test"),
        "reference": ReferenceProfile(
            model_digest=mine.model_digest, features_digest=mine.features_digest,
            profile_digest=mine.digest, rows=mine.rows, features=len(mine.features),
        ).stored_at(kept, "test"),
    }  # fmt: skip
    document = {
        "inputs": {
            "parameterValues": {
                "policy": json.dumps(MonitoringPolicy().to_json()),
                "log": str(tmp_path / "log"),
                "source": "log",
            },
            "artifacts": {
                name: {"artifacts": [{"uri": str(tmp_path / name), "metadata": one.metadata}]}
                for name, one in artifacts.items()
            },
        },
        "outputs": {
            "artifacts": {
                "drift": {"artifacts": [{"uri": str(tmp_path / "drift"), "metadata": {}}]},
                "report": {"artifacts": [{"uri": str(tmp_path / "report.html"), "metadata": {}}]},
            },
            "parameters": {"outcome": {"outputFile": str(tmp_path / "outcome")}},
            "outputFile": str(tmp_path / "output.json"),
        },
    }
    process = subprocess.run(
        [sys.executable, "-m", "components.detect_drift", "--executor-input", json.dumps(document)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    found = DriftFindings.read(tmp_path / "drift")
    assert [one.alert for one in found.windows] == [False, True]
    assert {one.channel for one in found.windows[1].alarms} == {Channel.DISTRIBUTION}
    output = json.loads((tmp_path / "output.json").read_text())
    assert output["parameterValues"]["outcome"] == "alert"
    text = (tmp_path / "report.html").read_text()
    assert "amount is distributed otherwise" in text
    assert "false alarms in 30 days" in text
