"""The champion's log sent to a challenger: two real predictors, and the logs of both."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from phasegate.clock import microseconds
from phasegate.errors import BadInput, Unavailable
from phasegate.models import Model
from phasegate.prediction_log.folder import closed_segments
from phasegate.prediction_log.pairs import Coverage, coverage, matched
from phasegate.serving.process import ModelServerProcess
from phasegate.sidecar.sealing import read_parts, store_parts
from phasegate.store.named import open_named
from phasegate.traffic.kserve.serverless.bookmark import Bookmarks, Progress
from phasegate.traffic.kserve.serverless.logged import is_copied, read_requests
from phasegate.traffic.kserve.serverless.replay import Replay, Shadow
from phasegate.traffic.kserve.serverless.sending import Limits
from phasegate.traffic.plan import Backend
from tests.serving.conftest import small_model

NAME = "card-fraud"
FIRST = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)  # two hours, and two days
SINCE, NOW = FIRST + timedelta(minutes=6), FIRST + timedelta(hours=3)
INPUTS = {"amount": "FP64", "mean_7d": "FP64", "category": "BYTES"}
REQUESTS = 120
FAST = Limits(rate=2_000, at_once=4, seconds=10, attempts=2)


def model_in(folder: Path, seed: int) -> Model:
    small_model(seed).save(folder)
    return Model.load(folder)


@contextmanager
def serving(folder: Path, model: Model, spool: Path, *options: str) -> Iterator[ModelServerProcess]:
    log = spool.with_suffix(".log")
    arguments = ["--spool", str(spool), "--project-version", "card-fraud/1", *options]
    with ModelServerProcess(folder, model.digest, NAME, log=log, options=arguments) as server:
        yield server


def seal(spool: Path, store: Path) -> list[Path]:
    """As the sidecar does."""
    named = open_named(str(store))
    for segment in closed_segments(spool):
        store_parts(read_parts(segment), named, store / "draft")
    return sorted((store / "predictions").rglob("*.parquet"))


def ask_champion(server: ModelServerProcess) -> None:
    """One request a minute: every fifth has two rows, some lack values, one is refused."""
    with server.client() as client:
        for number in range(REQUESTS):
            row = {
                "amount": None if number % 7 == 0 else number / 3,
                "mean_7d": 10.0 + number,
                "category": [None, "food", "fuel", "unheard of"][number % 4],
            }
            moment = FIRST + timedelta(minutes=number)
            headers = {
                "x-request-id": f"r{number}",
                "x-event-time": str(microseconds(moment)),
                "x-entity-id": f"card {number % 9}",
                "x-phasegate-role": "champion",
            }
            body = {"instances": [row] * (2 if number % 5 == 0 else 1)}
            if number == 100:
                body = {"instances": [{"amount": "much"}]}
            client.send("POST", f"/v1/models/{NAME}:predict", json.dumps(body).encode(), headers)


@dataclass(frozen=True)
class Champion:
    """A champion's log, and the challenger's model."""

    store: Path
    digest: str
    challenger: Model
    challenger_folder: Path

    @property
    def slot(self) -> str:
        return self.digest[:12]

    def files(self) -> list[Path]:
        return sorted((self.store / "predictions").rglob("*.parquet"))


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Champion:
    root = tmp_path_factory.mktemp("replay")
    model = model_in(root / "a", 7)
    with serving(root / "a", model, root / "spool-a") as server:
        ask_champion(server)
    assert len(seal(root / "spool-a", root / "store")) == 2, "one file for each day"
    return Champion(root / "store", model.digest, model_in(root / "b", 8), root / "b")


def replay_of(
    champion: Champion, address: str, scratch: Path, *, mirror: int = 10_000, **more: object
) -> Replay:
    shadow = Shadow(champion.slot, Backend(champion.challenger.digest[:12], address, NAME), mirror)
    told: list[Progress] = []
    settings = {
        "model": NAME,
        "log": open_named(str(champion.store)),
        "bookmarks": Bookmarks(str(scratch / "bookmarks"), NAME),
        "wanted": lambda: shadow,
        "limits": FAST,
        "concealed": (),
        "folder": scratch,
        "tell": lambda _, progress: told.append(progress),
    }
    return Replay(**settings | more)  # type: ignore[arg-type]


def of(server: ModelServerProcess) -> str:
    return server.address.removeprefix("http://")


def covered(champion: Champion, store: Path, prefix: str = "") -> Coverage:
    files = champion.files() + sorted((store / "predictions").rglob("*.parquet"))
    pair = (champion.digest, champion.challenger.digest)
    with duckdb.connect() as connection:
        return coverage(connection, files, *pair, since=SINCE, until=NOW, prefix=prefix)


def test_each_request_is_answered_by_both_under_one_id(champion: Champion, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with serving(champion.challenger_folder, champion.challenger, spool) as server:
        replay = replay_of(champion, of(server), tmp_path)
        progress = replay.once(SINCE, NOW)
        again = replay.once(SINCE, NOW)
    files = seal(spool, tmp_path / "store")

    asked = REQUESTS - 6 - 1  # before the phase, and the one that the champion refused
    assert progress == again, "nothing is sent twice"
    assert (progress.copies, progress.answers, progress.lost) == (asked, asked, {})
    found = covered(champion, tmp_path / "store")
    assert (found.requests, found.answered, found.repeated) == (asked, asked, 0)
    with duckdb.connect() as connection:
        pairs = matched(
            connection, champion.files() + files, champion.digest, champion.challenger.digest,
            since=SINCE, until=NOW,
        ).to_arrow_table()  # fmt: skip
        own = connection.sql(
            f"""SELECT request_id, epoch_us(event_time) AS moment, entity, role
            FROM read_parquet({[str(file) for file in files]}, hive_partitioning = false)
            ORDER BY ALL"""
        ).fetchall()
    assert len(pairs) == asked + len([n for n in range(6, REQUESTS) if n % 5 == 0 and n != 100])
    assert {role for *_, role in own} == {"shadow"}
    moment = microseconds(FIRST + timedelta(minutes=42))
    assert ("r42", moment, "card 6", "shadow") in own


def test_a_share_of_the_requests_is_the_same_share_for_everyone(
    champion: Champion, tmp_path: Path
) -> None:
    with serving(champion.challenger_folder, champion.challenger, tmp_path / "spool") as server:
        progress = replay_of(champion, of(server), tmp_path, mirror=2500).once(SINCE, NOW)
    seal(tmp_path / "spool", tmp_path / "store")

    wanted = [n for n in range(6, REQUESTS) if n != 100 and is_copied(f"r{n}", 2500)]
    assert 10 < len(wanted) < 50
    assert progress.copies == len(wanted)
    assert covered(champion, tmp_path / "store").answered == len(wanted)


def _replay_and_die(champion: Champion, address: str, scratch: Path) -> None:
    """Die once all of a second file is sent, and before it is marked."""
    bookmarks, marked = Bookmarks(str(scratch / "bookmarks"), NAME), []
    add = bookmarks.add

    def dies(*arguments: object) -> Progress:
        if marked:
            os.kill(os.getpid(), signal.SIGKILL)
        marked.append(1)
        return add(*arguments)  # type: ignore[arg-type]

    bookmarks.add = dies  # type: ignore[method-assign, assignment]
    replay_of(champion, address, scratch, bookmarks=bookmarks).once(SINCE, NOW)


def test_a_replay_that_is_killed_goes_on_and_every_pair_counts_once(
    champion: Champion, tmp_path: Path
) -> None:
    model = (champion.challenger_folder, champion.challenger)
    with serving(*model, tmp_path / "one") as server:
        process = multiprocessing.get_context("spawn").Process(
            target=_replay_and_die, args=(champion, of(server), tmp_path)
        )
        process.start()
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
    with serving(*model, tmp_path / "two") as server:  # a pod that knows nothing of the first one
        replay = replay_of(champion, of(server), tmp_path)
        half = replay.bookmarks.read(champion.slot, champion.challenger.digest[:12])
        progress = replay.once(SINCE, NOW)
    for pod in ("one", "two"):
        seal(tmp_path / pod, tmp_path / "store")

    asked = REQUESTS - 6 - 1
    assert 0 < half.copies < asked
    assert progress.copies == asked, "counted once each"
    found = covered(champion, tmp_path / "store")
    assert (found.answered, found.conflicting) == (asked, 0)
    assert found.repeated == asked - half.copies, "what was sent twice is paired once"


def test_copies_that_are_wanted_no_more_stop(champion: Champion, tmp_path: Path) -> None:
    with serving(champion.challenger_folder, champion.challenger, tmp_path / "spool") as server:
        replay = replay_of(champion, of(server), tmp_path)
        shadow = replay.wanted()
        looks = iter([shadow, shadow])
        killed = replace(
            replay, wanted=lambda: next(looks, None), limits=replace(FAST, rate=1, at_once=20)
        )
        # Of the first file 53 requests are wanted, 20 in a batch: one batch, and then the kill.
        quick = replace(killed, limits=replace(FAST, rate=10, at_once=20))
        progress = quick.once(SINCE, NOW)
    seal(tmp_path / "spool", tmp_path / "store")

    assert progress == Progress(), "a file that is half sent is not marked"
    assert covered(champion, tmp_path / "store").answered == 20
    assert replace(replay, wanted=lambda: None).once(SINCE, NOW) is None


def test_a_challenger_that_does_not_answer_marks_nothing(
    champion: Champion, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    replay = replay_of(champion, f"127.0.0.1:{port}", tmp_path)

    with pytest.raises(Unavailable, match="does not say what it asks for"):
        replay.once(SINCE, NOW)
    assert replay.bookmarks.read(champion.slot, champion.challenger.digest[:12]) == Progress()


def test_what_the_log_conceals_is_counted_and_not_sent(champion: Champion, tmp_path: Path) -> None:
    first = champion.files()[0]
    settings = {"champion": champion.slot, "mirror": 10_000, "since": SINCE}

    whole, nothing = read_requests(first, INPUTS, **settings)
    assert len(whole) == 54
    assert not nothing
    for inputs, concealed, reason in (
        (INPUTS, ("category",), "concealed"),
        ({**INPUTS, "category": "FP64"}, (), "concealed"),  # a hash where a number was
        ({**INPUTS, "income": "FP64"}, (), "features"),
    ):
        requests, lost = read_requests(first, inputs, concealed=concealed, **settings)
        assert (requests, dict(lost)) == ([], {reason: 54})

    with serving(champion.challenger_folder, champion.challenger, tmp_path / "spool") as server:
        replay = replay_of(champion, of(server), tmp_path, concealed=("amount",))
        progress = replay.once(SINCE, NOW)
    assert (progress.answers, progress.lost) == (0, {"concealed": progress.copies})
    assert progress.copies == REQUESTS - 6 - 1


def test_values_are_sent_as_they_were(champion: Champion) -> None:
    requests = {}
    for file in champion.files():
        found, _ = read_requests(
            file, INPUTS, champion=champion.slot, mirror=10_000, since=FIRST - timedelta(1)
        )
        requests |= {one.headers["x-request-id"]: one for one in found}

    assert requests["r7"].rows == [{"amount": None, "mean_7d": 17.0, "category": "unheard of"}]
    assert requests["r10"].rows == [{"amount": 10 / 3, "mean_7d": 20.0, "category": "fuel"}] * 2
    assert requests["r8"].headers == {
        "x-request-id": "r8",
        "x-event-time": str(microseconds(FIRST + timedelta(minutes=8))),
        "x-entity-id": "card 8",
        "x-phasegate-role": "shadow",
    }
    assert "r100" not in requests


def test_two_replays_at_once_lose_no_mark(tmp_path: Path) -> None:
    one, other = (Bookmarks(str(tmp_path), NAME) for _ in range(2))
    name = "predictions/card-fraud/date=2026-03-01/model=aaaaaaaaaaaa/{}.parquet".format

    one.add("a", "b", name("1" * 64), 5, {"late": 1})
    other.add("a", "b", name("2" * 64), 7, {"late": 2})
    progress = one.add("a", "b", name("2" * 64), 7, {"late": 2})

    assert (progress.copies, progress.answers, progress.lost) == (15, 12, {"late": 3})
    assert progress.has(name("1" * 64))
    assert one.read("a", "c") == Progress(), "another pair begins anew"


def test_a_bookmark_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "replay" / NAME).mkdir(parents=True)
    (tmp_path / "replay" / NAME / "a-b.json").write_text('{"schema": "other/1"}')

    with pytest.raises(BadInput, match=r"a-b\.json.*no bookmark of a replay"):
        Bookmarks(str(tmp_path), NAME).read("a", "b")
