"""Monitoring with everything in a bucket: sidecars seal and summarize there, and the pipeline reads
summaries, log, labels and raw events, and keeps its journal there, until a person's answer is done.

The tests of this module share a workspace, and go on where the one before ended.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import storage

from phasegate.local.environments import environment
from phasegate.models.model import Model
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.entry import Entry, EventKind
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.project.load import load_project
from phasegate.sidecar.process import SidecarProcess
from phasegate.store.named import open_named
from tests.end_to_end.conftest import Phasegate, Said
from tests.end_to_end.monitored import PROJECT, answered, day, events, write_events
from tests.sidecar.drift.streams import segment
from tests.store.emulator import storage_emulator
from tests.store.preconditions import preconditions
from tests.waiting import until

pytestmark = pytest.mark.nightly

BUCKET, STORE, LOG = "watched", "gs://watched/store", "gs://watched/log"
TRAINED, BUG, NOW = 40, 50, 52  # days
REPLICAS = 2


class Watched:
    """A model in production behind two servers, each with a sidecar."""

    def __init__(self, phasegate: Phasegate) -> None:
        self.phasegate = phasegate
        text = PROJECT.replace("FLOOR", "0.7").replace(
            "events/*.parquet", f"gs://{BUCKET}/raw/*.parquet"
        )
        text = text.replace("{source: events}", f"{{source: gs://{BUCKET}/raw}}")
        self.project = phasegate.project("project.yaml", text)
        for number in range(TRAINED):
            self.happen(number)
        made = phasegate("run", self.project, "--store", STORE, "--json")
        assert made.code == 0, made.err
        outputs = {one["name"]: one["outputs"] for one in made.json["steps"]}
        self.model = Model.load(outputs["train"]["model"]["uri"])
        self.reference = Path(outputs["profile"]["reference"]["uri"])

    def happen(self, number: int) -> None:
        """A day's raw events, with their labels."""
        write_events(self.phasegate.folder, number, events(number))
        file = f"day-{number:03d}.parquet"
        bucket = storage.Client(project="test").bucket(BUCKET)
        path = self.phasegate.folder / "events" / file
        bucket.blob(f"raw/{file}").upload_from_filename(str(path))

    def serve(self, first: int, last: int, change: Any = None) -> None:
        """Days up to, and without, the last; a batch of each day is asked of both servers."""
        folder = self.phasegate.folder
        spools = [folder / f"spool-{number}" for number in range(REPLICAS)]
        for spool in spools:
            spool.mkdir(exist_ok=True)
        for number in range(first, last):
            self.happen(number)
            source, records = answered(self.model, number, events(number), change)
            for replica, spool in enumerate(spools):
                own = records[replica::REPLICAS] + records[:30]
                segment(spool, number * REPLICAS + replica, own, source)
        policy = load_project(folder / self.project).monitoring()
        file = folder / "policy.json"
        file.write_text(
            json.dumps(MonitoringPolicy(statistics="scipy", drift=policy.drift).to_json())
        )
        sidecars = [
            SidecarProcess(
                [spool], LOG, state=folder / f"state-{spool.name}",
                log=folder / f"{spool.name}.log", python=environment("sidecar").python,
                options=["--interval", "0.05", "--reference", str(self.reference), "--monitoring",
                         str(file), "--replicas", str(REPLICAS)],
            )
            for spool in spools
        ]  # fmt: skip
        for sidecar in sidecars:
            with sidecar:
                pass
        until(lambda: not [one for spool in spools for one in spool.glob("*.closed")])

    def look(self, now: int, source: str = "summaries") -> Said:
        return self.phasegate(
            "monitor", "run", self.project, "--store", STORE, "--log", LOG, "--source", source,
            "--now", day(now).isoformat(), "--json",
        )  # fmt: skip

    def entries(self) -> list[Entry]:
        return open_journal(STORE, "watched").entries()


@pytest.fixture(scope="module")
def watched(phasegate: Phasegate) -> Iterator[Watched]:
    with (
        storage_emulator(BUCKET) as emulator,
        preconditions(emulator) as proxy,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("STORAGE_EMULATOR_HOST", proxy.address)
        patch.setenv("PHASEGATE_CACHE", str(phasegate.folder / "parts"))
        yield Watched(phasegate)


def drift(said: Said) -> dict[str, Any]:
    """What was found about drift."""
    folder = Path(said.json["reports"]["detect-drift"])
    found = next(one for one in folder.parents if one.name.startswith("watched-"))
    return json.loads(next(found.rglob("drift.json")).read_bytes())


def test_summaries_of_two_sidecars_and_the_log_give_the_same_verdict(watched: Watched) -> None:
    watched.serve(TRAINED, BUG)
    assert len(open_named(LOG).names("monitoring/watched/summaries/")) == REPLICAS * (BUG - TRAINED)
    summed = watched.look(BUG)
    assert summed.code == 0, summed.err
    assert summed.json["action"] == "NOTHING"
    read = watched.phasegate(
        "monitor", "run", watched.project, "--store", STORE, "--log", LOG, "--source", "log",
        "--since", day(TRAINED).isoformat(), "--now", day(BUG).isoformat(), "--json",
    )  # fmt: skip
    assert read.code == 0, read.err
    by_summaries, by_log = drift(summed), drift(read)
    assert by_summaries["windows"] == by_log["windows"]
    assert [one["rows"] for one in by_log["windows"]] == [400] * (BUG - TRAINED)
    assert "60 rows were logged again, and counted once" in by_summaries["notes"][0]
    assert read.json["performance"]["measured"]["value"] > 0.7
    # By either source the same decision, to the letter: it is recorded once.
    assert [one.event.kind for one in watched.entries()] == [EventKind.DECIDED]
    assert not (watched.phasegate.workspace / "store").exists()


def test_what_a_person_answers_is_done_by_the_next_run_and_only_by_it(watched: Watched) -> None:
    watched.serve(BUG, NOW, lambda columns: {**columns, "amount": columns["amount"] * 100})
    asked = watched.look(NOW)
    assert asked.code == 1, asked.err
    assert asked.json["action"] == "ASK"
    (question,) = [e for e in watched.entries() if e.event.kind is EventKind.PERSON_ASKED]
    at = ("--store", STORE, "--now", day(NOW).isoformat())
    phasegate = watched.phasegate
    none = phasegate("monitor", "answer", str(question.sequence), "ROLL_BACK", "--reason",
                     "the pipeline counts cents", *at)  # fmt: skip
    assert (none.code, "no change is known" in none.err) == (2, True)
    long_before = day(BUG - 9).isoformat()  # too long to be blamed by the rules
    announced = phasegate("change", "announce", "--model", "watched", "--kind", "pipeline",
                          "--what", "pipeline v14", "--at", long_before, *at)  # fmt: skip
    assert announced.code == 0, announced.err
    answer = phasegate("monitor", "answer", str(question.sequence), "ROLL_BACK", "--reason",
                       "the pipeline counts cents", *at)  # fmt: skip
    assert answer.code == 0, answer.err
    assert "'pipeline v14'" in answer.out
    shown = phasegate("monitor", "show", "--store", STORE, "--json")
    assert [one["answer"] for one in shown.json["answers"]] == ["ROLL_BACK"]

    done = watched.look(NOW)
    assert done.code == 1, done.err
    assert (done.json["action"], done.json["rollback"]) == ("ROLL_BACK", "ASKED")
    assert done.json["change"]["what"] == "pipeline v14"
    assert "answered question" in done.json["reasons"][0]
    page = html.unescape(Path(done.json["reports"]["decide-retraining"]).read_text())
    assert "A person's answer" in page
    assert "the pipeline counts cents" in page
    alerts = open_named(STORE).names("monitoring/watched/alerts/")
    assert len([one for one in alerts if "rollback" in one]) == 1

    again = watched.look(NOW)
    kinds = [one.event.kind for one in watched.entries()]
    assert kinds.count(EventKind.ROLLBACK_ASKED) == 1
    assert kinds.count(EventKind.ANSWER_SETTLED) == 1
    assert again.json["action"] == "ROLL_BACK", "the same look again decides the same"
    number = next(
        e.sequence for e in watched.entries() if e.event.kind is EventKind.CHANGE_ANNOUNCED
    )
    undone = phasegate("change", "undone", str(number), "--model", "watched", "--reason",
                       "back to pipeline v13", *at)  # fmt: skip
    assert undone.code == 0, undone.err
    verified = phasegate("audit", "verify", "watched", "--store", STORE)
    assert verified.code == 0, verified.out
    written = phasegate("monitor", "report", "--store", STORE, "--output", "page.html")
    assert written.code == 0, written.err
    assert "answer settled" in (phasegate.folder / "page.html").read_text()
