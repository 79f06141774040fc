"""Racing and killed writers, and whatever is done to a journal by other hands."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.drift.judgement import Channel
from phasegate.monitoring.retraining.decision import Action
from phasegate.monitoring.retraining.entry import Entry, Event, EventKind
from phasegate.monitoring.retraining.journal import Journal, models_with_journals, open_journal
from phasegate.monitoring.retraining.recording import (
    announce_change,
    answer_person,
    ask_rollback,
    open_questions,
    open_rollbacks,
    record_decision,
    undo_change,
)
from tests.monitoring.retraining import writing
from tests.monitoring.retraining.samples import (
    DAY,
    START,
    alarm,
    at,
    days,
    decided,
    performance,
    pipeline,
    window,
)
from tests.monitoring.retraining.writing import NAME
from tests.release.store.writing import everything, process
from tests.store.preconditions import Preconditions


def _race(uri: str, target: object, writers: int, times: int) -> list[list[object]]:
    with ExitStack() as stack:
        running = [
            stack.enter_context(process(target, uri, f"writer-{number}", times))
            for number in range(writers)
        ]
        return [everything(heard) for _, heard in running]


def _is_whole(uri: str) -> Journal:
    journal = open_journal(uri, NAME)
    found = journal.verified()
    assert found.is_intact, found.flaws
    return journal


def test_of_writers_that_race_for_a_folder_none_loses_an_entry(tmp_path: Path) -> None:
    told = _race(str(tmp_path), writing.note, 4, 40)
    assert sorted(itertools.chain.from_iterable(told)) == list(range(1, 161))
    assert len(_is_whole(str(tmp_path)).entries()) == 160


def test_of_writers_that_race_for_a_bucket_none_loses_an_entry(
    bucket: str, proxy: Preconditions
) -> None:
    told = _race(bucket, writing.note, 3, 6)
    assert sorted(itertools.chain.from_iterable(told)) == list(range(1, 19))
    assert proxy.refused, "nobody was ever too late: this was no race"
    _is_whole(bucket)


def test_of_all_that_claim_a_training_at_once_exactly_one_gets_it(uri: str) -> None:
    told = _race(uri, writing.claim, 4, 5)
    got = sorted(number for number, _ in itertools.chain.from_iterable(told))
    assert len(got) == len(set(got))
    assert got[0] == 0
    claims = [
        entry.event.training.key
        for entry in _is_whole(uri).entries()
        if entry.event.kind is EventKind.TRAINING_CLAIMED
    ]
    assert len(claims) == len(set(claims)) == len(got)


def test_a_writer_killed_at_any_moment_leaves_a_whole_journal(tmp_path: Path) -> None:
    uri = str(tmp_path)
    moments = random.Random(7)
    last = 0
    for number in range(12):
        with process(writing.note, uri, f"writer-{number}", 10_000) as (writer, heard):
            heard.recv()
            began = time.monotonic()
            last = heard.recv()
            # Any moment of a turn as long as the last one; there is nothing to await.
            time.sleep(moments.uniform(0, time.monotonic() - began))
            writer.kill()
            writer.join()
            last = max([last, *everything(heard)])
        assert len(_is_whole(uri).entries()) >= last


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal of six entries in a folder."""
    made = open_journal(str(tmp_path), NAME)
    for number in range(6):
        event = Event(EventKind.DECIDED, START + DAY * number, "ada", f"reason {number}")
        made.record(lambda _, event=event: event)
    return made


def _file(tmp_path: Path, sequence: int) -> Path:
    return tmp_path / "monitoring" / NAME / "journal" / f"{sequence:08d}.json"


def _edited(tmp_path: Path, sequence: int, *, sealed: bool) -> None:
    path = _file(tmp_path, sequence)
    value = json.loads(path.read_bytes())
    value["event"]["reason"] = "something better"
    if sealed:
        value["hash"] = Entry.from_json(value).expected_hash()
    path.unlink()
    path.write_bytes(canonical_json(value))


def _swapped(tmp_path: Path) -> None:
    third, fourth, aside = _file(tmp_path, 3), _file(tmp_path, 4), tmp_path / "aside"
    third.rename(aside)
    fourth.rename(third)
    aside.rename(fourth)


TAMPERING = {
    "an edit": (lambda folder: _edited(folder, 3, sealed=False), "entry was|it was edited"),
    "an edit, sealed anew": (lambda folder: _edited(folder, 3, sealed=True), "follows another"),
    "an edit of the last": (
        lambda folder: _edited(folder, 6, sealed=True), "not the one that was there"),
    "a deletion": (lambda folder: _file(folder, 3).unlink(), "1 entry is missing"),
    "a cut": (lambda folder: _file(folder, 6).unlink(), "its end was cut off"),
    "a swap": (_swapped, "holds entry"),
    "a repetition": (
        lambda folder: shutil.copy(_file(folder, 6), _file(folder, 7)), "holds entry 6"),
    "spaces": (
        lambda folder: _rewritten(_file(folder, 2)), "not as they were written"),
    "a stranger": (
        lambda folder: (_file(folder, 1).parent / "notes.txt").write_text("x"), "is no entry"),
    "no newest": (
        lambda folder: (_file(folder, 1).parent / "newest.json").unlink(), "newest.json is gone"),
}  # fmt: skip


def _rewritten(path: Path) -> None:
    value = json.loads(path.read_bytes())
    path.unlink()
    path.write_text(json.dumps(value, sort_keys=True))


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("what", TAMPERING)
def test_whatever_is_done_to_a_journal_is_found(tmp_path: Path, what: str) -> None:
    tamper, said = TAMPERING[what]
    tamper(tmp_path)
    found = open_journal(str(tmp_path), NAME).verified()
    assert not found.is_intact
    text = " ".join(flaw.what for flaw in found.flaws)
    assert any(part in text for part in said.split("|")), text


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("what", ["an edit", "a deletion", "a cut", "a swap"])
def test_nothing_is_added_to_a_broken_journal(tmp_path: Path, what: str) -> None:
    TAMPERING[what][0](tmp_path)
    with pytest.raises(BadInput):
        open_journal(str(tmp_path), NAME).record(
            lambda _: Event(EventKind.DECIDED, START, "ada", "more")
        )


def test_an_intact_journal_has_the_hash_that_was_noted(journal: Journal, tmp_path: Path) -> None:
    head = journal.entries()[3].hash
    assert journal.verified(head).is_intact
    assert not journal.verified("e" * 64).is_intact
    assert models_with_journals(str(tmp_path)) == [NAME]


def test_the_same_decision_is_one_entry_and_the_same_question_one_too(uri: str) -> None:
    journal = open_journal(uri, NAME)
    drift = days(at(12), alarm(Channel.MISSING), since=at(11))
    first = decided(performance([window(11, None)]), drift)
    assert first.action is Action.ASK
    entry = record_decision(journal, first, "pipeline")
    assert record_decision(journal, first, "pipeline") == entry
    assert len(journal.entries()) == 2
    # A week later the same is still open: the decision is kept, and nobody is asked again.
    drift = days(at(13), alarm(Channel.MISSING), since=at(11))
    later = decided(performance([window(12, None)]), drift)
    record_decision(journal, later, "pipeline")
    assert [one.event.kind for one in journal.entries()] == [
        EventKind.DECIDED, EventKind.PERSON_ASKED, EventKind.DECIDED,
    ]  # fmt: skip
    (question,) = open_questions(journal.entries())
    answer_person(journal, question.sequence, at(13), "ada", Action.NOTHING, "it is known")
    with pytest.raises(BadInput, match="answered"):
        answer_person(journal, question.sequence, at(13), "ada", Action.RETRAIN, "it is not")
    assert not open_questions(journal.entries())
    assert journal.verified().is_intact


def test_a_rollback_is_asked_for_once_and_done_when_the_change_is_taken_back(uri: str) -> None:
    journal = open_journal(uri, NAME)
    change = pipeline(at(11))
    announced = announce_change(journal, change, at(11))
    assert announce_change(journal, change, at(12)) == announced
    drift = days(at(12), alarm(Channel.MISSING), since=at(11))
    found = decided(performance([window(11, None)]), drift, changes=[change])
    entry = record_decision(journal, found, "pipeline")
    asked = ask_rollback(journal, entry, at(12), "pipeline")
    assert ask_rollback(journal, entry, at(12), "pipeline") == asked
    assert open_rollbacks(journal.entries()) == [asked]
    undo_change(journal, announced.sequence, at(12), "ada", "it broke inputs", at(12))
    assert not open_rollbacks(journal.entries())
    with pytest.raises(BadInput, match="no 'change announced'"):
        undo_change(journal, asked.sequence, at(12), "ada", "it broke inputs", at(12))
    assert journal.verified().is_intact
