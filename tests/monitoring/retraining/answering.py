"""A model about which a person was asked, and the steps that follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from components.claim_training.__main__ import claimed
from phasegate.monitoring.policy import MonitoringPolicy, RetrainingRules
from phasegate.monitoring.retraining.answers import follow
from phasegate.monitoring.retraining.claims import Claim
from phasegate.monitoring.retraining.decision import (
    Action,
    Change,
    ChangeKind,
    RetrainingDecision,
    Shape,
)
from phasegate.monitoring.retraining.entry import Entry, EventKind
from phasegate.monitoring.retraining.journal import Journal, open_journal
from phasegate.monitoring.retraining.recording import answer_person, open_questions, record_decision
from phasegate.monitoring.retraining.settling import settle_answers
from phasegate.release.store import open_releases
from tests.monitoring.retraining.samples import DAY, MODEL, PROFILE, START

WHY = "Performance dropped suddenly, and no change was announced that explains it"
CHANGE = Change(ChangeKind.PIPELINE, START - DAY / 2, "pipeline v14", "ada")


def found(action: Action, day: int, **changed: object) -> RetrainingDecision:
    """What the rules say about a day."""
    until = START + DAY * day
    fields = {
        "action": action, "reasons": (WHY if action is Action.ASK else f"rules: {action}",),
        "model_digest": MODEL, "profile_digest": PROFILE, "since": until - DAY, "until": until,
        "now": until, "shape": Shape("step", None, 0.9, 0.6, {}),
        "change": CHANGE if action is Action.ROLL_BACK else None, "evidence": {},
    }  # fmt: skip
    return RetrainingDecision(**{**fields, **changed})  # type: ignore[arg-type]


@dataclass
class World:
    """The steps of monitoring, on a journal."""

    folder: Path
    changes: tuple[Change, ...] = ()
    automatic: bool = True

    @property
    def journal(self) -> Journal:
        return open_journal(str(self.folder), "m")

    @property
    def kinds(self) -> list[EventKind]:
        return [one.event.kind for one in self.journal.entries()]

    def of_kind(self, kind: EventKind) -> list[Entry]:
        return [one for one in self.journal.entries() if one.event.kind is kind]

    def decide(self, rules: RetrainingDecision) -> RetrainingDecision:
        """As the step `decide_retraining` does."""
        journal = self.journal
        decision, answer = follow(rules, journal.entries(), self.changes)
        record_decision(journal, decision, "pipeline", answer)
        settle_answers(journal, rules.model_digest, rules.now, "pipeline")
        return decision

    def claim(self, decision: RetrainingDecision, holder: str = "run") -> Claim:
        """As the step `claim_training` does."""
        policy = MonitoringPolicy(retraining=RetrainingRules(automatic=self.automatic))
        releases = open_releases(str(self.folder))
        return claimed(decision, policy, self.journal, releases, holder=holder, now=decision.now)

    def answer(self, action: Action, now: datetime, change: Change | None = None) -> int:
        (asked,) = open_questions(self.journal.entries())
        return answer_person(
            self.journal, asked.sequence, now, "ada", action, "I looked at it", change
        ).sequence
