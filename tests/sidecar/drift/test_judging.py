"""Windows through the real process: judged, shown, and alerted on when they differ."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from phasegate import metric_names as names
from phasegate.monitoring.drift.judgement import Channel, DriftJudgement
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.server_process import ServerFailure
from phasegate.sidecar.process import SidecarProcess
from tests.sidecar.drift.conftest import Watch
from tests.sidecar.drift.reading import documents, scrape, total
from tests.sidecar.drift.streams import DIGEST, MODEL, START, records, reference, segment, values
from tests.sidecar.reading import health
from tests.waiting import until

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ROWS = 2_000
SCIPY = MonitoringPolicy(statistics="scipy")


def day(spool: Path, number: int, shift: float = 0.0, **changed: object) -> None:
    """A segment with the rows of one day."""
    columns = values(np.random.default_rng(100 + number), ROWS, shift) | changed
    since = START + number * DAY
    segment(spool, number, list(records(columns, since, since + DAY, prefix=f"d{number}")))


def judged(sidecar: SidecarProcess, windows: int, kind: str = "time") -> None:
    until(lambda: total(sidecar, names.WINDOWS, window=kind) >= windows, seconds=90)


@pytest.mark.parametrize("statistics", ["scipy", "alibi-detect"])
def test_a_shift_alerts_and_days_like_the_reference_do_not(
    watching: Watch, tmp_path: Path, statistics: str
) -> None:
    policy = MonitoringPolicy(statistics=statistics)  # type: ignore[arg-type]
    with watching(policy=policy) as sidecar:
        for number in range(3):
            day(tmp_path / "spool", number)
        judged(sidecar, 2)
        assert documents(tmp_path / "store", "alerts") == {}
        assert total(sidecar, names.WINDOWS, outcome="quiet") == 2
        for number in range(3, 5):
            day(tmp_path / "spool", number, shift=1.0)
        judged(sidecar, 4)
        until(lambda: documents(tmp_path / "store", "alerts"))
        [(name, event)] = documents(tmp_path / "store", "alerts").items()
        found = DriftJudgement.from_json(event["data"])
        assert found.since == START + 3 * DAY
        assert [one.feature for one in found.features if one.calibrated] == ["amount"]
        assert event["type"] == "dev.phasegate.drift.alert"
        assert (event["id"], event["subject"]) == (Path(name).stem, f"{MODEL}/{DIGEST[:12]}")
        assert total(sidecar, names.ALERT, window="time") == 1
        shown = scrape(sidecar.address)
        by_library = {
            labels["feature"]: value
            for labels, value in shown[names.DETECTOR_P_VALUE.series]
            if labels["library"] == statistics
        }
        assert set(by_library) == {"amount", "mean", "age", "category", ""}
        assert by_library["amount"] < 1e-6 < by_library["age"]
        assert health(sidecar)["reasons"] == {}


def test_alibi_detect_is_missed_at_the_start_where_it_is_asked_for(watching: Watch) -> None:
    with pytest.raises(ServerFailure, match="alibi-detect is not installed here"):
        watching(policy=MonitoringPolicy(), env="sidecar").__enter__()


def test_columns_of_nothing_and_of_infinities_are_alarms(watching: Watch, tmp_path: Path) -> None:
    columns = values(np.random.default_rng(101), ROWS)
    holes = columns["amount"].copy()
    holes[0] = math.nan
    high = columns["mean"].copy()
    high[:5] = math.inf
    with watching() as sidecar:
        day(tmp_path / "spool", 0, age=np.full(ROWS, math.nan), mean=high)
        day(tmp_path / "spool", 1, amount=holes + 1.0)
        day(tmp_path / "spool", 2)
        judged(sidecar, 2)
        first, second = sorted(
            (DriftJudgement.from_json(one["data"])
             for one in documents(tmp_path / "store", "alerts").values()),
            key=lambda one: one.since,
        )  # fmt: skip
        alarms = {(alarm.channel, alarm.feature) for alarm in first.alarms}
        assert (Channel.MISSING, "age") in alarms
        assert (Channel.INVALID, "mean") in alarms
        assert (Channel.UNKNOWN, "age") in alarms
        # One NaN hides no shift of all other values.
        assert [one.feature for one in second.features if one.calibrated] == ["amount"]


def test_features_that_no_longer_go_together_alarm_where_each_is_as_it_was(
    watching: Watch, tmp_path: Path
) -> None:
    mixed = np.random.default_rng(5).permutation(values(np.random.default_rng(100), ROWS)["mean"])
    with watching() as sidecar:
        day(tmp_path / "spool", 0, mean=mixed)
        day(tmp_path / "spool", 1)
        day(tmp_path / "spool", 2)
        judged(sidecar, 2)
        [event] = documents(tmp_path / "store", "alerts").values()
        found = DriftJudgement.from_json(event["data"])
        assert found.since == START
        assert [alarm.channel for alarm in found.alarms] == [Channel.MULTIVARIATE]


def test_a_window_also_ends_by_its_rows(watching: Watch, tmp_path: Path) -> None:
    policy = replace(SCIPY, drift=replace(SCIPY.drift, rows=ROWS))
    with watching(policy=policy) as sidecar:
        day(tmp_path / "spool", 0, shift=1.0)
        judged(sidecar, 1, "rows")
        [event] = documents(tmp_path / "store", "alerts").values()
        assert event["window"] == "rows"
        assert event["data"]["rows"] == ROWS


def test_a_reference_of_another_model_judges_nothing_and_one_that_comes_later_does(
    watching: Watch, tmp_path: Path
) -> None:
    reference(tmp_path / "references" / "other", digest="ef" * 32)
    with watching() as sidecar:
        day(tmp_path / "spool", 0)
        until(lambda: total(sidecar, names.UNREFERENCED_ROWS) == ROWS)
        [reason] = health(sidecar)["reasons"].values()  # type: ignore[attr-defined]
        assert f"model {DIGEST[:12]} of {MODEL} has no reference" in reason
        assert documents(tmp_path / "store", "summaries") == {}
        assert total(sidecar, names.REFERENCES) == 1
        reference(tmp_path / ".made")
        (tmp_path / ".made").rename(tmp_path / "references" / "fraud")
        # Folders are looked at again some seconds after the last time.
        for number in range(1, 60):
            day(tmp_path / "spool", number)
            if documents(tmp_path / "store", "summaries"):
                break
            until(lambda: not list((tmp_path / "spool").glob("*.closed")))
        until(lambda: documents(tmp_path / "store", "summaries"))
        until(lambda: health(sidecar)["reasons"] == {})


def test_a_folder_without_a_reference_is_told_and_predictions_are_sealed(
    watching: Watch, tmp_path: Path
) -> None:
    reference(tmp_path / "broken")
    (tmp_path / "broken" / "profile.json").write_text("{}")
    with watching(references=(tmp_path / "broken", tmp_path / "nowhere")) as sidecar:
        day(tmp_path / "spool", 0)
        until(lambda: list((tmp_path / "store").glob("predictions/**/*.parquet")))
        reasons = " ".join(map(str, health(sidecar)["reasons"].values()))  # type: ignore[attr-defined]
        assert "this is no profile" in reasons
        assert "there is no folder" in reasons
