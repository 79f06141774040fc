"""The example project's features, served: from an empty history, from a loaded one, by two."""

from __future__ import annotations

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.errors import BadInput
from phasegate.features.compute import compute_features
from phasegate.online import OnlineFeatures, SqliteHistory
from phasegate.online.load import load_history
from phasegate.online.series import reaches

from .card_fraud import definitions, events_of, simulated, streamed
from .streams import features_only

WANTED = definitions()
NAMES = [column.name for column in WANTED.columns]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    return simulated(tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="module")
def trained(parts, tmp_path_factory):
    """The features that training computes, in order of time."""
    output = tmp_path_factory.mktemp("trained") / "features.parquet"
    compute_features(parts, WANTED, output, threads=1)
    return features_only(pq.read_table(output).to_pylist(), NAMES)


@pytest.fixture
def past(tmp_path):
    with SqliteHistory(tmp_path / "history.db") as opened:
        yield opened


def test_a_stream_gets_trainings_features_whatever_is_forgotten_on_the_way(parts, trained, past):
    features = OnlineFeatures(WANTED, past)
    events = events_of(parts)
    rows = streamed(events[:2_000], features)
    assert features.forget(events[2_000]["event_time"]) > 0
    rows += streamed(events[2_000:], features, after=events[:2_000])
    assert features_only(rows, NAMES) == trained


def test_a_server_that_starts_from_a_snapshot_goes_on_where_training_ended(parts, trained, past):
    loaded = load_history(past, parts[:-1], WANTED, key="transaction_id")
    earlier, later = events_of(parts[:-1]), events_of(parts[-1:])
    assert loaded.events == len(earlier)
    assert loaded.facts == (2 * len(earlier), 0, 0)
    rows = streamed(later, OnlineFeatures(WANTED, past), after=earlier)
    assert features_only(rows, NAMES) == trained[len(earlier) :]


def test_two_servers_of_one_history_compute_the_same_and_record_once(parts, trained, tmp_path):
    path, outputs = tmp_path / "history.db", [tmp_path / name for name in ("champion", "shadow")]
    command = [sys.executable, "-m", "tests.online.card_fraud", str(path)]
    files = [str(part) for part in parts]
    servers = [
        subprocess.Popen([*command, str(output), *files], stdin=subprocess.PIPE, text=True)
        for output in outputs
    ]
    for server in servers:
        server.stdin.write("now\n")
        server.stdin.flush()
    for server in servers:
        server.communicate()
    assert [server.returncode for server in servers] == [0, 0]
    for output in outputs:
        assert features_only(json.loads(output.read_text()), NAMES) == trained
    events = events_of(parts)
    unlabelled = sum(event["label_time"] > events[-1]["event_time"] for event in events)
    with SqliteHistory(path) as past:
        loaded = load_history(past, parts, WANTED, key="transaction_id", margin=10**14)
    assert loaded.facts == (unlabelled, 2 * len(events) - unlabelled, 0)


def test_loading_leaves_out_what_no_later_window_reaches(parts, past):
    events = events_of(parts)
    loaded = load_history(past, parts, WANTED, key="transaction_id", margin=0)
    oldest = events[-1]["event_time"] - max(reaches(WANTED).values())
    assert loaded.events == sum(one["event_time"] >= oldest for one in events) < len(events)
    assert load_history(past, parts, WANTED, key="transaction_id", margin=0).facts == (
        0,
        2 * loaded.events,
        0,
    )


def test_labels_of_a_snapshot_complete_events_that_were_served_before_they_were_known(parts, past):
    features = OnlineFeatures(WANTED, past)
    event = events_of(parts)[-1]
    names = [name for name, _ in features.inputs]
    read = features.read({name: [event[name]] for name in names}, [str(event["transaction_id"])])
    assert features.record(read) == (2, 0, 0)
    loaded = load_history(past, parts, WANTED, key="transaction_id")
    assert loaded.facts == (2 * loaded.events - 1, 1, 0)


def test_loading_tells_how_far_it_is(parts, past):
    told = []
    load_history(
        past, parts, WANTED, key="transaction_id", progress=lambda *report: told.append(report)
    )
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[0][0] == 0
    assert told[-1][0] == 1


def test_events_without_an_id_are_refused(parts, past, tmp_path):
    table = pq.read_table(parts[0])
    ids = pa.array([None, *table["transaction_id"].to_pylist()[1:]], pa.int64())
    broken = tmp_path / "broken.parquet"
    pq.write_table(
        table.drop_columns("transaction_id").append_column("transaction_id", ids), broken
    )
    with pytest.raises(BadInput, match=r"column 'transaction_id': no id in 1 of"):
        load_history(past, [broken], WANTED, key="transaction_id")
    with pytest.raises(BadInput, match="no column named 'order_number'"):
        load_history(past, parts, WANTED, key="order_number")
