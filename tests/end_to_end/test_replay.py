"""`make run`, of one week of a small bank: every part is the real one.

A week is too short for a model to fall; what the six months come to is for `make run` to say.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from examples.replay.first import PROJECT
from examples.replay.record import What
from examples.replay.replaying import LOCK, Told, replay
from examples.replay.story import WEEK, Story
from phasegate.errors import BadInput
from phasegate.registry.address import ADDRESS, STARTING
from tests.end_to_end.serving import children

STORY = replace(
    Story(), weeks=1, customers=700, terminals=140, simulated=6, trained=5, served=50,
    bug_at=Story().live_from + timedelta(days=1, hours=9),
)  # fmt: skip

_SMALLER = {
    "precision, min: 0.8": "precision, min: 0.3",
    "recall, min: 0.2": "recall, min: 0.1",
    "threshold: {maximize: recall, subject_to: {precision: 0.93}}": "threshold: {fixed: 0.4}",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("replay")
    project = folder / PROJECT.name
    # So few payments cannot show that a precision is above 0.8, nor where the threshold has to be.
    text = PROJECT.read_text(encoding="utf-8")
    for told, here in _SMALLER.items():
        assert told in text
        text = text.replace(told, here)
    project.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in (ADDRESS, STARTING):  # the replay's own, not that of other tests
            patch.setenv(name, "")
            patch.delenv(name)
        yield replay(folder / "workspace", STORY, project)


def test_every_request_is_answered_once_and_scored_in_both_worlds(told: Told) -> None:
    pieces = told.history.pieces
    assert [(one.since, one.until) for one in pieces] == STORY.moments()
    assert told.summary.requests > 3_000
    assert told.summary.failed == 0
    for piece in pieces:
        assert piece.guarded.rows == piece.unwatched.rows == piece.requests
        assert sum(piece.by_model.values()) == piece.requests


def test_alone_both_worlds_decide_alike_for_the_twin_answers_as_its_server(told: Told) -> None:
    assert told.summary.promotions == 0
    assert [one.guarded for one in told.history.pieces] == [
        one.unwatched for one in told.history.pieces
    ]


def test_the_bug_is_found_and_taken_back_and_nothing_else_is_done(told: Told) -> None:
    (bug,), (undone,) = (told.history.happened(what) for what in (What.BUG, What.UNDONE))
    assert bug.at == STORY.bug_at
    assert undone.at == STORY.live_from + WEEK / 2
    actions = [one.action for one in told.history.judged]
    assert actions.count("ROLL_BACK") == 1
    reasons = next(one.reasons for one in told.history.judged if one.action == "ROLL_BACK")
    assert any("amount" in one for one in reasons)
    assert "RETRAIN" not in actions


def test_monitoring_ran_when_it_was_alerted_and_at_the_end_of_the_week(told: Told) -> None:
    runs = [(one.at, one.called_by) for one in told.history.judged]
    assert runs[0] == (STORY.live_from + WEEK / 2, "alert")
    assert runs[-1][0] == STORY.live_from + WEEK


def test_it_leaves_a_page_an_intact_journal_and_nothing_running(told: Told) -> None:
    assert "intact" in told.audit
    assert "NOT" not in told.audit
    assert "Six months" in told.page.read_text(encoding="utf-8")
    left = [
        command
        for pid in children(os.getpid())
        if str(told.page.parent).encode() in (command := Path(f"/proc/{pid}/cmdline").read_bytes())
    ]
    assert not left


def test_two_replays_do_not_share_a_workspace(tmp_path: Path) -> None:
    with (tmp_path / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BadInput, match="another replay"):
            replay(tmp_path, STORY, PROJECT)
    assert [one.name for one in tmp_path.iterdir()] == [LOCK]
