"""Alerts reach their sink once it is there, and are in the store before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from phasegate import metric_names as names
from phasegate.network import free_port
from phasegate.server_process import ServerFailure
from tests.sidecar.drift.conftest import Watch
from tests.sidecar.drift.reading import documents, total
from tests.sidecar.drift.sink import Sink
from tests.sidecar.drift.streams import START, records, segment, values
from tests.sidecar.reading import health
from tests.waiting import until

DAY = timedelta(days=1)


def shifted(spool: Path, days: range) -> None:
    for number in days:
        columns = values(np.random.default_rng(number), 500, shift=2.0)
        since = START + number * DAY
        segment(spool, number, list(records(columns, since, since + DAY, prefix=f"d{number}")))


def test_an_alert_that_a_sink_takes_is_the_one_in_the_store(
    watching: Watch, tmp_path: Path
) -> None:
    with Sink() as sink, watching("--alerts", sink.url) as sidecar:
        shifted(tmp_path / "spool", range(2))
        until(lambda: total(sidecar, names.ALERTS_SENT) == 1)
        assert sink.events == list(documents(tmp_path / "store", "alerts").values())


def test_a_sink_that_is_down_loses_nothing_and_delays_nothing(
    watching: Watch, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/alerts"
    with watching("--alerts", url) as sidecar:
        shifted(tmp_path / "spool", range(3))
        until(lambda: len(documents(tmp_path / "store", "alerts")) == 2)
        until(lambda: "alerts" in health(sidecar)["reasons"])
        shifted(tmp_path / "spool", range(3, 4))
        until(lambda: len(documents(tmp_path / "store", "alerts")) == 3)
        assert total(sidecar, names.RECORDS_UNSEALED) == 0
    # What was not accepted is sent by the next process; a refusal is no acceptance.
    with Sink(port, status=500) as sink, watching("--alerts", url) as sidecar:
        until(lambda: len(sink.events) >= 2)
        assert total(sidecar, names.ALERTS_SENT) == 0
        sink.status = 202
        until(lambda: total(sidecar, names.ALERTS_SENT) == 3)
        until(lambda: health(sidecar)["reasons"] == {})
        in_store = documents(tmp_path / "store", "alerts").values()
        assert {one["id"] for one in sink.events} == {one["id"] for one in in_store}


def test_an_address_that_is_none_is_refused_at_the_start(watching: Watch) -> None:
    with pytest.raises(ServerFailure, match="'sink' is no address"):
        watching("--alerts", "sink").__enter__()
