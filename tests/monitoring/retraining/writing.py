"""Writers of a journal, as processes of their own that can be killed at any moment."""

from __future__ import annotations

from multiprocessing.connection import Connection

from phasegate.monitoring.policy import RetrainingRules
from phasegate.monitoring.retraining.entry import Event, EventKind, TrainingKey
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.monitoring.retraining.trainings import claim_training
from tests.monitoring.retraining.samples import DAY, MODEL, PROFILE, START

NAME = "card-fraud"


def note(uri: str, name: str, times: int, told: Connection) -> None:
    """Write so many entries, against others that write the same; tells the sequence of each."""
    del name
    journal = open_journal(uri, NAME)
    for _ in range(times):
        entry = journal.record(lambda _: Event(EventKind.DECIDED, START, "t", "it is so"))
        told.send(entry.sequence)


def claim(uri: str, name: str, windows: int, told: Connection) -> None:
    """Ask for the trainings of so many windows, all at once with others; tells those it got."""
    journal, rules = open_journal(uri, NAME), RetrainingRules(cooldown=DAY)
    for number in range(windows):
        now = START + DAY * 2 * number
        key = TrainingKey(MODEL, now, PROFILE)
        # The same actor and reason: writers must tell their entries apart all the same.
        found = claim_training(journal, key, rules, now, actor="t", holder=name, reason="why")
        if found.granted:
            told.send((number, found.sequence))
