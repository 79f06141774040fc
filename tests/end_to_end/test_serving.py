"""Models served, asked, compared, steered and stopped by the command, as users do it."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.local.serving.models import ServedModel
from phasegate.local.serving.platform import LocalServing
from phasegate.local.serving.settings import ServingSettings
from phasegate.models import Model
from phasegate.serving.client import ModelClient, ServingFailure
from phasegate.traffic.plan import TrafficPlan
from tests.end_to_end.conftest import Phasegate, Said
from tests.end_to_end.serving import (
    CATEGORIES,
    Served,
    ask,
    children,
    logged,
    write_models,
)
from tests.processes import alive
from tests.waiting import until

ROWS, ENTITIES = 600, 200
START = 1_740_787_200_000_000  # 2025-03-01 in microseconds
STEP = 400_000_000  # the rows span three days

PROJECT = """\
version: 1
name: fraud
data: {source: data.csv, entity: customer_id, label: {column: is_fraud}}
features: {numeric: [amount, mean_7d], categorical: [category]}
serving: {log: {sensitive: {category: hash, amount: drop}}}
"""


def write_table(path: Path) -> str:
    """Rows as `featurize` writes them; one every 400 seconds."""
    numbers = range(ROWS)
    pq.write_table(
        pa.table(
            {
                "_time": pa.array([START + STEP * n for n in numbers], pa.timestamp("us")),
                "_entity": [f"customer-{n % ENTITIES}" for n in numbers],
                "_row": list(numbers),
                "amount": [n % 13 - 6.0 for n in numbers],
                "mean_7d": [None if n % 11 == 0 else n % 97 * 1.5 for n in numbers],
                "category": [CATEGORIES[n % 3] for n in numbers],
            }
        ),
        path,
    )
    return str(path)


@pytest.fixture(scope="module")
def models(phasegate: Phasegate) -> list[str]:
    return write_models(phasegate.folder)


@pytest.fixture(scope="module")
def table(phasegate: Phasegate) -> str:
    return write_table(phasegate.folder / "features.parquet")


@pytest.fixture(scope="module")
def served(phasegate: Phasegate, models: list[str]) -> Iterator[Served]:
    with Served(phasegate, *models, "--canary", "5", "--mirror", "100") as served:
        yield served


@pytest.fixture(scope="module")
def replay(phasegate: Phasegate, served: Served, table: str) -> dict[str, Any]:
    """What `send` said of the table."""
    assert served.processes
    said = phasegate("send", table, "--prefix", "replay-", "--json")
    assert said.code == 0, said.err
    return said.json


@pytest.fixture(scope="module")
def log(served: Served, replay: dict[str, Any]) -> list[dict[str, Any]]:
    """The replay's rows in the log."""
    assert replay["requests"] == ROWS
    rows = logged(Path(served.running.log))
    return [row for row in rows if row["request_id"].startswith("replay-")]


def test_every_request_is_answered_by_one_of_the_two_and_every_copy_is_matched(
    replay: dict[str, Any],
) -> None:
    by_role = replay["by_role"]
    assert replay["errors"] == 0
    assert by_role.keys() == {"champion", "challenger"}
    assert sum(by_role.values()) == ROWS
    coverage = replay["matched"]["coverage"]
    assert coverage["requests"] == coverage["answered"] == by_role["champion"]
    assert replay["matched"]["share"] == 1
    assert replay["matched"]["mean_difference"] != 0


def test_the_proxy_counted_the_same(phasegate: Phasegate, replay: dict[str, Any]) -> None:
    state = phasegate("traffic", "show", "--json").json
    assert state["champion"]["share"] == 9_500
    # One of the champion's was `send` asking what the model takes.
    assert state["champion"]["answers"] == replay["by_role"]["champion"] + 1
    assert state["challenger"]["answers"] == replay["by_role"]["challenger"]
    assert state["mirror"]["copies"] == replay["by_role"]["champion"]
    assert sum(state["mirror"]["lost"].values()) == 0


def test_pairs_compares_the_two_models_on_what_both_answered(
    phasegate: Phasegate, replay: dict[str, Any]
) -> None:
    assert phasegate("pairs", "--json").json == replay["matched"]
    one_day = phasegate("pairs", "--since", "2025-03-02", "--until", "2025-03-03", "--json").json
    assert 0 < one_day["rows"] < replay["matched"]["rows"]


def test_every_request_is_in_the_log_once_for_each_role(
    log: list[dict[str, Any]], replay: dict[str, Any]
) -> None:
    times = Counter((row["request_id"], row["role"]) for row in log)
    assert set(times.values()) == {1}
    ids = {
        role: {row["request_id"] for row in log if row["role"] == role}
        for role in ("champion", "challenger", "shadow")
    }
    assert ids["shadow"] == ids["champion"]
    assert not ids["champion"] & ids["challenger"]
    assert ids["champion"] | ids["challenger"] == {f"replay-{number}" for number in range(ROWS)}
    assert replay["by_role"] == {role: len(ids[role]) for role in ("champion", "challenger")}


def test_an_entity_always_meets_the_same_model(log: list[dict[str, Any]]) -> None:
    roles = {(row["entity"], row["role"]) for row in log if row["role"] != "shadow"}
    assert len(roles) == ENTITIES


def test_the_log_keeps_the_rows_own_event_times(log: list[dict[str, Any]]) -> None:
    for row in log:
        assert row["event_time"] == START + STEP * int(row["request_id"].removeprefix("replay-"))
        assert row["date"] == f"{datetime.fromtimestamp(row['event_time'] / 1e6, UTC):%Y-%m-%d}"
    assert {row["date"] for row in log} == {"2025-03-01", "2025-03-02", "2025-03-03"}


def test_a_kill_holds_over_later_shares_until_it_is_revived(
    phasegate: Phasegate, served: Served
) -> None:
    assert phasegate("traffic", "kill").code == 0
    try:
        for command in (["set", "50"], ["mirror", "50"]):
            assert phasegate("traffic", *command).code == 0
        before = phasegate("traffic", "show", "--json").json
        assert before["killed"]
        assert ask(served.running.url, 300, "killed-").by_role == {"champion": 300}
        after = phasegate("traffic", "show", "--json").json
        assert after["mirror"]["copies"] == before["mirror"]["copies"]
    finally:
        assert phasegate("traffic", "revive").code == 0
    revived = ask(served.running.url, 300, "revived-")
    assert revived.errors == 0
    assert revived.by_role["challenger"] > 50


@pytest.mark.parametrize("role", ["champion", "challenger"])
def test_a_model_server_that_was_killed_is_started_again(
    phasegate: Phasegate, served: Served, role: str
) -> None:
    address = served.running.models[role]["address"]
    port = address.rpartition(":")[2]
    pid = next(pid for pid in children(served.running.pid) if port in arguments(pid))
    os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        with ModelClient(f"http://{address}", served.running.name) as client:
            return client.is_ready()

    until(lambda: not back(), f"the {role} is gone")
    until(back, f"the {role} is there again")
    sent = ask(served.running.url, 200, f"again-{role}-")
    assert sent.errors == 0
    until(
        lambda: phasegate("traffic", "show", "--json").json[role]["healthy"],
        f"the proxy has seen that the {role} is healthy",
    )
    assert ask(served.running.url, 200, f"healthy-{role}-").by_role[role] > 0


def arguments(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def assert_explained(said: Said, words: str) -> None:
    assert said.code == 2, said.err + said.out
    (line,) = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert words in line
    hint = "phasegate --help"
    assert all(one == line or one.startswith(hint) for one in said.err.splitlines()), said.err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("serve {old} {new} --port 0", "is being served already"),
        ("serve {old} {old}", "the same model"),
        ("serve {old} {new} {old}", "at most one challenger"),
        ("serve {old} {new} --canary 101", "'101' is not a percentage"),
        ("serve {old} {new} --mirror some", "'some' is not a percentage"),
        ("serve {old} --canary 5", "no challenger"),
        ("serve {old} --port 70000", "70000 is not a port"),
        ("serve {old} --port {port}", "cannot be used"),
        ("serve {old} --project absent.yaml", "absent.yaml"),
        ("serve {empty}", "model.json"),
        ("send absent.parquet", "absent.parquet"),
        ("send {table} --entity nobody", "no column 'nobody'"),
        ("send {table} --key", "key"),
        ("send {table} other", "'other' is not served here"),
        ("send {empty}", "empty"),
        ("traffic show other", "'other' is not served here"),
        ("traffic set 5.001", "'5.001' is not a percentage"),
        ("traffic mirror -- -1", "'-1' is not a percentage"),
        ("traffic kill --admin 127.0.0.1:1", "does not answer"),
        ("pairs --since yesterday", "'yesterday' is not a time"),
    ],
)
def test_a_wrong_command_is_explained(
    phasegate: Phasegate, served: Served, models: list[str], table: str, command: str, words: str
) -> None:
    (phasegate.folder / "empty").mkdir(exist_ok=True)
    names = dict(zip(("old", "new"), models, strict=True))
    port = served.running.url.rpartition(":")[2]
    filled = command.format(**names, table=table, port=port, empty="empty")
    assert_explained(phasegate(*filled.split()), words)


@pytest.mark.usefixtures("mlflow")
def test_a_model_that_is_not_registered_is_explained(phasegate: Phasegate) -> None:
    said = phasegate("serve", "nothing@champion", "--port", "0")
    assert_explained(said, "no model is registered as 'nothing'")


def test_a_sidecar_that_was_killed_is_started_again(served: Served) -> None:
    port = served.running.sidecar.rpartition(":")[2]
    pid = next(pid for pid in children(served.running.pid) if port in arguments(pid))
    os.kill(pid, signal.SIGKILL)
    assert ask(served.running.url, 100, "unsealed-").errors == 0

    def sealed() -> list[str]:
        rows = logged(Path(served.running.log))
        return [one["request_id"] for one in rows if one["role"] != "shadow"]

    wanted = {f"unsealed-{number}" for number in range(100)}
    until(lambda: wanted <= set(sealed()), "a new sidecar seals what the old one left")
    assert len(sealed()) == len(set(sealed()))


@pytest.fixture(scope="module")
def corrupt(models: list[str], phasegate: Phasegate) -> ServedModel:
    """The challenger as it was recorded, with one flipped bit since."""
    model = Model.load(models[1])
    folder = Path(shutil.copytree(models[1], phasegate.folder / "corrupt"))
    booster = bytearray((folder / "model.ubj").read_bytes())
    booster[len(booster) // 2] ^= 1
    (folder / "model.ubj").write_bytes(booster)
    return ServedModel("corrupt", model.name, "fraud/2", model.digest, folder)


def test_the_old_model_keeps_serving_while_a_corrupt_one_is_refused(
    models: list[str], corrupt: ServedModel, tmp_path: Path
) -> None:
    model = Model.load(models[0])
    old = ServedModel("old", model.name, "fraud/1", model.digest, Path(models[0]))
    said: list[str] = []
    with LocalServing(
        tmp_path, str(tmp_path / "log"), ServingSettings(), port=0, say=said.append
    ) as serving:
        serving.open(TrafficPlan(serving.start(old)))
        before = set(children(os.getpid()))

        def refused() -> None:
            with pytest.raises(ServingFailure, match="digest is"):
                serving.start(corrupt)

        sent = ask(serving.url, 300, "old-", rate=300, at_a_third=refused)
        assert sent.by_role == {"champion": 300}
        serving.look_after()
        assert set(children(os.getpid())) == before
    assert [one for one in said if "its drift is not judged" not in one] == []


def test_ctrl_c_ends_everything_and_loses_nothing(
    models: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    phasegate = Phasegate(tmp_path_factory.mktemp("ended"))
    with Served(phasegate, *models, "--canary", "20") as served:
        sent = ask(served.running.url, 600, "ended-")
        ended = served.end(signal.SIGINT)
        assert ended.code == 0, ended.err
        assert "Traceback" not in ended.err
        assert not alive(served.processes)
    assert_logged_once(served, "ended-", 600)
    assert sent.by_role.total() == 600
    assert_explained(phasegate("traffic", "show"), "no model is served here")


def test_a_command_that_is_killed_leaves_no_process_no_clear_data_and_no_loss(
    models: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    phasegate = Phasegate(tmp_path_factory.mktemp("killed"))
    sensitive = phasegate.project("fraud.yaml", PROJECT)
    with Served(phasegate, *models, "--project", sensitive) as served:
        assert ask(served.running.url, 600, "killed-").by_role == {"champion": 600}
        # Copies that are under way die with the proxy; what was answered does not.
        until(
            lambda: phasegate("traffic", "show", "--json").json["mirror"]["active"] == 0,
            "every copy is answered",
        )
        served.end(signal.SIGKILL)
        until(lambda: not alive(served.processes), "every process ends")
    assert_conceals(served, "killed-")
    # The old champion alone finds what both left in the spool.
    with Served(phasegate, models[0], "--project", sensitive) as again:
        assert ask(again.running.url, 10, "again-").errors == 0
        assert again.end(signal.SIGINT).code == 0
    assert_conceals(again, "killed-")
    assert_logged_once(again, "killed-", 600)
    features = [row["features"] for row in logged(Path(again.running.log))]
    assert all(one.keys() == {"mean_7d", "category"} for one in features)
    assert len({one["category"] for one in features}) == len(CATEGORIES)


def assert_conceals(served: Served, prefix: str) -> None:
    """Nothing in spool, sidecar's state and log holds a category in clear; ids are there."""
    place = Path(served.running.proxy).parent
    folders = [place / "spool", place / "sidecar", Path(served.running.log)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    bytes_read = b"".join(path.read_bytes() for path in files)
    values = repr(logged(Path(served.running.log)))
    assert prefix.encode() in bytes_read or prefix in values
    for category in CATEGORIES:
        assert category.encode() not in bytes_read
        assert category not in values


def assert_logged_once(served: Served, prefix: str, count: int) -> None:
    """The requests are in the store once for each role, and nothing waits in the spool."""
    spool = Path(served.running.proxy).parent / "spool"
    assert [path.name for path in spool.iterdir() if path.suffix in (".open", ".closed")] == []
    rows = [r for r in logged(Path(served.running.log)) if r["request_id"].startswith(prefix)]
    assert set(Counter((row["request_id"], row["role"]) for row in rows).values()) == {1}
    answered = [row["request_id"] for row in rows if row["role"] != "shadow"]
    assert sorted(answered) == sorted(f"{prefix}{number}" for number in range(count))
    copied = {row["request_id"] for row in rows if row["role"] == "shadow"}
    assert copied == {row["request_id"] for row in rows if row["role"] == "champion"}
