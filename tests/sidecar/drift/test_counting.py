"""Every row of a sealed segment is in one summary and one window, whoever was killed when."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from phasegate import metric_names as names
from phasegate.monitoring.counting import merged
from phasegate.monitoring.policy import DriftRules, LiteralRule, MonitoringPolicy
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.summed import read_window
from phasegate.prediction_log.record import Source
from phasegate.store.named import open_named
from tests.sidecar.drift.conftest import Watch
from tests.sidecar.drift.counted import count_drift, fill_watched, kept
from tests.sidecar.drift.reading import documents, total
from tests.sidecar.drift.streams import (
    DIGEST,
    MODEL,
    NUMERIC,
    SOURCE,
    START,
    TEXT,
    records,
    reference,
    segment,
    values,
)
from tests.waiting import until

DAY = timedelta(days=1)
# Every window alerts, so that each one's rows can be read.
EVERY = MonitoringPolicy(
    statistics="scipy",
    drift=DriftRules(act_on="literal", literal=LiteralRule(psi=-1.0), rows=10**9, sample=100),
)


def stored(store: Path) -> dict[str, str]:
    return {
        name: hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()
        for name, one in documents(store, "summaries").items()
    }


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_process_killed_before_any_of_its_effects_counts_everything_once(
    tmp_path: Path, every: int
) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.sidecar.crash_points", "count", str(tmp_path), str(every)],
        check=True,
    )
    cases = sorted(tmp_path.iterdir(), key=lambda one: int(one.name))
    assert len(cases) > 150 / every
    found = {one.name: (stored(one / "store"), kept(one)) for one in cases}
    summaries, (_, windows, ended) = found[cases[-1].name]
    assert len(summaries) == 3  # the last segment has rows of two dates
    assert sorted((kind, rows) for kind, _, rows in ended) == [("rows", 125), ("time", 65)]
    assert [one.part.rows for one in windows.open.values()] == [60]
    for summaries_of, (_, windows_of, ended_of) in found.values():
        assert summaries_of == summaries
        by_time = sum(rows for kind, _, rows in ended_of if kind == "time")
        assert by_time + sum(one.part.rows for one in windows_of.open.values()) == 125
        by_rows = sum(rows for kind, _, rows in ended_of if kind == "rows")
        assert by_rows + windows_of.chunk.rows == 125
        assert sorted(ended_of) == sorted(ended)


def test_a_sidecar_that_is_killed_again_and_again_counts_every_row_once(
    watching: Watch, tmp_path: Path
) -> None:
    rows, days = 300, 6
    generator = np.random.default_rng(3)
    number = 0
    for day in range(days):
        for part in range(4):
            since = START + day * DAY + part * DAY / 4
            own = records(values(generator, rows // 4), since, since + DAY / 4, prefix=f"{number}")
            segment(tmp_path / "spool", number, list(own))
            number += 1
        process = watching(policy=EVERY)
        with process:
            until(lambda: total(process, names.RECORDS_SEALED) > 0)  # noqa: B023
            os.kill(process.pid, signal.SIGKILL)
    with watching(policy=EVERY) as sidecar:
        until(lambda: len(documents(tmp_path / "store", "alerts")) >= days - 1)
        until(lambda: total(sidecar, names.WINDOWS_WAITING) == 0)
        events = documents(tmp_path / "store", "alerts").values()
        by_start = {one["data"]["since"]: one["data"]["rows"] for one in events}
        assert list(by_start.values()) == [rows] * (days - 1)
        assert len(events) == days - 1
    assert len(documents(tmp_path / "store", "summaries")) == number


def test_replicas_with_different_windows_have_summaries_with_one_sum(
    watching: Watch, tmp_path: Path
) -> None:
    """The sum of two replicas' summaries is that of one which saw everything."""
    profile = reference(tmp_path / "references" / "fraud")
    columns = values(np.random.default_rng(0), 900)
    everything = list(records(columns, START, START + DAY))
    sums = []
    for way, replicas in {"one": 1, "two": 2}.items():
        os.rename(tmp_path / "store", tmp_path / "before") if sums else None
        sidecars = []
        for replica in range(replicas):
            policy = replace(EVERY, drift=replace(EVERY.drift, rows=200 + 100 * replica))
            sidecars.append(watching(policy=policy, own=f"-{way}-{replica}"))
            source = replace(SOURCE, writer=f"host-{way}-{replica}")
            for number, part in enumerate(np.array_split(np.arange(replica, 900, replicas), 5)):
                chosen = [everything[at] for at in part]
                segment(tmp_path / f"spool-{way}-{replica}", number, chosen, source)
        for one in sidecars:
            one.__enter__()
        try:
            for replica, one in enumerate(sidecars):
                until(lambda: total(one, names.RECORDS_SEALED) == 900 // replicas)  # noqa: B023
                assert replica < replicas
        finally:
            for one in sidecars:
                one.stop()
        sums.append(_sum(tmp_path, profile))
    assert sums[0] == sums[1]
    assert sums[0]["rows"] == 900  # type: ignore[index]


def _sum(tmp_path: Path, profile: Profile) -> object:
    store = open_named(str(tmp_path / "store"))
    read = read_window(store, MODEL, profile, START, START + DAY, tmp_path)
    assert (read.unsummed, read.foreign, read.damaged) == ((), (), ())
    assert read.files >= 5
    return merged(profile, list(read.panes.values())).to_json()


def test_shadows_duplicates_failures_and_wrong_types_are_told_apart(
    watching: Watch, tmp_path: Path
) -> None:
    columns = values(np.random.default_rng(0), 50)
    own = list(records(columns, START, START + DAY))
    copies = list(records(columns, START, START + DAY, prefix="c", role="shadow"))
    failed = list(
        records(columns, START, START + DAY, prefix="f", error="bad_request", numeric=b"",
                categories=[], scores=b"", decisions=b"")
    )[:4]  # fmt: skip
    with watching() as sidecar:
        segment(tmp_path / "spool", 0, own + own[:7] + copies + failed)
        until(lambda: documents(tmp_path / "store", "summaries"))
        [summary] = documents(tmp_path / "store", "summaries").values()
        assert (summary["rows"], summary["duplicates"]) == (54, 7)
        assert sum(pane["failed"] for pane in summary["panes"].values()) == 4
        text = Source(MODEL, DIGEST, "fraud/1", NUMERIC[1:], (*TEXT, "amount"), "host-2-f00")
        odd = [
            replace(one, numeric=one.numeric[8:], categories=[*one.categories, ["much"]])
            for one in records(columns, START, START + DAY, prefix="t")
        ]
        segment(tmp_path / "spool", 1, odd, text)
        until(lambda: len(documents(tmp_path / "store", "summaries")) == 2)
        both = documents(tmp_path / "store", "summaries").values()
        invalid = [
            sum(pane["features"]["amount"]["invalid"] for pane in one["panes"].values())
            for one in both
        ]
        assert sorted(invalid) == [0, 50]
        assert total(sidecar, names.DRIFT_ROWS, outcome="lost") == 0


@pytest.mark.parametrize("times", [1, 3])
def test_a_segment_that_comes_again_is_not_counted_again(tmp_path: Path, times: int) -> None:
    fill_watched(tmp_path)
    kept_aside = {path.name: path.read_bytes() for path in (tmp_path / "spool").iterdir()}
    for _ in range(times):
        for name, content in kept_aside.items():
            (tmp_path / "spool" / name).write_bytes(content)
        count_drift(tmp_path, lambda *_: None)
    _, windows, ended = kept(tmp_path)
    assert windows.chunk.rows + sum(rows for kind, _, rows in ended if kind == "rows") == 125
